"""Simulated scans that several tests look at; made once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from readerstudy.imaging.preprocessing import (
    SEARCH_RADIUS_MM,
    find_central_slice,
    prepare_stack,
    to_eight_bit,
)
from readerstudy.imaging.volume import Volume
from readerstudy.simulation.patient import (
    TYPICAL_SBR,
    Patient,
    Side,
    draw_patient,
)
from readerstudy.simulation.phantom import Phantom, render_phantom
from readerstudy.simulation.scanning import (
    Scans,
    SimulatedPair,
    scan_phantom,
    simulate_pair,
)
from tests.made_once import made_once

SEED = 41


def side_of_grade(grade: int) -> Side:
    putamen, caudate = TYPICAL_SBR[grade]
    return Side(
        grade=grade,
        putamen_sbr=putamen,
        caudate_sbr=caudate,
        posterior_loss=0.2,
        putamen_ml=7.2,
        caudate_ml=5.2,
    )


def patient_with(*, right: int, left: int, index: int = 0) -> Patient:
    patient = draw_patient(seed=SEED, index=index)
    return replace(patient, right=side_of_grade(right), left=side_of_grade(left))


def psnr_of(pair: SimulatedPair) -> float:
    """Mean over the five study images of a case, 8 bits, range 255, in dB."""
    central = find_central_slice(pair.reference, search_radius_mm=SEARCH_RADIUS_MM)
    reference, short = (
        to_eight_bit(prepare_stack(volume, central_slice=central).values).astype(float)
        for volume in (pair.reference, pair.short)
    )
    error = ((reference - short) ** 2).mean(axis=(1, 2))
    return float((10 * np.log10(255**2 / error)).mean())


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """As `simulate_pair` does it: threads would wait for each other on busy cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[SimulatedPair]:
    def simulated(folder: Path) -> list[SimulatedPair]:
        return [simulate_pair(seed=SEED, index=index) for index in range(4)]

    return made_once(tmp_path_factory, "simulated-pairs", simulated)


@pytest.fixture(scope="session")
def left_normal(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Patient, Phantom, Scans]:
    """A patient whose left striatum alone is normal, and both scans of the head."""

    def scanned(folder: Path) -> tuple[Patient, Phantom, Scans]:
        patient = patient_with(right=1, left=4, index=1)
        phantom = render_phantom(patient)
        return patient, phantom, scan_phantom(phantom, patient)

    return made_once(tmp_path_factory, "simulated-left-normal", scanned)


@pytest.fixture(scope="session")
def left_normal_pair(
    left_normal: tuple[Patient, Phantom, Scans],
) -> SimulatedPair:
    patient, phantom, scans = left_normal
    spacing = (phantom.grid.pixel_mm,) * 3
    return SimulatedPair(
        reference=Volume(counts=scans.stored[0], spacing_mm=spacing),
        short=Volume(counts=scans.stored[1], spacing_mm=spacing),
        truth=patient,
        lowest_mm=phantom.grid.lowest_mm,
        photopeak_counts=scans.photopeak_counts,
    )
