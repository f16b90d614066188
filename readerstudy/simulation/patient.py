"""The simulated patient: everything random about one case, drawn once.

Patient coordinates are DICOM's LPS (PS3.3 C.7.6.2.1.1): +x is the patient's
left, +y posterior, +z towards the top of the head, in mm.

Sources
-------
Grades and typical measured striatal binding ratios: the four visual grades of
the reader study. Normal values and their decline with age (about 5 % a decade):
Varrone et al. 2013, doi:10.1007/s00259-012-2276-8. Putamen lost before caudate,
posterior before anterior: Kish et al. 1988, doi:10.1056/NEJM198804073181402.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDES = ("right", "left")

# grade: (putamen, caudate) measured SBR = (striatum - background) / background.
TYPICAL_SBR: dict[int, tuple[float, float]] = {
    4: (2.5, 2.3),
    3: (1.6, 2.0),
    2: (0.8, 1.6),
    1: (0.25, 0.5),
}
# A drawn value stays on its own side of the midpoint to the neighbouring grade.
PUTAMEN_LIMITS: dict[int, tuple[float, float]] = {
    4: (2.15, 3.4),
    3: (1.25, 1.95),
    2: (0.55, 1.1),
    1: (0.08, 0.42),
}
CAUDATE_LIMITS: dict[int, tuple[float, float]] = {
    4: (1.9, 3.2),
    3: (1.6, 2.5),
    2: (1.2, 2.1),
    1: (0.25, 0.8),
}
# Relative slope of putaminal uptake from its middle to its anterior tip.
POSTERIOR_LOSS: dict[int, tuple[float, float]] = {
    4: (0.05, 0.20),
    3: (0.25, 0.50),
    2: (0.40, 0.70),
    1: (0.20, 0.50),
}
# Twelve patients of a clinic: (better side, worse side). Any twelve cases that
# follow each other from a multiple of twelve hold all of them, in random order,
# so that a cohort of any length is mixed and longer cohorts keep earlier cases.
CLINIC: tuple[tuple[int, int], ...] = (
    (4, 4),
    (4, 4),
    (4, 4),
    (4, 3),
    (4, 3),
    (3, 3),
    (3, 2),
    (3, 2),
    (2, 2),
    (2, 1),
    (2, 1),
    (1, 1),
)


@dataclass(frozen=True)
class Side:
    """One striatum: its grade, uptake and size."""

    grade: int
    putamen_sbr: float
    caudate_sbr: float
    posterior_loss: float
    putamen_ml: float
    caudate_ml: float


@dataclass(frozen=True)
class Patient:
    """All that is random about a case, except the counts themselves."""

    seed: int
    index: int
    age_years: int
    sex: str  # DICOM (0010,0040): "M" or "F"
    right: Side
    left: Side
    head_scale: tuple[float, float, float]  # of the nominal head, along x, y, z
    nod_deg: float
    tilt_deg: float
    turn_deg: float
    shift_mm: tuple[float, float]  # head centre from the axis of rotation, x and y
    slices: int
    top_margin_mm: float  # air above the head in the field of view
    ventricle_scale: float
    fold_phases: tuple[float, ...]
    parotid_ratio: tuple[float, float]  # right, left; of the brain background
    total_counts: float  # expected photopeak counts of the 25-minute scan
    scatter_to_primary: float

    @property
    def code(self) -> str:
        return f"{self.index + 1:04d}"

    @property
    def patient_id(self) -> str:
        """DICOM (0010,0020); tells cohorts of different seeds apart."""
        return f"SIM{self.seed}-{self.code}"

    def side(self, name: str) -> Side:
        return {"right": self.right, "left": self.left}[name]


def stream(seed: int, index: int, purpose: int) -> np.random.Generator:
    """An own random stream for each case and purpose, whatever else is drawn."""
    return np.random.default_rng(np.random.SeedSequence([seed, index, purpose]))


def draw_patient(*, seed: int, index: int) -> Patient:
    """Case `index` (from 0) of the cohort `seed`; needs no other case."""
    rng = stream(seed, index, purpose=0)
    age = int(np.clip(rng.normal(67, 10), 38, 88))
    sex = "M" if rng.random() < 0.5 else "F"
    grades = _draw_grades(seed=seed, index=index)
    size = rng.normal(1.0 if sex == "M" else 0.96, 0.02)
    shape = size * rng.normal(1.0, 0.015, size=3)
    right, left = _draw_sides(rng, grades=grades, age=age)
    parotid = rng.uniform(1.5, 3.2)
    turn = rng.normal(0, [5.0, 2.5, 3.5])
    nod_deg, tilt_deg, turn_deg = (float(angle) for angle in np.clip(turn, -10, 10))
    shift = np.clip(rng.normal(0, 4.0, size=2), -8, 8)
    return Patient(
        seed=seed,
        index=index,
        age_years=age,
        sex=sex,
        right=right,
        left=left,
        head_scale=(float(shape[0]), float(shape[1]), float(shape[2])),
        nod_deg=nod_deg,
        tilt_deg=tilt_deg,
        turn_deg=turn_deg,
        shift_mm=(float(shift[0]), float(shift[1])),
        slices=int(rng.integers(59, 84)),
        top_margin_mm=float(rng.uniform(8, 24)),
        ventricle_scale=float(rng.normal(0.85 + 0.006 * (age - 50), 0.1)),
        fold_phases=tuple(float(p) for p in rng.uniform(0, 2 * np.pi, size=9)),
        parotid_ratio=(
            float(parotid * rng.normal(1, 0.08)),
            float(parotid * rng.normal(1, 0.08)),
        ),
        total_counts=float(rng.uniform(2.8e6, 4.95e6)),
        scatter_to_primary=float(np.clip(rng.normal(0.35, 0.03), 0.25, 0.45)),
    )


def _draw_grades(*, seed: int, index: int) -> dict[str, int]:
    block = np.random.default_rng(
        np.random.SeedSequence([seed, index // len(CLINIC), 1])
    )
    order = block.permutation(len(CLINIC))
    worse_is_left = block.random(len(CLINIC)) < 0.5
    place = index % len(CLINIC)
    better, worse = CLINIC[int(order[place])]
    if worse_is_left[place]:
        return {"right": better, "left": worse}
    return {"right": worse, "left": better}


def _draw_sides(
    rng: np.random.Generator, *, grades: dict[str, int], age: int
) -> tuple[Side, Side]:
    # What the two sides of one patient share, and what is each side's own.
    level = rng.normal(0, 0.07)
    putamen_ml = rng.normal(7.2 - 0.012 * (age - 65), 0.45)
    caudate_ml = rng.normal(5.2 - 0.010 * (age - 65), 0.55)
    sides = [
        _draw_side(
            rng,
            grade=grades[name],
            level=level - 0.005 * (age - 65),
            putamen_ml=putamen_ml,
            caudate_ml=caudate_ml,
        )
        for name in SIDES
    ]
    return sides[0], sides[1]


def _draw_side(
    rng: np.random.Generator,
    *,
    grade: int,
    level: float,
    putamen_ml: float,
    caudate_ml: float,
) -> Side:
    own = rng.normal(0, 0.05, size=2)
    putamen, caudate = TYPICAL_SBR[grade]
    return Side(
        grade=grade,
        putamen_sbr=float(
            np.clip(putamen * np.exp(level + own[0]), *PUTAMEN_LIMITS[grade])
        ),
        caudate_sbr=float(
            np.clip(caudate * np.exp(level + own[1]), *CAUDATE_LIMITS[grade])
        ),
        posterior_loss=float(rng.uniform(*POSTERIOR_LOSS[grade])),
        putamen_ml=float(np.clip(putamen_ml * rng.normal(1, 0.02), 6.0, 8.5)),
        caudate_ml=float(np.clip(caudate_ml * rng.normal(1, 0.02), 3.6, 8.0)),
    )
