"""What an arm's stored image tells beside its reference and its input: one case.

An output is marked where it lies beyond both: above all that reference and input hold
within a pixel around (invented), or below (lost). Whatever lies between the two is what
noise explains, for a perfect arm and for one that does nothing alike; and an edge that
is blurred by a pixel is neither invented nor lost, as in the gamma index of Low et al.
1998 (doi:10.1118/1.598248).
"""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from readerstudy.imaging.marking import gettext_noop

from .deformation import displacement
from .findings import (
    Alive,
    CaseImages,
    Image,
    Rescans,
    Settings,
    nobody_waits,
)
from .geometry import SIDES, Places, binding, gained, slabs
from .noise import Floats, local_variance
from .responses import NO_BACKGROUND, NO_STRIATUM, Told

BEYOND = ("hallucination", "omission")
NEAR_PX = 1  # so far away a value may lie and still explain an output

NO_EDGES = gettext_noop("The reference has no edges.")
NO_PROJECTIONS = gettext_noop("The projections of the short scan are not known.")
SYMMETRICAL = gettext_noop("The reference is its own mirror image.")


def look(
    output: Image,
    case: CaseImages,
    *,
    places: Places,
    settings: Settings,
    rescans: Rescans | None,
    told: Told,
    alive: Alive = nobody_waits,
) -> None:
    """Tells all that needs the images alone."""
    matched = gained(output, case.reference, relative=case.relative)
    _tell_laterality(matched, case, places, told)
    _tell_deformation(matched, case, places, settings, told)
    alive()
    _tell_residuals(matched, case, places, settings, told, alive)
    _tell_levels(output, matched, case, places, told)
    deviance = None if rescans is None else rescans.deviance
    if deviance is None:
        told.tell("data-deviance", None, NO_PROJECTIONS)
    else:
        own = deviance(case.short)
        told.tell("data-deviance", 100 * (deviance(output) / own - 1))


def _tell_laterality(
    matched: Image, case: CaseImages, places: Places, told: Told
) -> None:
    mirrored = np.ascontiguousarray(case.reference[:, :, ::-1])
    other = gained(matched, mirrored, relative=case.relative)
    away = places.change(other, mirrored)
    ratio = places.change(matched, case.reference) / away if away > 0 else None
    told.tell("laterality", ratio, SYMMETRICAL)


def _tell_deformation(
    matched: Image, case: CaseImages, places: Places, settings: Settings, told: Told
) -> None:
    """Of some slices of a large stack, evenly spread."""
    count = min(settings.slices, len(matched))
    chosen = np.unique(np.linspace(0, len(matched) - 1, count).round().astype(int))
    found = displacement(matched, case.reference, places, slices=chosen)
    told.maps["displacement"] = found.mm
    told.tell("deformation", found.percentile_95, NO_EDGES)


def _tell_residuals(
    matched: Image,
    case: CaseImages,
    places: Places,
    settings: Settings,
    told: Told,
    alive: Alive,
) -> None:
    short = gained(case.short, case.reference, relative=case.relative)
    shape = case.reference.shape
    for name in BEYOND:
        told.maps[name] = np.zeros(shape, np.float32)
    peaks = dict.fromkeys(BEYOND, 0.0)
    for here in slabs(len(matched)):
        field = places.field[here]
        images = matched[here], case.reference[here], short[here]
        found = _beyond(images, replace(places, field=field), settings)
        for name, sizes in zip(BEYOND, found, strict=True):
            inside = np.where(field, sizes, 0.0)
            marked = inside > settings.beyond
            told.maps[name][here] = np.where(marked, inside, 0.0)
            peaks[name] = max(peaks[name], float(inside.max()))
        alive()
    for name in BEYOND:
        marked = told.maps[name] > 0
        told.tell(f"{name}-peak", peaks[name])
        told.tell(f"{name}-background", 100 * float(marked[places.background].mean()))
        share = 100 * float(marked[places.striatum].mean()) if places.regions else None
        told.tell(f"{name}-striatum", share, NO_STRIATUM)


def _beyond(
    images: tuple[Image, Image, Image], places: Places, settings: Settings
) -> tuple[Floats, Floats]:
    """How far output lies above reference and input, and below, in SDs of the noise.

    images: output, reference, input. All within the slices, so that any part of a
    stack has what the whole has.
    """
    soft = (0.0, settings.smoothing_px, settings.smoothing_px)
    output, reference, given = (
        ndimage.gaussian_filter(image.astype(np.float64), soft) for image in images
    )
    sd = np.sqrt(local_variance(given - reference, places))
    near = (1, 1 + 2 * NEAR_PX, 1 + 2 * NEAR_PX)
    highest = ndimage.maximum_filter(np.maximum(reference, given), near)
    lowest = ndimage.minimum_filter(np.minimum(reference, given), near)
    return (output - highest) / sd, (lowest - output) / sd


def _tell_levels(
    output: Image, matched: Image, case: CaseImages, places: Places, told: Told
) -> None:
    """Total, background, and the binding ratios that bias is measured by."""
    low = 0.0 if case.relative else case.window[0]
    of, to = (image[places.field] - low for image in (matched, case.reference))
    total = float(to.sum())
    kept = 100 * (float(of.sum()) / total - 1) if total > 0 else None
    told.tell("counts-kept", kept, NO_BACKGROUND)
    keys = ("background-kept", "striatal-emphasis")
    if places.regions is None:
        for key in keys:
            told.tell(key, None, NO_STRIATUM)
        return
    background = float(case.reference[places.background].mean())
    now = float(matched[places.background].mean())
    told.tell(keys[0], 100 * (now / background - 1), NO_BACKGROUND)
    standard, found = binding(case.reference, places), binding(output, places)
    if standard is None or found is None:
        told.tell(keys[1], None, NO_BACKGROUND)
        return
    for number, side in enumerate(SIDES):
        told.details[f"sbr-reference-{side}"] = standard[number]
        told.details[f"sbr-output-{side}"] = found[number]
        if (grade := case.grades[number]) is not None:
            told.details[f"grade-{side}"] = grade
    bias = 100 * (sum(found) / sum(standard) - 1) if sum(standard) > 0 else None
    told.tell(keys[1], bias, NO_BACKGROUND)
