"""Analytic solids: signed distance in mm to their surface (negative inside).

Every function takes `points`, shape (3, ...), in the millimetres of the frame
in which the solid is described (x, y, z), and returns shape (...). Distances
are exact for capsules and first-order exact at the surface for ellipsoids.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float32]
Vector: TypeAlias = tuple[float, float, float]


def _column(vector: Vector, like: Array) -> Array:
    shape = (3,) + (1,) * (like.ndim - 1)
    return np.asarray(vector, dtype=np.float32).reshape(shape)


def ellipsoid(points: Array, *, centre: Vector, semi_axes_mm: Vector) -> Array:
    """Distance to an axis-parallel ellipsoid: k (k - 1) / |grad|."""
    radii = _column(semi_axes_mm, points)
    scaled = (points - _column(centre, points)) / radii
    k0 = np.sqrt(np.einsum("i...,i...->...", scaled, scaled))
    scaled /= radii
    k1 = np.sqrt(np.einsum("i...,i...->...", scaled, scaled))
    distance: Array = np.where(
        k1 > 0, k0 * (k0 - 1) / np.maximum(k1, 1e-9), -min(semi_axes_mm)
    ).astype(np.float32)
    return distance


def tube(points: Array, *, axis: Sequence[Vector], radii_mm: Sequence[float]) -> Array:
    """Distance to a tube of changing radius along the broken line `axis`."""
    best = np.full(points.shape[1:], np.inf, dtype=np.float32)
    joints = list(zip(axis, radii_mm, strict=True))
    for (start, radius0), (end, radius1) in pairwise(joints):
        origin = _column(start, points)
        along = _column(end, points) - origin
        length2 = float((along**2).sum())
        relative = points - origin
        share = np.einsum("i...,i...->...", relative, along) / length2
        share = np.clip(share, 0.0, 1.0)
        relative -= share * along
        gap = np.sqrt(np.einsum("i...,i...->...", relative, relative))
        best = np.minimum(best, gap - (radius0 + share * (radius1 - radius0)))
    return best


def mirrored(vector: Vector) -> Vector:
    """The same point on the other side of the midsagittal plane x = 0."""
    return (-vector[0], vector[1], vector[2])


def occupancy(distance_mm: Array, *, edge_mm: float) -> Array:
    """Share of a sample of width `edge_mm` that lies inside, in [0, 1]."""
    share: Array = np.clip(0.5 - distance_mm / edge_mm, 0.0, 1.0)
    return share


def rotation(*, nod_deg: float, tilt_deg: float, turn_deg: float) -> Array:
    """Rotation matrix (3, 3): about x (nod), then y (tilt), then z (turn)."""
    angles = np.deg2rad([nod_deg, tilt_deg, turn_deg])
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    matrix: Array = (about_z @ about_y @ about_x).astype(np.float32)
    return matrix
