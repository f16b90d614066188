"""The nominal adult head as analytic solids, in the head frame.

Head frame: millimetres, LPS directions, origin at the anterior commissure, the
line between the commissures along y. Sizes are those of an adult head (about
152 mm broad, 192 mm long with scalp); positions of the deep nuclei follow the
usual stereotaxic coordinates (Talairach/MNI with anterior turned to -y), made
about 8 % smaller, as the MNI template is larger than life.

Concentrations are relative to brain background (grey and white matter mixed,
as a resolution of 10 mm sees it) = 1. Non-specific binding is nearly even;
thalamus and brain stem bind more, to the serotonin transporter (Koch et al.
2014, doi:10.1007/s00259-014-2785-8); salivary glands take up more than brain.

Linear attenuation coefficients at 159 keV in 1/mm, from the NIST tables of mass
attenuation coefficients (doi:10.18434/T4D01F), log-log between 150 and 200 keV:
water 0.1476 cm2/g. The skull is given water's mass coefficient, too, times its
density; that of cortical bone (density 1.92) is about 2 % lower at this energy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shapes import Array, Vector, ellipsoid, mirrored, tube

HEAD_CENTRE: Vector = (0.0, 15.0, 8.0)
SCALP_SEMI_AXES: Vector = (76.0, 96.0, 80.0)

MU_WATER = 0.01476
MU_BRAIN = 0.01535  # density 1.04
MU_SOFT = 0.01535
# Both tables and the diploe between them: mean density 1.6, times water's 0.1476.
MU_SKULL = 0.0236
MU_AIRWAY = 0.0035  # nasal cavity and sinuses: air between thin walls


@dataclass(frozen=True)
class Tissue:
    """Concentration (brain background = 1) and attenuation (1/mm)."""

    concentration: float
    mu: float


SOFT_TISSUE = Tissue(0.45, MU_SOFT)
SCALP = Tissue(0.50, MU_SOFT)
SKULL = Tissue(0.30, MU_SKULL)
CSF = Tissue(0.12, MU_WATER)
GREY = Tissue(1.10, MU_BRAIN)
WHITE = Tissue(0.88, MU_BRAIN)
CEREBELLUM = Tissue(1.00, MU_BRAIN)
THALAMUS = Tissue(1.30, MU_BRAIN)
BRAIN_STEM = Tissue(1.25, MU_BRAIN)
VERTEBRA = Tissue(0.40, 0.0200)
AIRWAY = Tissue(0.05, 0.0004)
SINUS = Tissue(0.50, MU_AIRWAY)  # mucosa takes up some tracer

_SKULL_TABLES = 5.0  # scalp thickness
_SKULL_DEPTH = 11.5  # scalp and skull
_PIA_DEPTH = 14.0  # ... and the subarachnoid space


def _shell(points: Array, depth_mm: float) -> Array:
    semi = tuple(axis - depth_mm for axis in SCALP_SEMI_AXES)
    return ellipsoid(
        points, centre=HEAD_CENTRE, semi_axes_mm=(semi[0], semi[1], semi[2])
    )


def _skull_base(points: Array) -> Array:
    """Height above the skull base; it rises towards the forehead."""
    height: Array = points[2] - (-46.0 + 0.32 * np.maximum(15.0 - points[1], 0.0))
    return height


def scalp(points: Array) -> Array:
    return _shell(points, 0.0)


def neck(points: Array) -> Array:
    """Face, jaw and neck below the cranium."""
    face = ellipsoid(points, centre=(0, -28, -58), semi_axes_mm=(68, 62, 62))
    throat = np.hypot(points[0], (points[1] - 28.0) * 0.95) - 60.0
    throat = np.maximum(throat, points[2] + 35.0)
    joined: Array = np.minimum(face, throat).astype(np.float32)
    return joined


def skull(points: Array) -> Array:
    """Everything within the outer table, with 5 mm of bone below the brain."""
    solid: Array = np.maximum(
        _shell(points, _SKULL_TABLES), -(_skull_base(points) + 5.0)
    )
    return solid


def cranial_cavity(points: Array) -> Array:
    solid: Array = np.maximum(_shell(points, _SKULL_DEPTH), -_skull_base(points))
    return solid


def brain(points: Array) -> Array:
    """Cerebrum, cerebellum and stem within the pia, cleft by the falx."""
    fissure = 1.2 - np.abs(points[0])
    fissure = np.maximum(fissure, 26.0 - points[2])
    solid: Array = np.maximum(
        np.maximum(_shell(points, _PIA_DEPTH), 2.0 - _skull_base(points)), -fissure
    )
    return solid


def white_matter(points: Array, fold_phases: tuple[float, ...]) -> Array:
    """White matter under a folded cortex, 3 to 13 mm below the pia."""
    x, y, z = points
    phase = fold_phases
    folds = (
        np.sin(x / 4.1 + phase[0]) * np.sin(y / 4.7 + phase[1])
        + np.sin(y / 3.9 + phase[2]) * np.sin(z / 4.4 + phase[3])
        + np.sin(z / 4.2 + phase[4]) * np.sin(x / 4.9 + phase[5])
        + 0.7 * np.sin((x + y) / 7.3 + phase[6]) * np.sin((z - y) / 8.1 + phase[7])
    )
    outer = np.maximum(_shell(points, _PIA_DEPTH), 2.0 - _skull_base(points))
    medial = np.maximum(6.0 - np.abs(x), 20.0 - z)  # cortex along the fissure
    solid: Array = np.maximum(outer + 8.0 + 2.6 * folds, medial).astype(np.float32)
    return solid


def ventricles(points: Array, scale: float) -> Array:
    """Lateral and third ventricles; `scale` widens them (age, atrophy)."""
    horn: tuple[Vector, ...] = (
        (5, -27, 8),
        (6.5, -8, 17),
        (11, 14, 21),
        (21, 36, 13),
        (28, 22, -8),
        (28, 4, -15),
    )
    width = max(0.35, scale)
    radii = [3.0 * width, 3.6 * width, 4.0 * width, 4.6 * width, 2.4 * width, 1.5]
    third: tuple[Vector, ...] = ((0, 2, -2), (0, 20, 2))
    solid: Array = tube(points, axis=third, radii_mm=[1.8 * width, 2.0 * width])
    for axis in (horn, tuple(mirrored(joint) for joint in horn)):
        solid = np.minimum(solid, tube(points, axis=axis, radii_mm=radii))
    return solid


def thalamus(points: Array) -> Array:
    return np.minimum(
        ellipsoid(points, centre=(10, 17, 7), semi_axes_mm=(7.5, 13, 8.5)),
        ellipsoid(points, centre=(-10, 17, 7), semi_axes_mm=(7.5, 13, 8.5)),
    )


def brain_stem(points: Array) -> Array:
    """Midbrain, pons and medulla."""
    return tube(
        points,
        axis=((0, 16, -8), (0, 22, -26), (0, 34, -56)),
        radii_mm=[11.5, 13.0, 7.5],
    )


def cerebellum(points: Array) -> Array:
    solid: Array = np.maximum(
        ellipsoid(points, centre=(0, 50, -30), semi_axes_mm=(48, 32, 23)),
        brain(points),
    )
    return solid


def occipital(points: Array) -> Array:
    """The usual reference region without specific binding: the occipital lobes."""
    return ellipsoid(points, centre=(0, 68, 14), semi_axes_mm=(36, 15, 18))


def vertebrae(points: Array) -> Array:
    return tube(points, axis=((0, 42, -66), (0, 40, -260)), radii_mm=[13.0, 13.0])


def airway(points: Array) -> Array:
    return tube(points, axis=((0, 2, -52), (0, 6, -260)), radii_mm=[7.0, 8.0])


def sinuses(points: Array) -> Array:
    return ellipsoid(points, centre=(0, -52, -38), semi_axes_mm=(18, 26, 15))


def parotid(points: Array, *, left: bool) -> Array:
    """A gland of 20 ml behind the jaw, below the ear."""
    centre: Vector = (57.0, 8.0, -58.0)
    return ellipsoid(
        points,
        centre=centre if left else mirrored(centre),
        semi_axes_mm=(9.5, 18.0, 28.0),
    )
