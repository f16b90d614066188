"""Volumes of other pixel sizes on the grid of the study.

The study's images have pixels of 3.29 mm and the networks learned from such; a
protocol says whether a scan with others may be read resampled.
"""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from .errors import Refused
from .marking import gettext_noop
from .preprocessing import PIXEL_MM, PIXEL_TOLERANCE_MM
from .volume import Volume

INTERPOLATION = "linear"
# As for what is read from a file: 256 MB of float32.
MAX_RESAMPLED_VOXELS = 2**26


def is_on_study_grid(volume: Volume) -> bool:
    """Whether its pixels, in the plane of its slices, are the study's already."""
    return all(abs(mm - PIXEL_MM) <= PIXEL_TOLERANCE_MM for mm in volume.spacing_mm[1:])


def on_study_grid(volume: Volume) -> Volume:
    """The volume with cubic voxels of 3.29 mm; itself where its pixels are such.

    Linear interpolation, one axis after the other. Where voxels grow, a Gaussian
    of sigma (factor - 1) / 2 old voxels first takes out what the new grid cannot
    hold (the rule of skimage.transform.resize). Voxel 0, 0, 0 stays where it is, so
    the position of the volume stays true. Values keep their height, not their sum.
    Refused if the result were too large to be a tomogram.
    """
    if is_on_study_grid(volume):
        return volume
    counts = volume.counts.astype(np.float32, copy=False)
    shape = [
        _steps(length, spacing)
        for length, spacing in zip(counts.shape, volume.spacing_mm, strict=True)
    ]
    if shape[0] * shape[1] * shape[2] > MAX_RESAMPLED_VOXELS:
        raise Refused(
            gettext_noop(
                "It is too large to be resampled to %(pixel)s mm "
                "(%(slices)s×%(rows)s×%(columns)s)."
            )
            % {
                "pixel": PIXEL_MM,
                "slices": shape[0],
                "rows": shape[1],
                "columns": shape[2],
            }
        )
    # the axes that shrink first: the others then have less to do
    for axis in sorted(range(3), key=lambda one: volume.spacing_mm[one]):
        counts = _along(counts, axis, volume.spacing_mm[axis], shape[axis])
    return Volume(np.ascontiguousarray(counts), (PIXEL_MM, PIXEL_MM, PIXEL_MM))


def _steps(length: int, spacing_mm: float) -> int:
    """New voxels whose centres lie between those of the first and last old one."""
    return int((length - 1) * spacing_mm / PIXEL_MM + 1e-6) + 1


def _along(
    counts: NDArray[np.float32], axis: int, spacing_mm: float, length: int
) -> NDArray[np.float32]:
    factor = PIXEL_MM / spacing_mm
    if factor > 1:
        from scipy.ndimage import gaussian_filter1d  # slow to load, seldom needed

        sigma = (factor - 1) / 2
        counts = gaussian_filter1d(
            counts, sigma, axis=axis, mode="nearest", radius=ceil(4 * sigma)
        )
    at = np.minimum(np.arange(length) * factor, counts.shape[axis] - 1)
    below = np.minimum(at.astype(np.intp), max(counts.shape[axis] - 2, 0))
    above = np.minimum(below + 1, counts.shape[axis] - 1)
    sides = [1, 1, 1]
    sides[axis] = length
    weight = (at - below).astype(np.float32).reshape(sides)
    lower = counts.take(below, axis=axis)
    upper = counts.take(above, axis=axis)
    blended: NDArray[np.float32] = lower + weight * (upper - lower)
    return blended
