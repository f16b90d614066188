"""Pictures for coordinators. Readers get bytes of one length from elsewhere."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.lut import load_lut
from readerstudy.imaging.preprocessing import (
    CROP,
    to_eight_bit,
)
from readerstudy.imaging.rendering import preview_png

from ..models import Rendition
from ..plan import scan_path
from ..selectors import rendition_values

SCALE = 3
GONE = gettext_noop("There is no such scan any more.")


def rendition_png(rendition: Rendition, *, slice_index: int) -> bytes:
    """One stored slice in the study's colours, 192×192."""
    image = to_eight_bit(rendition_values(rendition))[slice_index]
    return preview_png(image, scale=SCALE, lut=load_lut())


def scan_png(folder: Path, *, number: int, slice_index: int) -> bytes:
    """Slices below, at and above `slice_index` of a scan that waits to be imported,
    each by its own maximum, side by side: 384×128. Refused if there is no such scan.
    """
    try:
        voxels = np.load(scan_path(folder, number), mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise Refused(GONE) from error
    if not 0 <= slice_index < len(voxels):
        raise Refused(GONE)
    tiles = [_tile(voxels, slice_index + step) for step in (-1, 0, 1)]
    return preview_png(np.hstack(tiles), scale=2, lut=load_lut())


def slice_png(voxels: NDArray[Any], index: int) -> bytes:
    """One slice by its own maximum, 128×128. Refused if there is no such slice."""
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


def strip_png(rendition: Rendition) -> bytes:
    """All five stored slices side by side, lowest first, 640×128."""
    slices = to_eight_bit(rendition_values(rendition))
    return preview_png(np.hstack(list(slices)), scale=2, lut=load_lut())
