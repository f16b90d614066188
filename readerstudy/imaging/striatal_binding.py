"""Striatal binding ratio of each side by fixed volumes of interest.

The ratio of what is bound in the striatum to what is not, as the joint guideline of
EANM and SNMMI asks for (Morbelli et al. 2020, doi:10.1007/s00259-020-04817-8), in the
way of Tossici-Bolt et al. 2006 (doi:10.1007/s00259-006-0155-x): the volumes are far
larger than a striatum, so that they hold what the camera blurred out of it, and the
counts above the background are given to a striatum of standard size:

    ratio = (counts in the volume ÷ mean of the reference − size of the volume)
            ÷ size of a striatum

The volumes are boxes in millimetres from the middle of the brain's outline, along its
long axis. Nothing is fitted to the striatum: sides cannot be taken for each other, and
a burned-out striatum is measured where a normal one would be. The reference is the
rest of the brain in the same slices. Ratios of different cameras and programs do not
compare: these are for looking at a cohort and for dividing it, not for diagnosis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .volume import Volume

STRIATUM_ML = 11.2  # Tossici-Bolt et al. 2006
SLAB_MM = 44.0  # thickness, around the central slice
# From the middle of the brain, to the side and to the back (negative: to the front).
SIDEWAYS_MM = (1.0, 46.0)
BACKWARDS_MM = (-51.0, 10.0)
# The reference keeps this far from the boxes and from the edge of the brain.
MARGIN_MM = 8.0
MOST_TURN_RAD = 0.3  # of a head in its holder
LEAST_REFERENCE_ML = 50.0

Image: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]


def binding_ratios(
    volume: Volume, *, central_slice: int
) -> tuple[float | None, float | None]:
    """Binding ratio (right, left), the patient's sides; None where not estimable:
    the slab leaves the image, or holds no brain large enough to measure in, or one
    that is cut off at a side.
    """
    image = _slab_mean(volume, central_slice)
    if image is None:
        return None, None
    _, row_mm, column_mm = volume.spacing_mm
    regions = find_regions(image, row_mm=row_mm, column_mm=column_mm)
    if regions is None:
        return None, None
    level = float(image[regions.background].mean())
    if level <= 0:
        return None, None
    pixel_ml = SLAB_MM * row_mm * column_mm / 1000
    right, left = (
        float((image[box] / level - 1).sum() * pixel_ml / STRIATUM_ML)
        for box in (regions.right, regions.left)
    )
    return right, left


@dataclass(frozen=True)
class Regions:
    """Where binding is measured in one axial image: (rows, columns) each.

    right, left: the patient's sides' boxes. background: the rest of the brain, away
    from both and from its edge.
    """

    brain: Mask
    right: Mask
    left: Mask
    background: Mask

    @property
    def striatum(self) -> Mask:
        """Both boxes."""
        return self.right | self.left


def find_regions(image: Image, *, row_mm: float, column_mm: float) -> Regions | None:
    """The fixed regions of a slab's mean image (rows, columns), anterior first and
    the patient's right first. None where it holds no brain large enough to measure
    in, or one that is cut off at a side.
    """
    brain = _brain(image)
    if not brain.any() or _reaches_the_edge(brain):
        return None
    sideways, backwards = _brain_frame(brain, row_mm, column_mm)
    near = _box(np.abs(sideways), backwards, margin_mm=MARGIN_MM)
    background = _far_inside(brain, row_mm, column_mm) & ~near
    if background.sum() * SLAB_MM * row_mm * column_mm / 1000 < LEAST_REFERENCE_ML:
        return None
    return Regions(
        brain=brain,
        right=_box(-sideways, backwards, margin_mm=0.0),
        left=_box(sideways, backwards, margin_mm=0.0),
        background=background,
    )


def _slab_mean(volume: Volume, central_slice: int) -> Image | None:
    """(rows, columns): mean of the slab; a slice that it cuts counts in part."""
    spacing = volume.spacing_mm[0]
    away = np.abs(np.arange(len(volume.counts)) - central_slice) * spacing
    share = np.clip((SLAB_MM / 2 - away) / spacing + 0.5, 0, 1)
    if not np.isclose(share.sum() * spacing, SLAB_MM):
        return None
    slab = np.flatnonzero(share)
    counts = volume.counts[slab[0] : slab[-1] + 1]
    mean: Image = np.tensordot(share[slab], counts, axes=1) / share.sum()
    return mean


def _brain(image: Image) -> Mask:
    """The largest connected part above half the median of the head."""
    from scipy import ndimage  # loads slowly, and web processes measure nothing

    head: Mask = image > 0.15 * image.max()
    if not head.any():
        return head
    parts, count = ndimage.label(image > 0.5 * np.median(image[head]))
    if not count:
        return np.zeros_like(head)
    largest = np.bincount(parts.ravel())[1:].argmax() + 1
    # what no path outside of it leads to is a hole in it, and filled
    outside, _ = ndimage.label(np.pad(parts != largest, 1, constant_values=True))
    filled: Mask = (outside != outside[0, 0])[1:-1, 1:-1]
    return filled


def _brain_frame(brain: Mask, row_mm: float, column_mm: float) -> tuple[Image, Image]:
    """(rows, columns) each, mm from the brain's middle: to the patient's left, and
    to the back, along the long axis of the ellipse with the outline's moments.
    """
    grid: Image = np.indices(brain.shape).astype(np.float64)
    middle = grid[:, brain].mean(axis=1)
    row: Image = (grid[0] - middle[0]) * row_mm
    column: Image = (grid[1] - middle[1]) * column_mm
    across, along, both = (
        float((one[brain] * other[brain]).mean())
        for one, other in ((column, column), (row, row), (row, column))
    )
    # The long axis of a head runs from front to back.
    turn = 0.5 * np.arctan2(2 * both, along - across)
    turn = float(np.clip(turn, -MOST_TURN_RAD, MOST_TURN_RAD))
    sideways: Image = column * np.cos(turn) - row * np.sin(turn)
    backwards: Image = row * np.cos(turn) + column * np.sin(turn)
    return sideways, backwards


def _box(sideways: Image, backwards: Image, *, margin_mm: float) -> Mask:
    """Where one side's box lies; sideways grows towards that side."""
    (near, far), (front, back) = SIDEWAYS_MM, BACKWARDS_MM
    inside: Mask = (
        (sideways >= near - margin_mm)
        & (sideways <= far + margin_mm)
        & (backwards >= front - margin_mm)
        & (backwards <= back + margin_mm)
    )
    return inside


def _reaches_the_edge(brain: Mask) -> bool:
    """Then part of it may lie beyond, and its middle is not where it seems to be."""
    sides = (brain[0], brain[-1], brain[:, 0], brain[:, -1])
    return any(bool(side.any()) for side in sides)


def _far_inside(brain: Mask, row_mm: float, column_mm: float) -> Mask:
    """Brain further than the margin from everything that is none."""
    from scipy import ndimage

    deep: Mask = np.zeros_like(brain)
    box = ndimage.find_objects(brain.astype(np.uint8))[0]  # nothing is nearer beyond it
    padded = np.pad(brain[box], 1)
    depth = ndimage.distance_transform_edt(padded, sampling=(row_mm, column_mm))
    deep[box] = depth[1:-1, 1:-1] > MARGIN_MM
    return deep
