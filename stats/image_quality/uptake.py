"""What the five stored slices of an image show in and around the striatum. No Django.

The regions of imaging.striatal_binding, drawn on the mean of the reference's stored
slices and used for all images of the case. Every slice was divided by its own maximum,
so each is measured against its own background.

The ratio is not the one of the cohort's table: that is of 44 mm of the whole scan, this
is of the stored slices alone, and is what a slab of 44 mm would have if it looked like
them throughout. They lie where the striatum takes up most, so it is higher.

References
----------
Tossici-Bolt L et al. (2006) Quantification of [123I]FP-CIT SPECT brain images: an
    accurate technique for measurement of the specific binding ratio. Eur J Nucl Med
    Mol Imaging 33:1491-1499. doi:10.1007/s00259-006-0155-x
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.preprocessing import PIXEL_MM
from readerstudy.imaging.striatal_binding import (
    SLAB_MM,
    STRIATUM_ML,
    Regions,
    find_regions,
)

from ..outcomes import NotEstimable, Reason
from .windows import WANG_2004

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Uptake:
    """Of one image; right and left are the patient's sides.

    right, left: striatal binding ratio of the stored slices, no unit; about 0 where
        nothing is bound, not estimable where a slice's background is empty.
    striatum, background: mean over the region and the slices, in grey levels.
    background_sd: standard deviation over the pixels of the background, within
        slices: the root of the mean variance (population), in grey levels.
    """

    right: float | NotEstimable
    left: float | NotEstimable
    striatum: float
    background: float
    background_sd: float


def striatal_regions(reference: Images) -> Regions | None:
    """Of the 8-bit reference (slices, rows, columns), pixels of PIXEL_MM.

    None where its mean shows no brain large enough to measure in, or one that is cut
    off at a side; and where SSIM's window fits around no pixel of a region.
    """
    mean = reference.mean(axis=0, dtype=np.float64)
    regions = find_regions(mean, row_mm=PIXEL_MM, column_mm=PIXEL_MM)
    if regions is None:
        return None
    radius = WANG_2004.radius
    parts = (regions.right, regions.left, regions.background)
    inner = [part[radius:-radius, radius:-radius] for part in parts]
    return regions if all(part.any() for part in inner) else None


def striatal_uptake(image: Images, regions: Regions) -> Uptake:
    """Of an 8-bit image (slices, rows, columns), in the regions of its reference.

    For each side, with the mean B of a slice's background and the sum over its box of
    n pixels:

        ratio = mean over slices of (sum / B - n) · pixel area · 44 mm / 11.2 ml
    """
    background = image[:, regions.background].astype(np.float64)
    levels = background.mean(axis=1)
    sides = [_ratio(image, box, levels) for box in (regions.right, regions.left)]
    return Uptake(
        right=sides[0],
        left=sides[1],
        striatum=float(image[:, regions.striatum].mean()),
        background=float(levels.mean()),
        background_sd=float(np.sqrt(background.var(axis=1).mean())),
    )


def _ratio(
    image: Images, box: NDArray[np.bool_], levels: NDArray[np.float64]
) -> float | NotEstimable:
    if levels.min() <= 0:
        return NotEstimable(Reason.EMPTY_BACKGROUND)
    above = image[:, box].sum(axis=1, dtype=np.float64) / levels - box.sum()
    return float(above.mean() * PIXEL_MM**2 * SLAB_MM / 1000 / STRIATUM_ML)
