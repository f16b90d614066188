"""From a volume to the study's image: central slices, own maximum, 8 bits, crop.

The slice with the highest count is found on the reference scan; the short scan
uses the same slice number. It and two neighbours on each side are stored, it and
one on each side are shown. Every slice is normalised by its own maximum, quantised
to 8 bits, and its central 64×64 pixels are kept.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import Refused
from .volume import Volume

STORED_SLICES = 5
SHOWN_SLICES = 3
CROP = 64
PIXEL_MM = 3.29
PIXEL_TOLERANCE_MM = 0.02

# How far from the head's centre the hottest voxel is looked for, in-plane. The
# striatum ends about 35 mm from the midline; the parotid glands, which take up
# ioflupane and can beat a striatum that has lost its transporters, begin further
# out, about 50 mm. The literal rule of the study (None) has no such guard.
SEARCH_RADIUS_MM = 45.0


def find_central_slice(volume: Volume, *, search_radius_mm: float | None) -> int:
    """Index of the slice that holds the highest voxel; the lowest one on a tie.

    search_radius_mm: None takes the highest voxel of the whole volume, the
        study's literal rule. A distance takes the highest voxel within it,
        in-plane, of the head's centre (the centroid of the positive counts).
    """
    counts = volume.counts
    if not np.any(counts > 0):
        raise Refused("The image holds no counts: every pixel is zero or negative.")
    if search_radius_mm is not None:
        near = _distance_to_centre_mm(volume) <= search_radius_mm
        counts = np.where(near, counts, -np.inf)
    return int(counts.max(axis=(1, 2)).argmax())


def _distance_to_centre_mm(volume: Volume) -> NDArray[np.float64]:
    """(rows, columns): in-plane distance of each pixel from the count centroid."""
    _, row_mm, column_mm = volume.spacing_mm
    weight = np.clip(volume.counts, 0, None).sum(axis=0, dtype=np.float64)
    row, column = np.indices(weight.shape, dtype=np.float64)
    total = weight.sum()
    centre_row = (row * weight).sum() / total
    centre_column = (column * weight).sum() / total
    distance: NDArray[np.float64] = np.hypot(
        (row - centre_row) * row_mm, (column - centre_column) * column_mm
    )
    return distance


@dataclass(frozen=True)
class Stack:
    """Five neighbouring slices of one volume, cropped.

    values: float32 (5, 64, 64); 1.0 is the maximum of the whole, uncropped slice.
        Slice 0 is the lowest. Reconstructions may hold values below 0.
    slice_maxima: those maxima in counts, one for each slice.
    """

    values: NDArray[np.float32]
    slice_maxima: tuple[float, ...]


def prepare_stack(volume: Volume, *, central_slice: int) -> Stack:
    """The five slices around `central_slice`, each divided by its own maximum."""
    slices, rows, columns = volume.counts.shape
    if rows < CROP or columns < CROP:
        raise Refused(
            f"Its slices are {columns}×{rows} pixels, "
            f"but at least {CROP}×{CROP} are needed."
        )
    first = central_slice - STORED_SLICES // 2
    if first < 0 or first + STORED_SLICES > slices:
        raise Refused(
            f"Slice {central_slice + 1} of {slices} is too near the end of the "
            f"image: {STORED_SLICES // 2} slices are needed on each side of it."
        )
    chosen = volume.counts[first : first + STORED_SLICES].astype(np.float64)
    maxima = chosen.max(axis=(1, 2))
    if not np.all(maxima > 0):
        empty = first + int(np.argmin(maxima > 0))
        raise Refused(f"Slice {empty + 1} of {slices} holds no counts.")
    top, left = (rows - CROP) // 2, (columns - CROP) // 2
    cropped = chosen[:, top : top + CROP, left : left + CROP]
    values = (cropped / maxima[:, None, None]).astype(np.float32)
    return Stack(values, tuple(float(maximum) for maximum in maxima))


def to_eight_bit(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Values where 1.0 is white → 0 to 255, same shape: the study's image.

    Metrics, display and the input of networks all start from it. Below 0 and
    above 1 is clipped; a half goes to the even neighbour.
    """
    image: NDArray[np.uint8] = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return image
