"""Pictures of what the stability suite found: a case's images, and a map over them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.lut import load_lut
from readerstudy.imaging.map_pictures import (
    STYLES,
    Colours,
    in_grey,
    overlaid,
    peak_slice,
    side_by_side_png,
)
from readerstudy.imaging.study_types import StudyType, study_type_get

from ..models import Case, Rendition, Series, StabilityCase
from ..selectors import rendition_values
from ..selectors.stability import stability_maps

SIDE = 192  # pixels of each picture on a page
SHOWN = (0.5, 99.5)  # percentiles of the reference's slice, black and white
NO_IMAGE = gettext_noop("An image of case %(code)s is not there any more.")
IMAGES = ("reference", "input", "output")


@dataclass(frozen=True)
class CasePictures:
    """slice_number: from 1. pictures: of IMAGES, then the map over the output; the
    last is None where the case has no such map."""

    slice_number: int
    images: tuple[Colours, Colours, Colours]
    map: Colours | None

    @property
    def all(self) -> list[Colours]:
        return [*self.images, *([] if self.map is None else [self.map])]


def case_pictures(
    found: StabilityCase,
    *,
    map_name: str,
    slices: Mapping[str, list[int]],
    images: Mapping[str, Rendition] | None = None,
) -> CasePictures:
    """In the slice in which the map is highest. Refused where a file is damaged.

    slices: of the stack, those that the maps hold, by case code; all where not told.
    images: method → image, by default those that are stored now.
    """
    case = found.case
    maps = stability_maps(found)
    values = maps.get(map_name)
    output = found.stability.method
    stacks = _stacks(found, images, (*Series.Role.values, output))
    reference, short, made = stacks
    place = len(reference) // 2 if values is None else peak_slice(values)
    held = slices.get(case.code)
    index = held[place] if held and values is not None else place
    chosen = [one[index] for one in (reference, short, made)]
    kind = study_type_get(case.cohort.study_type)
    low, high = _window(chosen[0], _range(kind, case))
    table = load_lut(kind.luts[0])
    shown = [in_grey(one, low=low, high=high, lut=table) for one in chosen]
    overlay = None
    if values is not None:
        grey = in_grey(chosen[2], low=low, high=high, lut=load_lut("grey"))
        overlay = overlaid(grey, values[place], STYLES[map_name])
    return CasePictures(index + 1, (shown[0], shown[1], shown[2]), overlay)


def case_png(
    found: StabilityCase, *, map_name: str, slices: Mapping[str, list[int]]
) -> bytes:
    """Reference, input, output, and the map over the output, side by side."""
    pictures = case_pictures(found, map_name=map_name, slices=slices)
    return side_by_side_png(pictures.all, side=SIDE)


def _stacks(
    found: StabilityCase,
    images: Mapping[str, Rendition] | None,
    methods: tuple[str, ...],
) -> list[NDArray[np.float32]]:
    if images is None:
        rows = found.case.renditions.filter(method__in=methods)
        images = {row.method: row for row in rows}
    if any(method not in images for method in methods):
        raise Refused(NO_IMAGE % {"code": found.case.code})
    return [rendition_values(images[method]) for method in methods]


def _range(kind: StudyType, case: Case) -> tuple[float, float] | None:
    units = case.series.values_list("unit", flat=True)[:1]
    return kind.ranges.get(units[0]) if units else None


def _window(
    reference: NDArray[np.floating], within: tuple[float, float] | None
) -> tuple[float, float]:
    """within: all that is shown of values; a scanner's padding is not."""
    values = reference if within is None else np.clip(reference, *within)
    low, high = np.percentile(values, SHOWN)
    return float(low), float(high)
