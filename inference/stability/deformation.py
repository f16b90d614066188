"""How far edges of an output lie from where the reference has them.

Lucas and Kanade 1981 (Proc IJCAI, 674-679) within Gaussian windows, coarse moves
first, with a gain and an offset of the intensity of its own at every place
(Negahdaripour 1998, doi:10.1109/34.713362), so that smoother or paler edges count as
where they are. In-plane, slice by slice.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .findings import Image
from .geometry import Mask, Places

SOFT_PX = 1.5  # both images, before: noise has edges of its own
WINDOW_PX = 3.0
STEPS = 8
MOST_STEP_PX = 1.0
MOST_PX = 8.0
# Of an edge: its slope as a share of the steepest ones, and how much of the reference's
# variance a pixel the ridge against no movement weighs.
EDGE = 0.35
RIDGE = 2e-3

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Displacement:
    """mm: (slices, rows, columns), NaN off the edges. percentile_95: over all edges in
    the patient, None where there are none."""

    mm: Image
    percentile_95: float | None


def displacement(
    output: Image,
    reference: Image,
    places: Places,
    *,
    slices: NDArray[np.int_],
) -> Displacement:
    """Of the output's edges from the reference's, in some of the slices."""
    soft = (0.0, SOFT_PX, SOFT_PX)
    still, moving = (
        ndimage.gaussian_filter(image[slices].astype(np.float64), soft) / places.sd
        for image in (reference, output)
    )
    # slice by slice: the equations of one of 512×512 pixels take a hundred megabytes
    parts = [_flow(moving[[one]], still[[one]]) for one in range(len(still))]
    flow = np.concatenate(parts, axis=1)
    _, row_mm, column_mm = places.spacing_mm
    size = np.hypot(flow[0] * row_mm, flow[1] * column_mm)
    edges = _edges(np.hypot(*np.gradient(still, axis=(1, 2))), places.field[slices])
    mm: Image = np.full(reference.shape, np.nan, np.float32)
    mm[slices] = np.where(edges, size, np.nan)
    found = size[edges]
    return Displacement(mm, float(np.percentile(found, 95)) if found.size else None)


def _edges(slope: Floats, field: Mask) -> Mask:
    if not field.any():
        return field
    steep = np.percentile(slope[field], 98)
    edges: Mask = field & (slope > EDGE * steep)
    return edges


def _flow(moving: Floats, still: Floats) -> Floats:
    """(2, slices, rows, columns) pixels: moving(x + flow) looks like still(x)."""
    grid = np.indices(still.shape, dtype=np.float64)
    flow = np.zeros((2, *still.shape))
    for _ in range(STEPS):
        there = [grid[0], *(grid[1:] + flow)]
        here = ndimage.map_coordinates(moving, there, order=1, mode="nearest")
        step = _step(here, still, flow)
        length = np.hypot(*step)
        flow += step * np.minimum(1.0, MOST_STEP_PX / np.maximum(length, 1e-9))
        # neighbours move alike; a window that sees no edge follows those that do
        flow = ndimage.gaussian_filter(flow, (0, 0, 1.0, 1.0))
        np.clip(flow, -MOST_PX, MOST_PX, out=flow)
    return flow


def _step(here: Floats, still: Floats, flow: Floats) -> Floats:
    """The move after which `here` best equals gain · still + offset in each window,
    drawn back towards no movement at all where nothing tells."""
    down, right = np.gradient(here, axis=(1, 2))
    terms = np.stack([down, right, -still, -np.ones_like(still), -here])
    size = len(terms) - 1
    rows, columns = np.triu_indices(size + 1)
    means = ndimage.gaussian_filter(
        terms[rows] * terms[columns], (0, 0, WINDOW_PX, WINDOW_PX), truncate=3.0
    )
    whole = np.empty((*still.shape, size + 1, size + 1))
    for row, column, mean in zip(rows, columns, means, strict=True):
        whole[..., row, column] = whole[..., column, row] = mean
    matrix, vector = whole[..., :size, :size], whole[..., :size, size:]
    # a gain of 1 and no offset, where all is flat
    for i, (weight, wanted) in enumerate(
        ((RIDGE, -flow[0]), (RIDGE, -flow[1]), (RIDGE, 1.0), (RIDGE * 1e-3, 0.0))
    ):
        matrix[..., i, i] += weight
        vector[..., i, 0] += weight * wanted
    solved: Floats = np.linalg.solve(matrix, vector)[..., 0]
    return np.moveaxis(solved[..., :2], -1, 0)
