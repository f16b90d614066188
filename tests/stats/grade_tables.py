"""Grades of several readers in several arms, drawn from a known seed."""

import numpy as np

from stats.readings import MISSING, GradeTable


def drawn_table(
    *,
    seed: int = 1,
    readers: int = 3,
    arms: int = 2,
    patients: int = 20,
    missing: float = 0.0,
) -> GradeTable:
    """Two sides a patient; a patient's sides are alike, and so are readers' errors."""
    rng = np.random.default_rng(seed)
    items = 2 * patients
    disease = np.repeat(rng.normal(size=patients), 2) + 0.6 * rng.normal(size=items)

    def graded(*shape: int) -> np.ndarray:
        seen = disease + 0.6 * rng.normal(size=(*shape, items))
        places = np.digitize(seen, (-1.0, -0.3, 0.5))
        lost = rng.random(places.shape) < missing
        return np.where(lost, MISSING, places)

    return GradeTable(
        categories=(1, 2, 3, 4),
        grades=graded(readers, arms),
        standard=graded(readers),
        patients=np.repeat(np.arange(patients), 2),
    )


def one_reader(
    standard: list[int], grades: list[int], *, patients: list[int] | None = None
) -> GradeTable:
    """One reader in one arm, of places from 0; each item another patient's."""
    owners = list(range(len(grades))) if patients is None else patients
    return GradeTable(
        categories=(1, 2, 3, 4),
        grades=np.array(grades, dtype=np.int64).reshape(1, 1, -1),
        standard=np.array(standard, dtype=np.int64).reshape(1, -1),
        patients=np.array(owners, dtype=np.int64),
    )
