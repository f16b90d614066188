"""A simulated CT cohort as DICOM files, with the truth beside them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .chest import draw_chest, render_chest
from .tomography import Scanner, scan_slices
from .writer import write_series

TRUTH_FILE = "truth.csv"
LOW_DOSE = 0.1
TRUTH_COLUMNS = ("patient_id", "nodule", "x_mm", "y_mm", "z_mm", "radius_mm")


def write_ct_cohort(
    folder: Path,
    *,
    cases: int,
    seed: int,
    slices: int = 5,
    pixels: int = 256,
    scanner: Scanner | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write `cases` patients, each scanned at full and at a tenth of the dose:
    `<code>/full-dose/*.dcm`, `<code>/low-dose/*.dcm`, and truth.csv beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / TRUTH_FILE).open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(TRUTH_COLUMNS)
        for index in range(cases):
            chest = draw_chest(seed=seed, index=index)
            stack = render_chest(chest, slices=slices, pixels=pixels)
            full, low = scan_slices(
                stack,
                doses=(1.0, LOW_DOSE),
                rng=np.random.default_rng([seed, index, 2]),
                scanner=scanner,
            )
            home = folder / chest.code
            write_series(
                home / "full-dose", full, chest, description="Full dose", number=1
            )
            write_series(
                home / "low-dose",
                low,
                chest,
                description="Low dose",
                number=2,
                dose=LOW_DOSE,
            )
            nodule = chest.nodule
            truth = (*nodule.centre_mm, nodule.radius_mm) if nodule else ()
            numbers = [f"{number:.2f}" for number in truth] or [""] * 4
            table.writerow([f"SIM-{chest.code}", int(bool(nodule)), *numbers])
            if progress is not None:
                progress(index + 1, cases)
