"""Makes the examples of the atlas: heads of simulated patients, typical uptake.

Heads, sizes and counts are drawn as for any simulated patient; the uptake of each
side is the typical one of its grade, not a drawn one, so that an example shows its
grade and no border case. Loads torch: for the command and tests only.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.preprocessing import (
    SEARCH_RADIUS_MM,
    find_central_slice,
    prepare_stack,
)
from readerstudy.imaging.volume import Volume
from readerstudy.simulation.patient import (
    POSTERIOR_LOSS,
    TYPICAL_SBR,
    Patient,
    Side,
    draw_patient,
)
from readerstudy.simulation.phantom import render_phantom, true_ratios
from readerstudy.simulation.scanning import one_thread, scan_phantom

from . import ATLAS_SEED, FOLDER, values_sha256

QUESTION_SET = "striatum-grade-1-4"


@dataclass(frozen=True)
class Plan:
    """One example: whose head it is, and the grades of its sides."""

    index: int  # of the patient in the cohort ATLAS_SEED
    right: int
    left: int


# Both sides alike first, from normal down, then sides that differ. The heads were
# chosen by eye: upright, of usual size, all different.
PLANS = (
    Plan(index=9, right=4, left=4),
    Plan(index=11, right=3, left=3),
    Plan(index=14, right=2, left=2),
    Plan(index=3, right=1, left=1),
    Plan(index=21, right=4, left=2),
    Plan(index=0, right=2, left=4),
    Plan(index=7, right=3, left=1),
)


def draw_example(plan: Plan) -> Patient:
    """The patient of a plan, with the typical uptake of its grades."""
    drawn = draw_patient(seed=ATLAS_SEED, index=plan.index)
    return replace(
        drawn,
        right=_typical(drawn.right, plan.right),
        left=_typical(drawn.left, plan.left),
    )


def _typical(side: Side, grade: int) -> Side:
    putamen, caudate = TYPICAL_SBR[grade]
    loss = sum(POSTERIOR_LOSS[grade]) / 2
    return replace(
        side,
        grade=grade,
        putamen_sbr=putamen,
        caudate_sbr=caudate,
        posterior_loss=loss,
    )


def make_example(plan: Plan) -> tuple[NDArray[np.float16], int]:
    """Five slices (5, 64, 64) of the 25-minute scan, and which one is central."""
    patient = draw_example(plan)
    with one_thread():
        phantom = render_phantom(patient)
        scans = scan_phantom(phantom, patient)
    volume = Volume(counts=scans.stored[0], spacing_mm=(phantom.grid.pixel_mm,) * 3)
    central = find_central_slice(volume, search_radius_mm=SEARCH_RADIUS_MM)
    values = prepare_stack(volume, central_slice=central).values
    return values.astype(np.float16), central


def write_atlas(
    folder: Path = FOLDER, *, progress: Callable[[int, int], None] | None = None
) -> None:
    """The values as .npy, and beside them as JSON how they came about."""
    images, told = [], []
    for done, plan in enumerate(PLANS, start=1):
        values, central = make_example(plan)
        images.append(values)
        told.append(_certificate(plan, central))
        if progress:
            progress(done, len(PLANS))
    stacked = np.stack(images)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{QUESTION_SET}.npy", stacked, allow_pickle=False)
    card = {
        "question_set": QUESTION_SET,
        "made_by": "manage.py build_atlas",
        "scan": "25 minutes, simulated",
        "seed": ATLAS_SEED,
        "dtype": str(stacked.dtype),
        "shape": list(stacked.shape),
        "sha256": values_sha256(stacked),
        "examples": told,
    }
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (folder / f"{QUESTION_SET}.json").write_text(f"{text}\n", encoding="utf-8")


def _certificate(plan: Plan, central: int) -> dict[str, Any]:
    patient = draw_example(plan)
    return {
        "index": plan.index,
        "grades": {"grade": {"right": plan.right, "left": plan.left}},
        "central_slice": central,
        "age_years": patient.age_years,
        "sex": patient.sex,
        "photopeak_counts_expected": round(patient.total_counts),
        "truth": {
            "right": _truth(patient.right),
            "left": _truth(patient.left),
        },
    }


def _truth(side: Side) -> dict[str, float]:
    """Binding ratios as measured and in the tissue; volumes."""
    putamen, caudate = true_ratios(side)
    told = {**asdict(side), "putamen_tissue_ratio": putamen}
    told["caudate_tissue_ratio"] = caudate
    del told["grade"]
    return {name: round(value, 3) for name, value in told.items()}
