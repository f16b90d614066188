"""The digital head phantom of one patient on the camera's grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import anatomy, striatum
from .anatomy import Tissue
from .patient import SIDES, Patient, Side
from .shapes import Array, occupancy, rotation

PIXEL_MM = 3.29
FIELD = 72  # pixels: 237 mm, holds every head; the rest of the matrix is air
SUBSAMPLES = 3  # per axis and voxel, within the box of the striata

# What anatomical volumes of interest measure on the reference image, as a function
# of the tissue's own binding ratios: measured = RECOVERY @ true + OFFSET, both as
# (putamen, caudate). Partial volume, spill-over between the nuclei, and the mix of
# grey and white matter in the occipital reference region. Fitted with
# `python -m readerstudy.simulation.calibration recovery`.
RECOVERY = np.array([[0.473, 0.025], [0.037, 0.393]])
OFFSET = np.array([-0.038, -0.017])

NUCLEI = ("putamen", "caudate", "caudate_head")
_STRIATAL_BOX = ((-48.0, -42.0, -32.0), (48.0, 46.0, 40.0))  # head frame, mm


@dataclass(frozen=True)
class Grid:
    """Voxel centres in patient coordinates (LPS, mm); x = y = 0 on the axis.

    Arrays on it are (slices, rows, columns): z, y and x all increase with the
    index, which is the canonical orientation of `imaging.volume.Volume`.
    """

    slices: int
    lowest_mm: float  # z of slice 0
    size: int = FIELD
    pixel_mm: float = PIXEL_MM

    def axis_mm(self) -> Array:
        """Coordinates of rows and of columns."""
        middle = (self.size - 1) / 2
        return ((np.arange(self.size) - middle) * self.pixel_mm).astype(np.float32)

    def heights_mm(self) -> Array:
        return (self.lowest_mm + np.arange(self.slices) * self.pixel_mm).astype(
            np.float32
        )


@dataclass(frozen=True)
class Phantom:
    """Maps of shape (slices, size, size).

    activity: concentration, brain background = 1. mu: 1/mm at 159 keV.
    regions: share of each voxel inside, 0 to 1: (side, nucleus) for each side and
        NUCLEI, and the reference region ("both", "occipital").
    """

    grid: Grid
    activity: Array
    mu: Array
    regions: dict[tuple[str, str], Array]


def true_ratios(side: Side) -> tuple[float, float]:
    """Binding ratios (putamen, caudate) in the tissue, behind the measured ones."""
    measured = np.array([side.putamen_sbr, side.caudate_sbr])
    putamen, caudate = np.linalg.solve(RECOVERY, measured - OFFSET)
    return float(max(putamen, 0.0)), float(max(caudate, 0.0))


def grid_of(patient: Patient) -> Grid:
    """The field of view: from some air above the head downwards."""
    top = anatomy.SCALP_SEMI_AXES[2] * patient.head_scale[2] + patient.top_margin_mm
    return Grid(slices=patient.slices, lowest_mm=top - (patient.slices - 1) * PIXEL_MM)


def render_phantom(patient: Patient) -> Phantom:
    """Rasterise the patient's head on `grid_of(patient)`."""
    grid = grid_of(patient)
    axis, heights = grid.axis_mm(), grid.heights_mm()
    points = _head_frame(patient, axis, axis, heights)
    activity = np.zeros(points.shape[1:], dtype=np.float32)
    mu = np.zeros_like(activity)
    for distance, tissue in _coarse_anatomy(points, patient):
        share = occupancy(distance, edge_mm=grid.pixel_mm)
        activity += share * (tissue.concentration - activity)
        mu += share * (tissue.mu - mu)
    regions = _paint_striata(patient, grid, activity)
    regions["both", "occipital"] = occupancy(
        anatomy.occipital(points), edge_mm=grid.pixel_mm
    )
    return Phantom(grid=grid, activity=activity, mu=mu, regions=regions)


def _head_frame(patient: Patient, x: Array, y: Array, z: Array) -> Array:
    """Head-frame coordinates (3, z, y, x) of patient coordinates in mm."""
    turned = rotation(
        nod_deg=patient.nod_deg, tilt_deg=patient.tilt_deg, turn_deg=patient.turn_deg
    )
    # The head's centre lies at (shift, 0); the rotation is about it.
    height, row, column = np.meshgrid(z, y, x, indexing="ij")
    relative = np.stack(
        [column - patient.shift_mm[0], row - patient.shift_mm[1], height]
    ).astype(np.float32)
    head = np.einsum("ji,j...->i...", turned, relative)
    head /= np.asarray(patient.head_scale, dtype=np.float32).reshape(3, 1, 1, 1)
    centre = np.asarray(anatomy.HEAD_CENTRE, dtype=np.float32).reshape(3, 1, 1, 1)
    moved: Array = head + centre
    return moved


