"""Pictures for coordinators. Readers get bytes of one length from elsewhere."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.lut import load_lut
from readerstudy.imaging.preprocessing import CROP, STORED_SLICES, to_eight_bit
from readerstudy.imaging.rendering import preview_png
from readerstudy.imaging.study_types import DAT_SPECT, STUDY_TYPES

from ..models import Rendition, Series
from ..plan import scan_path
from ..selectors import rendition_values, series_volume
from .stack_pictures import (
    preset_named,
    scanned_png,
    series_png,
    stack_png,
    stack_strip_png,
)

SCALE = 3
GONE = gettext_noop("There is no such scan any more.")


def rendition_png(rendition: Rendition, *, slice_index: int, window: str = "") -> bytes:
    """One stored slice in the study's colours, 192×192; of a stack in grey, through
    the window of that name. Refused if there is no such slice."""
    if _is_stack(rendition.case.cohort.study_type):
        return stack_png(rendition, slice_index=slice_index, window=window)
    if slice_index >= STORED_SLICES:
        raise Refused(GONE)
    image = to_eight_bit(rendition_values(rendition))[slice_index]
    return preview_png(image, scale=SCALE, lut=load_lut())


def _is_stack(study_type: str) -> bool:
    return STUDY_TYPES[study_type].is_stack


def scan_png(
    folder: Path,
    *,
    number: int,
    slice_index: int,
    study_type: str = DAT_SPECT,
    unit: str = "",
) -> bytes:
    """Slices below, at and above `slice_index` of a scan that waits to be imported,
    each by its own maximum, side by side: 384×128. Refused if there is no such scan.

    unit: of a stack's values, for its window.
    """
    try:
        voxels = np.load(scan_path(folder, number), mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise Refused(GONE) from error
    if not 0 <= slice_index < len(voxels):
        raise Refused(GONE)
    if _is_stack(study_type):
        preset = preset_named(study_type, unit, "")
        return scanned_png(voxels, slice_index, preset=preset)
    tiles = [_tile(voxels, slice_index + step) for step in (-1, 0, 1)]
    return preview_png(np.hstack(tiles), scale=2, lut=load_lut())


def slice_png(series: Series, index: int) -> bytes:
    """One slice by its own maximum, 128×128; of a stack in the usual window, 256
    pixels on its longer side. Refused if there is no such slice."""
    if _is_stack(series.case.cohort.study_type):
        return series_png(series, index)
    voxels = series_volume(series).counts
    if not 0 <= index < len(voxels):
        raise Refused(GONE)
    return preview_png(_tile(voxels, index), scale=2, lut=load_lut())


def _tile(voxels: NDArray[Any], index: int) -> NDArray[np.uint8]:
    """The central 64×64 pixels of a slice; black beyond the ends of the scan."""
    tile = np.zeros((CROP, CROP), np.uint8)
    if not 0 <= index < len(voxels):
        return tile
    counts = np.asarray(voxels[index], np.float32)
    brightest = float(counts.max())
    image = to_eight_bit(counts / (brightest if brightest > 0 else 1.0))
    height, width = (min(CROP, size) for size in image.shape)
    top, left = ((size - CROP) // 2 for size in image.shape)
    inside = image[max(top, 0) :, max(left, 0) :][:height, :width]
    tile[max(-top, 0) :, max(-left, 0) :][:height, :width] = inside
    return tile


@cache
def colour_bar_png() -> bytes:
    """256 × 12 pixels: every value of the table, lowest on the left."""
    ramp = np.tile(np.arange(256, dtype=np.uint8), (12, 1))
    return preview_png(ramp, scale=1, lut=load_lut())


def strip_png(rendition: Rendition, *, window: str = "") -> bytes:
    """All five stored slices side by side, lowest first, 640×128; of a stack five of
    its slices."""
    if _is_stack(rendition.case.cohort.study_type):
        return stack_strip_png(rendition, window=window)
    slices = to_eight_bit(rendition_values(rendition))
    return preview_png(np.hstack(list(slices)), scale=2, lut=load_lut())
