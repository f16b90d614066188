"""A simulated cohort as DICOM files, with the truth beside them."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import torch

from .camera import FULL_SCAN_S, SHORT_SCAN_S
from .nm_writer import Scan, write_scan
from .patient import SIDES, Patient, draw_patient
from .phantom import true_ratios
from .scanning import one_thread, simulate_pair

TRUTH_FILE = "truth.csv"
MOST_SIDE_BY_SIDE = 8


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
    with one_thread(), ThreadPoolExecutor(_side_by_side(device)) as pool:
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
    pair = simulate_pair(seed=seed, index=index, device=device)
    volumes = (pair.reference, pair.short)
    durations = (FULL_SCAN_S, SHORT_SCAN_S)
    paths = case_files(folder, seed=seed, index=index)
    for number, (path, volume, events, seconds) in enumerate(
        zip(paths, volumes, pair.photopeak_counts, durations, strict=True), start=1
    ):
        scan = Scan(
            volume=volume,
            patient=pair.truth,
            lowest_mm=pair.lowest_mm,
            duration_s=seconds,
            photopeak_counts=events,
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