def _coarse_anatomy(points: Array, patient: Patient) -> list[tuple[Array, Tissue]]:
    """Solids in the order of painting: later ones lie within earlier ones."""
    glands = [
        (
            anatomy.parotid(points, left=name == "left"),
            Tissue(ratio, anatomy.MU_SOFT),
        )
        for name, ratio in zip(SIDES, patient.parotid_ratio, strict=True)
    ]
    return [
        (anatomy.neck(points), anatomy.SOFT_TISSUE),
        (anatomy.scalp(points), anatomy.SCALP),
        (anatomy.vertebrae(points), anatomy.VERTEBRA),
        (anatomy.skull(points), anatomy.SKULL),
        (anatomy.sinuses(points), anatomy.SINUS),
        (anatomy.airway(points), anatomy.AIRWAY),
        *glands,
        (anatomy.cranial_cavity(points), anatomy.CSF),
        (anatomy.brain(points), anatomy.GREY),
        (anatomy.white_matter(points, patient.fold_phases), anatomy.WHITE),
        (anatomy.cerebellum(points), anatomy.CEREBELLUM),
        (anatomy.brain_stem(points), anatomy.BRAIN_STEM),
        (anatomy.thalamus(points), anatomy.THALAMUS),
        (anatomy.ventricles(points, patient.ventricle_scale), anatomy.CSF),
    ]


def _paint_striata(
    patient: Patient, grid: Grid, activity: Array
) -> dict[tuple[str, str], Array]:
    """Add both striata to `activity` in place; return their shares per voxel."""
    box = _striatal_box(patient, grid)
    fine = [_subsamples(centres[part]) for centres, part in box]
    points = _head_frame(patient, fine[0], fine[1], fine[2])
    window = tuple(part for _, part in reversed(box))
    regions: dict[tuple[str, str], Array] = {}
    for name in SIDES:
        sample, uptake = _sample_side(points, patient, name)
        share = _binned(sample.putamen + sample.caudate)
        activity[window] += _binned(uptake) - share * activity[window]
        for nucleus in NUCLEI:
            whole = np.zeros_like(activity)
            whole[window] = _binned(getattr(sample, nucleus))
            regions[name, nucleus] = whole
    return regions


def _sample_side(
    points: Array, patient: Patient, name: str
) -> tuple[striatum.StriatumSample, Array]:
    """The solids of one side, and their concentration."""
    side = patient.side(name)
    growth = float(np.prod(patient.head_scale))
    seen = points.copy()
    if name == "right":
        seen[0] *= -1
    sample = striatum.sample_striatum(
        seen,
        putamen_scale=_scale(side.putamen_ml, striatum.PUTAMEN_NOMINAL_ML * growth),
        caudate_scale=_scale(side.caudate_ml, striatum.CAUDATE_NOMINAL_ML * growth),
        posterior_loss=side.posterior_loss,
    )
    putamen_ratio, caudate_ratio = true_ratios(side)
    uptake = sample.putamen * (1 + putamen_ratio * sample.putamen_profile)
    uptake += sample.caudate * (1 + caudate_ratio)
    return sample, uptake


def _scale(wanted_ml: float, nominal_ml: float) -> float:
    return float(np.cbrt(wanted_ml / nominal_ml))


def _striatal_box(patient: Patient, grid: Grid) -> list[tuple[Array, slice]]:
    """(coordinates, slice of the grid) along x, y, z around both striata."""
    low, high = (np.asarray(corner) for corner in _STRIATAL_BOX)
    middle = (low + high) / 2 - np.asarray(anatomy.HEAD_CENTRE)
    half = (high - low) / 2 * max(patient.head_scale) + 8.0  # room for the pose
    turned = rotation(
        nod_deg=patient.nod_deg, tilt_deg=patient.tilt_deg, turn_deg=patient.turn_deg
    )
    centre = turned @ (middle * np.asarray(patient.head_scale))
    centre = centre + np.array([*patient.shift_mm, 0.0])
    box = []
    for number, coordinates in enumerate(
        (grid.axis_mm(), grid.axis_mm(), grid.heights_mm())
    ):
        near = np.abs(coordinates - centre[number]) <= half[number]
        inside = np.flatnonzero(near)
        box.append((coordinates, slice(int(inside[0]), int(inside[-1]) + 1)))
    return box


def _subsamples(centres: Array) -> Array:
    offsets = (np.arange(SUBSAMPLES) + 0.5) / SUBSAMPLES - 0.5
    fine: Array = (
        (centres[:, None] + offsets[None, :] * PIXEL_MM).ravel().astype(np.float32)
    )
    return fine


def _binned(fine: Array) -> Array:
    """Mean over the subsamples of each voxel."""
    z, y, x = (length // SUBSAMPLES for length in fine.shape)
    blocks = fine.reshape(z, SUBSAMPLES, y, SUBSAMPLES, x, SUBSAMPLES)
    mean: Array = blocks.mean(axis=(1, 3, 5))
    return mean
