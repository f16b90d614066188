"""Pictures of whole stacks for coordinators: grey, through a window of their unit.

Only the slices that are shown are read, and they are not looked at as to whether they
are still what was stored: who measures and who reads asks that.
"""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_noop
from numpy.typing import NDArray
from PIL import Image

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import STUDY_TYPES, Preset

from ..models import Cohort, Rendition, Series
from ..selectors import grid_of
from ..storage.stored_files import read_slices

GONE = gettext_noop("There is no such slice.")
TILE = 128  # pixels a side
LARGE = 256
STRIP = 5  # slices
USUAL = "soft-tissue"


def presets_of(cohort: Cohort) -> tuple[Preset, ...]:
    """Windows that can be chosen among; none where every picture is shown by its own
    maximum."""
    kind = STUDY_TYPES[cohort.study_type]
    units = set(
        Series.objects.filter(case__cohort=cohort).values_list("unit", flat=True)
    )
    return tuple(one for unit in units for one in kind.presets.get(unit, ()))


def preset_named(study_type: str, unit: str, key: str) -> Preset | None:
    """That of this name, else the usual one of the unit; None: it has none."""
    presets = {one.key: one for one in STUDY_TYPES[study_type].presets.get(unit, ())}
    return presets.get(key) or presets.get(USUAL)


def evenly(slices: int, count: int) -> list[int]:
    """At most `count` of the slices, evenly spaced, the lowest first."""
    count = min(slices, count)
    return [(2 * step + 1) * slices // (2 * count) for step in range(count)]


def stack_png(rendition: Rendition, *, slice_index: int, window: str) -> bytes:
    """One slice, 256 pixels on its longer side."""
    (slice_,) = _slices(rendition.values, [slice_index])
    series = _series(rendition)
    return _slice_png(slice_, series, _preset(series, window))


def series_png(series: Series, index: int) -> bytes:
    """The same of a scan, in the usual window of its unit."""
    (slice_,) = _slices(series.counts, [index])
    return _slice_png(slice_, series, _preset(series, ""))


def _slice_png(
    slice_: NDArray[np.float32], series: Series, preset: Preset | None
) -> bytes:
    return _png(_fitted(_grey(slice_, preset, slice_), LARGE, _aspect(series)))


def stack_strip_png(rendition: Rendition, *, window: str) -> bytes:
    """Five slices, evenly spaced, side by side, lowest first: 640×128. The only slice
    of a stack as large as by itself."""
    reference = _series(rendition)
    slices = _slices(rendition.values, evenly(reference.slices, STRIP))
    preset = _preset(reference, window)
    if len(slices) == 1:
        return _slice_png(slices[0], reference, preset)
    strip = Image.new("L", (STRIP * TILE, TILE))
    left = (STRIP - len(slices)) * TILE // 2
    for number, slice_ in enumerate(slices):
        tile = _fitted(_grey(slice_, preset, slices), TILE, _aspect(reference))
        at = left + number * TILE + (TILE - tile.width) // 2
        strip.paste(tile, (at, (TILE - tile.height) // 2))
    return _png(strip)


def scanned_png(
    voxels: NDArray[np.generic], index: int, *, preset: Preset | None
) -> bytes:
    """Slices below, at and above `index` side by side: 384×128; black beyond the
    ends. The only slice of a stack is shown by itself."""
    if len(voxels) == 1:
        only = np.asarray(voxels[0], np.float32)
        return _png(_fitted(_grey(only, preset, only), LARGE, 1.0))
    strip = Image.new("L", (3 * TILE, TILE))
    for place, number in enumerate((index - 1, index, index + 1)):
        if 0 <= number < len(voxels):
            slice_ = np.asarray(voxels[number], np.float32)
            tile = _fitted(_grey(slice_, preset, slice_), TILE, 1.0)
            at = place * TILE + (TILE - tile.width) // 2
            strip.paste(tile, (at, (TILE - tile.height) // 2))
    return _png(strip)


def _series(rendition: Rendition) -> Series:
    return grid_of(rendition.case)


def _preset(series: Series, window: str) -> Preset | None:
    return preset_named(series.case.cohort.study_type, series.unit, window)


def _aspect(series: Series) -> float:
    """How much higher a pixel is than wide."""
    return series.row_spacing_mm / series.column_spacing_mm


def _slices(stored: FieldFile, indices: Sequence[int]) -> NDArray[np.float32]:
    try:
        with stored.open("rb") as file:
            return read_slices(file, indices).astype(np.float32)
    except (OSError, ValueError, IndexError) as error:
        raise Refused(GONE) from error


def _grey(
    slice_: NDArray[np.float32], preset: Preset | None, shown: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """shown: what is shown together; without a preset its maximum is white."""
    low, high = (preset.low, preset.high) if preset else (0.0, float(shown.max()))
    scaled = (slice_ - low) / (high - low if high > low else 1.0)
    grey: NDArray[np.uint8] = np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    return grey


def _fitted(grey: NDArray[np.uint8], side: int, aspect: float) -> Image.Image:
    """As large as fits into a square, in the proportions of the patient."""
    rows, columns = grey.shape
    scale = side / max(rows * aspect, columns)
    size = max(1, round(columns * scale)), max(1, round(rows * aspect * scale))
    return Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC)


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "png")
    return file.getvalue()
