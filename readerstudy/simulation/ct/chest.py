"""A chest in a few axial slices: everything random about one patient, drawn once.

Not an atlas: ellipses of typical size and CT number, with vessels that branch in the
lungs and, in half of the patients, one nodule, whose place and size are known. Rows go
to the back, columns to the patient's left, as in imaging.volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

AIR_HU, LUNG_HU, FAT_HU, MUSCLE_HU, BLOOD_HU = -1000.0, -850.0, -100.0, 50.0, 45.0
BONE_HU, MARROW_HU, NODULE_HU = 700.0, 200.0, 40.0
FIELD_MM = 360.0  # across the image, at any number of pixels
SLICE_MM = 3.0
BRANCHES = 15  # vessels of a lung that begin at its hilum; each forks once
# (x to the left, y to the back) of the middle of the right lung, mm, and half axes
LUNG_MM, LUNG_AXES_MM = (-66.0, -2.0), (50.0, 78.0)
NODULE_RADIUS_MM = (3.0, 6.0)


@dataclass(frozen=True)
class Nodule:
    """A ball. centre_mm: x to the left, y to the back, z to the head, from the middle
    of the stack."""

    centre_mm: tuple[float, float, float]
    radius_mm: float


@dataclass(frozen=True)
class Vessel:
    """A tapering straight piece in the plane, which turns slowly along z."""

    start_mm: tuple[float, float]
    end_mm: tuple[float, float]
    radii_mm: tuple[float, float]
    drift_mm: tuple[float, float]  # of its end, for each mm of z


@dataclass(frozen=True)
class Chest:
    """One patient. girth: factor on the outline, 1 for a typical one."""

    seed: int
    index: int
    girth: float
    vessels: tuple[Vessel, ...]
    nodule: Nodule | None

    @property
    def code(self) -> str:
        return f"CT{self.seed}-{self.index + 1:04d}"


def draw_chest(*, seed: int, index: int) -> Chest:
    """Patient `index` (from 0) of cohort `seed`; of two neighbours from an even one
    on, one has a nodule."""
    rng = np.random.default_rng([seed, index, 0])
    first_has = bool(np.random.default_rng([seed, index // 2, 1]).integers(2))
    has_nodule = first_has == (index % 2 == 0)
    girth = float(rng.uniform(0.94, 1.06))
    vessels = tuple(v for side in (-1, 1) for v in _tree(rng, side))
    nodule = _nodule(rng) if has_nodule else None
    return Chest(seed, index, girth, vessels, nodule)


def _tree(rng: np.random.Generator, side: int) -> list[Vessel]:
    """Of one lung; side: −1 for the patient's right."""
    hilum = np.array([side * 28.0, 4.0])
    middle = np.array([side * -LUNG_MM[0], LUNG_MM[1]])
    found = []
    for number in range(BRANCHES):
        angle = 2 * np.pi * (number + rng.uniform(0, 0.8)) / BRANCHES
        reach = rng.uniform(0.55, 0.92)
        edge = middle + reach * np.array(LUNG_AXES_MM) * [np.cos(angle), np.sin(angle)]
        fork = hilum + (edge - hilum) * rng.uniform(0.4, 0.65) + rng.normal(0, 4, 2)
        wide = float(rng.uniform(1.6, 3.0))
        found.append(_vessel(rng, hilum, fork, (wide, 0.7 * wide)))
        for _ in range(2):
            tip = edge + rng.normal(0, 7, 2)
            found.append(_vessel(rng, fork, tip, (0.6 * wide, 0.25 * wide)))
    return found


def _vessel(
    rng: np.random.Generator, start: Floats, end: Floats, radii: tuple[float, float]
) -> Vessel:
    drift = rng.normal(0, 0.25, 2)
    return Vessel(
        (float(start[0]), float(start[1])),
        (float(end[0]), float(end[1])),
        radii,
        (float(drift[0]), float(drift[1])),
    )


def _nodule(rng: np.random.Generator) -> Nodule:
    """Well inside one lung, on the middle slice or next to it."""
    side = rng.choice((-1.0, 1.0))
    angle, away = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0.1, 0.55))
    x = side * -LUNG_MM[0] + away * LUNG_AXES_MM[0] * np.cos(angle)
    y = LUNG_MM[1] + away * LUNG_AXES_MM[1] * np.sin(angle)
    z = rng.uniform(-0.5, 0.5) * SLICE_MM
    radius = rng.uniform(*NODULE_RADIUS_MM)
    return Nodule((float(x), float(y), float(z)), float(radius))


