"""Where a case is measured, and its binding ratios. No Django."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from readerstudy.imaging.striatal_binding import (
    SLAB_MM,
    STRIATUM_ML,
    Regions,
    find_regions,
)

from .findings import CaseImages, Image

Mask = NDArray[np.bool_]
SLAB = 16  # slices of a large stack that are looked at together: memory is finite
RIM_PX = 6  # of the frame; moving an image has nothing to move in from beyond it
SIDES = ("right", "left")
# Of the window, and above the lowest: what is less is air around the patient.
OUTSIDE = 0.05


@dataclass(frozen=True)
class Places:
    """field: (slices, rows, columns), the patient within the frame.
    regions: of the striatum, for all slices; None where there is none to measure.
    striatum, background: (slices, rows, columns); without regions the background is
        the whole field and the striatum empty.
    sd: of the reference within the field, what changes are shares of.
    """

    field: Mask
    regions: Regions | None
    striatum: Mask
    background: Mask
    sd: float
    spacing_mm: tuple[float, float, float]

    def change(self, one: Image, other: Image) -> float:
        """Root mean square difference in the field, in % of the reference's SD."""
        squares, voxels = 0.0, 0
        for here in slabs(len(self.field)):
            field = self.field[here]
            apart = one[here][field].astype(np.float64) - other[here][field]
            squares += float(np.sum(apart**2))
            voxels += apart.size
        return 100 * float(np.sqrt(squares / voxels)) / self.sd


def slabs(slices: int) -> Iterator[slice]:
    """Some slices at a time, of a small stack all."""
    for first in range(0, slices, SLAB):
        yield slice(first, min(first + SLAB, slices))


def find_places(case: CaseImages) -> Places:
    """Of the reference, for all images of the case."""
    reference = case.reference
    field = _field(case)
    regions = None
    if case.striatal:
        _, row_mm, column_mm = case.spacing_mm
        mean = reference.mean(axis=0, dtype=np.float64)
        regions = find_regions(mean, row_mm=row_mm, column_mm=column_mm)
    nothing = np.zeros_like(field)
    return Places(
        field=field,
        regions=regions,
        striatum=nothing if regions is None else nothing | regions.striatum,
        background=field if regions is None else nothing | regions.background,
        sd=float(reference[field].std()),
        spacing_mm=case.spacing_mm,
    )


def _field(case: CaseImages) -> Mask:
    """The patient, without the frame's rim; the whole inside where that is little."""
    low, high = case.window
    soft = ndimage.gaussian_filter(case.reference, (0, 1.5, 1.5))
    inside = np.zeros(case.reference.shape, bool)
    rim = min(RIM_PX, min(inside.shape[1:]) // 4)
    inside[:, rim:-rim, rim:-rim] = True
    body = soft > low + OUTSIDE * (high - low)
    # lungs are as thin as air, and inside
    field: Mask = inside & np.stack([ndimage.binary_fill_holes(one) for one in body])
    return field if field.mean() > 0.05 else inside


def binding(image: Image, places: Places) -> tuple[float, float] | None:
    """Binding ratio (right, left) of the slices; None where a background is empty.

    As stats.image_quality.uptake, of values that are not rounded.
    """
    regions = places.regions
    if regions is None:
        return None
    levels = image[:, regions.background].mean(axis=1, dtype=np.float64)
    if levels.min() <= 1e-6:
        return None
    _, row_mm, column_mm = places.spacing_mm
    scale = row_mm * column_mm * SLAB_MM / 1000 / STRIATUM_ML
    right, left = (
        scale * float((image[:, box].sum(axis=1) / levels - box.sum()).mean())
        for box in (regions.right, regions.left)
    )
    return right, left


def gained(image: Image, reference: Image, *, relative: bool) -> Image:
    """Relative images by the factor that brings each slice nearest to the reference,
    because each is in units of its own, noisy maximum. Others as they are."""
    if not relative:
        return image
    over = (image * reference).sum(axis=(1, 2), dtype=np.float64)
    under = (image.astype(np.float64) ** 2).sum(axis=(1, 2))
    gain = np.where((over > 0) & (under > 0), over / np.maximum(under, 1e-12), 1.0)
    matched: Image = (image * gain[:, None, None]).astype(np.float32)
    return matched
