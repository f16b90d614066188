"""Measured projections of a phantom: primary, scatter, Poisson, thinning.

Scatter. Photons scattered once or more are modelled as coming from an effective
source: the activity spread with a broad kernel, weighted with the local density
of scatterers, seen through the same attenuation (the idea of Frey and Tsui 1996,
doi:10.1109/NSSMIC.1996.591559, with one shape of kernel for all). A small even
part stands for the 529 keV photons of 123-I that penetrate the septa.

Thinning. Counts are independent, so keeping each with probability 0.2 makes
exactly what the same camera would have counted in a fifth of the time; the short
scan is part of the long one, as when list-mode data are cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .anatomy import MU_WATER
from .camera import FWHM_PER_SIGMA, SHORT_FRACTION, Camera
from .patient import Patient, stream
from .phantom import Phantom
from .projector import Projector, blur_matrix, to_layout

SCATTER_SOURCE_FWHM_MM = 75.0
SCATTER_BLUR_FWHM_MM = 45.0  # more, in the projections
PENETRATION_SHARE = 0.04  # of the primary counts, spread evenly over the detector
SMOOTHING_FWHM_MM = 40.0  # of the side windows' counts in the scatter estimate


@dataclass(frozen=True)
class Acquisition:
    """Counts, each (views, bins, 2, slices): channel 0 reference, 1 short scan.

    photopeak: counted in the main window. scatter: estimate of the scattered
    part of them, from the counts of the side windows. mu: the attenuation map
    that the reconstruction is given, (slices, rows, columns) in 1/mm.
    """

    photopeak: Tensor
    scatter: Tensor
    mu: Tensor


def acquire(
    phantom: Phantom,
    patient: Patient,
    *,
    camera: Camera,
    device: torch.device | str = "cpu",
) -> Acquisition:
    """Scan the phantom for 25 minutes, and cut 5 minutes out of it."""
    primary, scattered = expected_counts(phantom, patient, camera=camera, device=device)
    rng = stream(patient.seed, patient.index, purpose=2)
    photopeak = count(primary + scattered, rng)
    # Scatter in the side windows is not exactly what it is in the main one.
    mismatch = float(rng.normal(1.0, 0.05))
    side = count(scattered * (camera.side_share * mismatch), rng)
    counts = _stacked(photopeak, thin(photopeak, rng, fraction=SHORT_FRACTION))
    sides = _stacked(side, thin(side, rng, fraction=SHORT_FRACTION))
    return Acquisition(
        photopeak=counts.to(device),
        scatter=_smooth_scatter(sides, camera, phantom.grid.pixel_mm).to(device),
        mu=_measured_mu(phantom.mu, rng),
    )


def expected_counts(
    phantom: Phantom,
    patient: Patient,
    *,
    camera: Camera,
    device: torch.device | str = "cpu",
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean primary and scattered counts of 25 minutes, (views, bins, slices)."""
    grid = phantom.grid
    projector = Projector(
        camera,
        size=grid.size,
        slices=grid.slices,
        pixel_mm=grid.pixel_mm,
        mu=torch.from_numpy(phantom.mu),
        device=device,
    )
    activity = torch.from_numpy(phantom.activity)
    density = torch.from_numpy(phantom.mu) / MU_WATER
    spread = _blurred(activity, SCATTER_SOURCE_FWHM_MM / grid.pixel_mm) * density
    sources = to_layout(torch.stack([activity, spread]).to(device))
    both = projector.forward(sources).cpu()
    primary = both[:, :, 0].double().numpy()
    wide = SCATTER_BLUR_FWHM_MM / grid.pixel_mm
    broad = _blurred_last(both[:, :, 1].transpose(1, 2), wide)
    scattered = _blurred_last(broad.transpose(1, 2), wide).double().numpy()
    scattered *= patient.scatter_to_primary * primary.sum() / scattered.sum()
    scattered += PENETRATION_SHARE * primary.mean()
    scale = patient.total_counts / (primary.sum() + scattered.sum())
    return primary * scale, scattered * scale


def count(expected: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Poisson counts with the given mean."""
    return rng.poisson(np.maximum(expected, 0.0))


def thin(
    counts: NDArray[np.int64], rng: np.random.Generator, *, fraction: float
) -> NDArray[np.int64]:
    """Keep each count with probability `fraction`."""
    return rng.binomial(counts, fraction)


def _stacked(reference: NDArray[np.int64], short: NDArray[np.int64]) -> Tensor:
    return torch.from_numpy(np.stack([reference, short], axis=2).astype(np.float32))


def _smooth_scatter(sides: Tensor, camera: Camera, pixel_mm: float) -> Tensor:
    """Three-window estimate: side counts, smoothed, scaled to the main window."""
    fwhm = SMOOTHING_FWHM_MM / pixel_mm
    smooth = _blurred_last(sides, fwhm)
    smooth = _blurred_last(smooth.transpose(1, 3), fwhm).transpose(1, 3)
    return (smooth / camera.side_share).contiguous()


def _blurred_last(values: Tensor, fwhm_pixels: float) -> Tensor:
    """Gaussian along the last axis; the border keeps its level."""
    matrix = torch.from_numpy(
        blur_matrix(values.shape[-1], fwhm_pixels / FWHM_PER_SIGMA)
    )
    return values @ (matrix / matrix.sum(1, keepdim=True)).T


def _blurred(volume: Tensor, fwhm_pixels: float) -> Tensor:
    for axis in range(3):
        volume = _blurred_last(volume.transpose(axis, 2), fwhm_pixels).transpose(
            axis, 2
        )
    return volume


def _measured_mu(mu: NDArray[np.float32], rng: np.random.Generator) -> Tensor:
    """The map as CT gives it: smoothed to SPECT resolution, 1 % off in scale."""
    smooth = _blurred(torch.from_numpy(mu), 6.0 / 3.29)
    return (smooth * float(rng.normal(1.0, 0.01))).contiguous()