def render_chest(
    chest: Chest, *, slices: int = 5, pixels: int = 256, vessels: bool = True
) -> NDArray[np.float32]:
    """CT numbers, (slices, pixels, pixels) in HU, without noise or blur.

    vessels: without them, as a network that erases would show it.
    """
    pixel = FIELD_MM / pixels
    along = (np.arange(pixels) - (pixels - 1) / 2) * pixel
    y, x = np.meshgrid(along, along, indexing="ij")
    body = _body(chest, x, y, pixel)
    lungs = _lungs(chest, x, y, pixel)
    stack = np.empty((slices, pixels, pixels), np.float32)
    for number in range(slices):
        z = (number - (slices - 1) / 2) * SLICE_MM
        image = body.copy()
        inside = np.zeros_like(image)
        if vessels:
            for vessel in chest.vessels:
                np.maximum(inside, _covered(_tube(vessel, x, y, z), pixel), out=inside)
        image = _over(image, inside * lungs, BLOOD_HU)
        if chest.nodule:
            ball = _covered(_ball(chest.nodule, x, y, z), pixel)
            image = _over(image, ball * lungs, NODULE_HU)
        stack[number] = image
    return stack


def _body(chest: Chest, x: Floats, y: Floats, pixel: float) -> Floats:
    """Everything that is the same in all slices."""
    g = chest.girth
    image = np.full_like(x, AIR_HU)
    for centre, axes, level in (
        ((0.0, 0.0), (158 * g, 112 * g), FAT_HU),
        ((0.0, 0.0), (142 * g, 100 * g), MUSCLE_HU),
    ):
        image = _over(image, _covered(_ellipse(x, y, centre, axes), pixel), level)
    image = _over(image, _lungs(chest, x, y, pixel), LUNG_HU)
    for centre, axes, level in (
        ((12.0, -22.0), (46.0, 40.0), BLOOD_HU),  # heart
        ((14.0, 42.0), (11.0, 11.0), BLOOD_HU),  # descending aorta
        ((0.0, 62.0), (19.0, 16.0), BONE_HU),  # vertebral body
        ((0.0, 62.0), (16.0, 13.0), MARROW_HU),
        ((0.0, 88.0), (6.0, 12.0), BONE_HU),  # spinous process
        ((0.0, -92.0 * g), (14.0, 5.0), BONE_HU),  # sternum
    ):
        image = _over(image, _covered(_ellipse(x, y, centre, axes), pixel), level)
    for side in (-1, 1):
        for angle in np.deg2rad((-50.0, -15.0, 20.0, 52.0)):
            centre = (side * 128 * g * np.cos(angle), 92 * g * np.sin(angle))
            rib = _ellipse(x, y, centre, (5.0, 8.0))
            image = _over(image, _covered(rib, pixel), BONE_HU)
    return image


def _lungs(chest: Chest, x: Floats, y: Floats, pixel: float) -> Floats:
    """How much of each pixel is lung, 0 to 1."""
    found = np.zeros_like(x)
    for side in (-1, 1):
        centre = (side * -LUNG_MM[0], LUNG_MM[1])
        lung = _covered(_ellipse(x, y, centre, LUNG_AXES_MM), pixel)
        np.maximum(found, lung, out=found)
    return found


def _over(image: Floats, covered: Floats, level: float) -> Floats:
    blended: Floats = image + covered * (level - image)
    return blended


def _covered(distance_mm: Floats, pixel: float) -> Floats:
    """Share of a pixel inside a surface at that signed distance (negative inside)."""
    share: Floats = np.clip(0.5 - distance_mm / pixel, 0, 1)
    return share


def _ellipse(
    x: Floats, y: Floats, centre: tuple[float, float], axes: tuple[float, float]
) -> Floats:
    """Signed distance in mm, first-order exact at the surface."""
    u, v = (x - centre[0]) / axes[0], (y - centre[1]) / axes[1]
    k0, k1 = np.hypot(u, v), np.hypot(u / axes[0], v / axes[1])
    distance: Floats = k0 * (k0 - 1) / np.maximum(k1, 1e-9)
    return distance


def _tube(vessel: Vessel, x: Floats, y: Floats, z: float) -> Floats:
    start = np.array(vessel.start_mm)
    end = np.array(vessel.end_mm) + z * np.array(vessel.drift_mm)
    way = end - start
    share = ((x - start[0]) * way[0] + (y - start[1]) * way[1]) / (way @ way)
    share = np.clip(share, 0, 1)
    near, far = vessel.radii_mm
    away = np.hypot(x - start[0] - share * way[0], y - start[1] - share * way[1])
    distance: Floats = away - (near + share * (far - near))
    return distance


def _ball(nodule: Nodule, x: Floats, y: Floats, z: float) -> Floats:
    cx, cy, cz = nodule.centre_mm
    away = np.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2)
    distance: Floats = away - nodule.radius_mm
    return distance
