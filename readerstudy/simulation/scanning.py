"""Both scans of a patient in memory: from the drawn patient to stored integers.

All that decides what the images look like is here and in what this module imports;
`cohort.py` and `nm_writer.py` only write it down.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from readerstudy.imaging.volume import Volume

from .acquisition import acquire
from .camera import Camera
from .patient import Patient, draw_patient
from .phantom import Phantom, render_phantom
from .projector import Projector
from .reconstruction import Recipe, reconstruct

MATRIX = 128
# Stored integers per reconstructed count, as real systems scale before they store
# 16 bits: the hottest voxel stays far below 65535 and rounding far below noise.
STORED_PER_COUNT = 20.0


@dataclass(frozen=True)
class Scans:
    """Reference and short scan, in this order.

    stored: reconstructed, (2, slices, 128, 128), whole numbers.
    photopeak_counts: gamma events in the main window, all views together.
    """

    stored: NDArray[np.float32]
    photopeak_counts: tuple[int, int]


@dataclass(frozen=True)
class SimulatedPair:
    """Two scans of one patient, and what is true of the patient.

    The volumes hold exactly the integers that the DICOM files hold.
    """

    reference: Volume
    short: Volume
    truth: Patient
    lowest_mm: float  # z of slice 0 in patient coordinates
    photopeak_counts: tuple[int, int]  # gamma events: reference, short


def simulate_pair(
    *, seed: int, index: int, device: torch.device | str = "cpu"
) -> SimulatedPair:
    """Case `index` (from 0) of cohort `seed`; the same whatever else is made."""
    with one_thread():
        patient = draw_patient(seed=seed, index=index)
        phantom = render_phantom(patient)
        scans = scan_phantom(phantom, patient, device=device)
    spacing = (phantom.grid.pixel_mm,) * 3
    return SimulatedPair(
        reference=Volume(counts=scans.stored[0], spacing_mm=spacing),
        short=Volume(counts=scans.stored[1], spacing_mm=spacing),
        truth=patient,
        lowest_mm=phantom.grid.lowest_mm,
        photopeak_counts=scans.photopeak_counts,
    )


@contextmanager
def one_thread() -> Iterator[None]:
    """The matrices are small: threads of one case wait for each other more than they
    work, above all on a busy machine. Cases run side by side instead, and the result
    depends on no number of cores.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def scan_phantom(
    phantom: Phantom,
    patient: Patient,
    *,
    camera: Camera | None = None,
    recipe: Recipe | None = None,
    device: torch.device | str = "cpu",
) -> Scans:
    """Acquire the phantom once for both durations, and reconstruct both."""
    camera = camera or Camera()
    grid = phantom.grid
    acquired = acquire(phantom, patient, camera=camera, device=device)
    projector = Projector(
        camera,
        size=grid.size,
        slices=grid.slices,
        pixel_mm=grid.pixel_mm,
        mu=acquired.mu,
        device=device,
    )
    volumes = reconstruct(
        acquired.photopeak,
        acquired.scatter,
        projector=projector,
        recipe=recipe or Recipe(),
    )
    stored = (volumes.cpu() * STORED_PER_COUNT).round_().clamp_(0, 65535).numpy()
    edge = (MATRIX - grid.size) // 2
    whole: NDArray[np.float32] = np.pad(
        stored, ((0, 0), (0, 0), (edge, edge), (edge, edge))
    ).astype(np.float32)
    events = acquired.photopeak.sum(dim=(0, 1, 3), dtype=torch.float64).tolist()
    return Scans(stored=whole, photopeak_counts=(round(events[0]), round(events[1])))
