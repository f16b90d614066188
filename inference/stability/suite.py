"""The suite: one case at a time, then the arm."""

import hashlib
from dataclasses import replace

import numpy as np

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop
from readerstudy.imaging.stability_measures import MEASURES, NO_REFERENCE

from .arm import measure_arm
from .findings import (
    SUITE,
    Alive,
    CaseFindings,
    CaseImages,
    Image,
    Rescans,
    Run,
    Settings,
    nobody_waits,
)
from .geometry import Places, find_places
from .inputs import given, smoothed
from .noise import measure_noise
from .pictures import NO_PROJECTIONS, look
from .responses import NO_STRIATUM, Asking, Bench, Told, respond

__all__ = ["SUITE", "measure_arm", "measure_case"]


IMAGES_ONLY = gettext_noop("Only images are there: the method cannot be run again.")
UNLIKE = gettext_noop("Output, input and reference are of unlike shapes.")
EMPTY_INPUT = gettext_noop("The input is empty, or the same everywhere.")
EMPTY = gettext_noop("The reference is empty, or the same everywhere.")


def measure_case(
    case: CaseImages,
    *,
    run: Run | None,
    settings: Settings,
    rescans: Rescans | None = None,
    alive: Alive = nobody_waits,
) -> CaseFindings:
    """All that one case tells. run: None where only the arm's images are there; then
    CaseImages.output must be, and what needs the method is not estimable. alive: called
    now and then; what it raises ends it. Refused where images do not fit together, or
    an output has other than finite numbers.
    """
    if not case.referenced:
        case = replace(case, reference=smoothed(case.short), short_share=None)
    _check(case)
    if run is None and case.output is None:
        raise ValueError("neither an image of the arm nor the arm itself")
    told = Told()
    middle = _middle(len(case.reference), settings.slices)
    output = case.output
    if run is not None:
        answer = _respond(_part(case, middle), run, settings, rescans, told)
        if output is None:
            whole = answer.shape == case.reference.shape
            output = answer if whole else _whole(case, run)
    assert output is not None
    places = _places(case)
    alive()
    if case.referenced:
        look(
            output,
            case,
            places=places,
            settings=settings,
            rescans=rescans,
            told=told,
            alive=alive,
        )
    else:
        _forget_referenced(told)
    _fill_up(told, case.reference.shape, middle)
    _give_reasons(told, case, needs_method=run is None, places=places)
    return CaseFindings(
        code=case.code,
        patient=case.patient,
        numbers=told.numbers,
        reasons=told.reasons,
        details=told.details,
        maps=told.maps,
    )


def _respond(
    case: CaseImages,
    run: Run,
    settings: Settings,
    rescans: Rescans | None,
    told: Told,
) -> Image:
    places = _places(case)
    digest = hashlib.sha256(f"{settings.seed} {case.code}".encode()).digest()
    bench = Bench(
        case=case,
        places=places,
        noise=measure_noise(case, places),
        settings=settings,
        rng=np.random.default_rng(list(digest)),
        asking=Asking(),
        told=told,
    )
    return respond(bench, run, rescans)


def _whole(case: CaseImages, run: Run) -> Image:
    """The output for all of a stack of which the middle alone was run again."""
    asking = Asking()
    asking.ask("short", given(case.short, case, scanned=False))
    asking.run(run)
    return asking.got["short"]


def _check(case: CaseImages) -> None:
    images = [case.reference, case.short]
    images += [] if case.output is None else [case.output]
    if any(i.ndim != 3 or i.shape != case.reference.shape for i in images):
        raise Refused(UNLIKE)
    if not all(np.isfinite(image).all() for image in images):
        raise Refused(gettext_noop("An image has pixels that are not numbers."))
    if not np.ptp(np.clip(case.reference, *case.window)) > 0:
        raise Refused(EMPTY if case.referenced else EMPTY_INPUT)


def _places(case: CaseImages) -> Places:
    """Refused where the patient is as bright everywhere: nothing is a share of that."""
    places = find_places(case)
    if not places.sd > 0:
        raise Refused(EMPTY if case.referenced else EMPTY_INPUT)
    return places


def _middle(slices: int, most: int) -> slice:
    first = max((slices - most) // 2, 0)
    return slice(first, first + min(most, slices))


def _part(case: CaseImages, middle: slice) -> CaseImages:
    return replace(
        case,
        reference=case.reference[middle],
        short=case.short[middle],
        output=None if case.output is None else case.output[middle],
    )


def _fill_up(told: Told, shape: tuple[int, ...], middle: slice) -> None:
    """The map of the slices that were run again is of the whole stack."""
    sd = told.maps.get("sd")
    if sd is not None and sd.shape != shape:
        told.maps["sd"] = np.full(shape, np.nan, np.float32)
        told.maps["sd"][middle] = sd


def _forget_referenced(told: Told) -> None:
    """What was told of the stand-in, as if it were the reference."""
    for key in [*told.numbers, *told.reasons]:
        if MEASURES[key].needs_reference:
            told.numbers.pop(key, None)
            told.reasons[key] = NO_REFERENCE
    told.maps.clear()
    told.details.clear()
    told.tell("data-deviance", None, NO_PROJECTIONS)


def _give_reasons(
    told: Told, case: CaseImages, *, needs_method: bool, places: Places
) -> None:
    """Of every measure that has neither a number nor a reason yet."""
    for key, measure in MEASURES.items():
        if measure.of_arm or key in told.numbers or key in told.reasons:
            continue
        if measure.needs_method and needs_method:
            told.reasons[key] = IMAGES_ONLY
        elif measure.needs_striatum and places.regions is None:
            told.reasons[key] = NO_STRIATUM
        elif measure.needs_reference and not case.referenced:
            told.reasons[key] = NO_REFERENCE
