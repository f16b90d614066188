"""The long scan as it would be without noise: what all noisy images stand for.

Short counts are part of the long ones, so an image near the long scan may owe some
of that to noise which both share. It owes none of its nearness to this one.
"""

from __future__ import annotations

import torch
from torch import Tensor

from readerstudy.imaging.volume import Volume

from .acquisition import _measured_mu, _smooth_scatter, count, expected_counts, thin
from .camera import SHORT_FRACTION, Camera
from .patient import Patient, draw_patient, stream
from .phantom import Phantom, render_phantom
from .projector import Projector
from .reconstruction import Recipe, reconstruct
from .scanning import STORED_PER_COUNT, one_thread


def simulate_expected(*, seed: int, index: int) -> tuple[Volume, Volume]:
    """The 25-minute scan of case `index` of cohort `seed`, and its expectation.

    The first holds the same integers as `simulate_pair` gives (within the phantom's
    grid); the second is reconstructed alike from mean instead of counted photons,
    with the same imperfect scatter estimate and attenuation map.
    """
    with one_thread():
        patient = draw_patient(seed=seed, index=index)
        phantom = render_phantom(patient)
        camera, grid = Camera(), phantom.grid
        photopeak, scatter, mu = _acquire(phantom, patient, camera)
        projector = Projector(
            camera,
            size=grid.size,
            slices=grid.slices,
            pixel_mm=grid.pixel_mm,
            mu=mu,
        )
        volumes = reconstruct(photopeak, scatter, projector=projector, recipe=Recipe())
        stored = (volumes * STORED_PER_COUNT).round_().clamp_(0, 65535).numpy()
    spacing = (grid.pixel_mm,) * 3
    reference, expected = (Volume(counts=v, spacing_mm=spacing) for v in stored)
    return reference, expected


def _acquire(
    phantom: Phantom, patient: Patient, camera: Camera
) -> tuple[Tensor, Tensor, Tensor]:
    """Photopeak and scatter, (views, bins, 2, slices) counted and expected; the map.

    Draws what `acquire` draws, in its order: the map comes after all counts.
    """
    primary, scattered = expected_counts(phantom, patient, camera=camera)
    rng = stream(patient.seed, patient.index, purpose=2)
    photopeak = count(primary + scattered, rng)
    mismatch = float(rng.normal(1.0, 0.05))
    mean_side = scattered * (camera.side_share * mismatch)
    side = count(mean_side, rng)
    thin(photopeak, rng, fraction=SHORT_FRACTION)
    thin(side, rng, fraction=SHORT_FRACTION)
    mu = _measured_mu(phantom.mu, rng)
    counts, sides = (
        torch.stack([torch.from_numpy(one).float() for one in both], dim=2)
        for both in ((photopeak, primary + scattered), (side, mean_side))
    )
    return counts, _smooth_scatter(sides, camera, phantom.grid.pixel_mm), mu
