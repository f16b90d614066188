"""A simulated cohort: pairs of scans in memory, or as DICOM files with the truth."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from readerstudy.imaging.volume import Volume

from .acquisition import acquire
from .camera import FULL_SCAN_S, SHORT_SCAN_S, Camera
from .nm_writer import Scan, write_scan
from .patient import SIDES, Patient, draw_patient
from .phantom import Phantom, render_phantom, true_ratios
from .projector import Projector
from .reconstruction import Recipe, reconstruct

MATRIX = 128
# Stored integers per reconstructed count, as real systems scale before they store
# 16 bits: the hottest voxel stays far below 65535 and rounding far below noise.
STORED_PER_COUNT = 20.0
TRUTH_FILE = "truth.csv"
MOST_SIDE_BY_SIDE = 8


@dataclass(frozen=True)
class SimulatedPair:
    """Two scans of one patient, and what is true of the patient.

    The volumes hold exactly the integers that the DICOM files hold.
    """

    reference: Volume
    short: Volume
    truth: Patient
    lowest_mm: float  # z of slice 0 in patient coordinates


def simulate_pair(
    *, seed: int, index: int, device: torch.device | str = "cpu"
) -> SimulatedPair:
    """Case `index` (from 0) of cohort `seed`; the same whatever else is made."""
    with _one_thread():
        return _simulate(seed=seed, index=index, device=device)


def _simulate(*, seed: int, index: int, device: torch.device | str) -> SimulatedPair:
    patient = draw_patient(seed=seed, index=index)
    phantom = render_phantom(patient)
    scans = scan_phantom(phantom, patient, device=device)
    spacing = (phantom.grid.pixel_mm,) * 3
    return SimulatedPair(
        reference=Volume(counts=scans[0], spacing_mm=spacing),
        short=Volume(counts=scans[1], spacing_mm=spacing),
        truth=patient,
        lowest_mm=phantom.grid.lowest_mm,
    )


@contextmanager
def _one_thread() -> Iterator[None]:
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
) -> NDArray[np.float32]:
    """Both reconstructed scans, (2, slices, 128, 128), whole numbers."""
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
    return whole


def write_cohort(
    folder: Path,
    *,
    cases: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    device: torch.device | str = "cpu",
) -> None:
    """Write `cases` patients, two NM files each, and truth.csv beside them.

    Can be stopped and called again: files are complete once they bear their
    name, and cases that have both are not made again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_truth(folder / TRUTH_FILE, cases=cases, seed=seed)
    missing = [
        index
        for index in range(cases)
        if not _is_complete(folder, seed=seed, index=index)
    ]
    done = cases - len(missing)
    if progress is not None:
        progress(done, cases)
    with _one_thread(), ThreadPoolExecutor(_side_by_side(device)) as pool:
        written = [
            pool.submit(_write_case, folder, seed=seed, index=index, device=device)
            for index in missing
        ]
        try:
            for finished in as_completed(written):
                finished.result()
                done += 1
                if progress is not None:
                    progress(done, cases)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _side_by_side(device: torch.device | str) -> int:
    """Cases at a time: each takes a core and about 0.5 GB."""
    if torch.device(device).type != "cpu":
        return 1
    return max(1, min(os.cpu_count() or 1, MOST_SIDE_BY_SIDE))


def case_files(folder: Path, *, seed: int, index: int) -> tuple[Path, Path]:
    """Where the reference and the short scan of a case lie."""
    stem = f"sim{seed}_{index + 1:04d}"
    return folder / f"{stem}_25min.dcm", folder / f"{stem}_5min.dcm"


def _is_complete(folder: Path, *, seed: int, index: int) -> bool:
    return all(path.exists() for path in case_files(folder, seed=seed, index=index))


def _write_case(
    folder: Path, *, seed: int, index: int, device: torch.device | str
) -> None:
    pair = _simulate(seed=seed, index=index, device=device)
    volumes = (pair.reference, pair.short)
    durations = (FULL_SCAN_S, SHORT_SCAN_S)
    paths = case_files(folder, seed=seed, index=index)
    for number, (path, volume, seconds) in enumerate(
        zip(paths, volumes, durations, strict=True), start=1
    ):
        scan = Scan(
            volume=volume,
            patient=pair.truth,
            lowest_mm=pair.lowest_mm,
            duration_s=seconds,
            number=number,
        )
        unfinished = path.with_name(path.name + ".part")
        write_scan(unfinished, scan)
        unfinished.replace(path)


TRUTH_COLUMNS = (
    "patient_id",
    "side",
    "grade",
    "putamen_sbr",
    "caudate_sbr",
    "putamen_tissue_ratio",
    "caudate_tissue_ratio",
    "putamen_posterior_loss",
    "putamen_ml",
    "caudate_ml",
    "age_years",
    "sex",
    "photopeak_counts_expected",
)


def write_truth(path: Path, *, cases: int, seed: int) -> None:
    """One line a patient and side. The platform never reads this file."""
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(TRUTH_COLUMNS)
        for index in range(cases):
            patient = draw_patient(seed=seed, index=index)
            table.writerows(_truth_row(patient, name) for name in SIDES)
    unfinished.replace(path)


def _truth_row(patient: Patient, name: str) -> list[str | int]:
    side = patient.side(name)
    tissue = true_ratios(side)
    return [
        patient.patient_id,
        name,
        side.grade,
        f"{side.putamen_sbr:.3f}",
        f"{side.caudate_sbr:.3f}",
        f"{tissue[0]:.3f}",
        f"{tissue[1]:.3f}",
        f"{side.posterior_loss:.3f}",
        f"{side.putamen_ml:.2f}",
        f"{side.caudate_ml:.2f}",
        patient.age_years,
        patient.sex,
        round(patient.total_counts),
    ]
