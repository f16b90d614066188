"""Caudate nucleus and putamen of one side, as analytic solids.

Both are described for the patient's left (+x) in their own frames, millimetres
and LPS directions, at a nominal size whose volume is known; `scale` brings them
to the wanted volume. The other side is the mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shapes import Array, Vector, ellipsoid, tube

PUTAMEN_CENTRE: Vector = (26.5, -1.0, 1.0)
PUTAMEN_SEMI_AXES: Vector = (6.0, 21.0, 14.0)
PUTAMEN_TURN_DEG = 13.0  # the front end lies nearer the midline
PUTAMEN_TAPER = 0.25  # thinner behind
PUTAMEN_BULGE_MM = 2.5  # convex towards the insula
# Bending and a linear taper leave the volume of an ellipsoid as it is.
PUTAMEN_NOMINAL_ML = 4 / 3 * np.pi * 6.0 * 21.0 * 14.0 / 1000

CAUDATE_CENTRE: Vector = (13.0, -8.0, 9.0)
CAUDATE_HEAD: Vector = (11.5, -13.0, 6.0)
CAUDATE_HEAD_SEMI_AXES: Vector = (5.0, 11.5, 11.0)
# Body and tail run above and behind the thalamus, then forward below it.
CAUDATE_AXIS: tuple[Vector, ...] = (
    (12.5, -6.0, 13.0),
    (14.5, 6.0, 18.5),
    (18.0, 20.0, 19.0),
    (24.5, 33.0, 11.0),
    (30.0, 26.0, -6.0),
    (29.0, 8.0, -12.0),
)
CAUDATE_RADII = (4.6, 3.8, 3.2, 2.6, 1.9, 1.3)
# Volume of head, body and tail together, by integration on a 0.25 mm grid
# (tests/simulation/test_phantom.py does it again).
CAUDATE_NOMINAL_ML = 4.862


@dataclass(frozen=True)
class StriatumSample:
    """At each point: inside or not, and the relative uptake of the putamen."""

    putamen: Array
    caudate: Array
    caudate_head: Array  # part of caudate; what volumes of interest measure
    putamen_profile: Array  # mean 1 over the putamen


def sample_striatum(
    points: Array, *, putamen_scale: float, caudate_scale: float, posterior_loss: float
) -> StriatumSample:
    """Sample the left striatum at `points`, shape (3, ...), head frame in mm."""
    head, body_and_tail = _caudate_distances(points, caudate_scale)
    caudate = np.minimum(head, body_and_tail) <= 0
    distance, along = _putamen_distance(points, putamen_scale)
    putamen = (distance <= 0) & ~caudate
    # The mean of `along` over the tapered solid is -taper <along^2> = -taper / 5.
    profile = 1.0 - posterior_loss * (along + PUTAMEN_TAPER / 5)
    return StriatumSample(
        putamen=putamen.astype(np.float32),
        caudate=caudate.astype(np.float32),
        caudate_head=(head <= 0).astype(np.float32),
        putamen_profile=profile.astype(np.float32),
    )


def _putamen_distance(points: Array, scale: float) -> tuple[Array, Array]:
    """Distance (nominal mm) and position along the putamen: -1 front, 1 back."""
    x, y, z = (
        (points[axis] - np.float32(PUTAMEN_CENTRE[axis])) / np.float32(scale)
        for axis in range(3)
    )
    turn = np.deg2rad(PUTAMEN_TURN_DEG)
    across = np.cos(turn) * x - np.sin(turn) * y
    along = (np.sin(turn) * x + np.cos(turn) * y) / PUTAMEN_SEMI_AXES[1]
    across = across - PUTAMEN_BULGE_MM * (0.2 - along**2)
    across = across / (1.0 - PUTAMEN_TAPER * np.clip(along, -1.5, 1.5))
    bent = np.stack([across, along * PUTAMEN_SEMI_AXES[1], z]).astype(np.float32)
    return ellipsoid(bent, centre=(0, 0, 0), semi_axes_mm=PUTAMEN_SEMI_AXES), along


def _caudate_distances(points: Array, scale: float) -> tuple[Array, Array]:
    centre = np.asarray(CAUDATE_CENTRE, dtype=np.float32).reshape(
        (3,) + (1,) * (points.ndim - 1)
    )
    nominal = (points - centre) / np.float32(scale) + centre
    head = ellipsoid(nominal, centre=CAUDATE_HEAD, semi_axes_mm=CAUDATE_HEAD_SEMI_AXES)
    body_and_tail = tube(nominal, axis=CAUDATE_AXIS, radii_mm=CAUDATE_RADII)
    return head, body_and_tail
