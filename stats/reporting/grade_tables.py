"""A study's grades as one array, for the statistics that need all of them at once."""

from collections.abc import Sequence

import numpy as np

from readerstudy.reading.models import Arm, Membership
from readerstudy.reading.questions import SIDES

from ..readings import MISSING, GradeTable, Integers, Reading, Readings, place_number


def grade_table(
    readings: Readings,
    readers: Sequence[Membership],
    arms: Sequence[Arm],
    *,
    categories: Sequence[int],
    repeat: int = 0,
    sides: Sequence[str] = SIDES,
) -> GradeTable:
    """`repeat` 0: first readings. The standard is the protocol's. Items are cases in
    the order of `readings.patients`, each with its sides."""
    places = np.array(
        [place_number((case, side)) for case in readings.patients for side in sides],
        dtype=np.int64,
    )
    clusters = list(dict.fromkeys(readings.patients.values()))
    number = {digest: index for index, digest in enumerate(clusters)}
    patients = [number[readings.patients[case]] for case in (places // 2).tolist()]

    def row(reading: Reading) -> Integers:
        return _row(reading, places, categories)

    grades = [
        [row(readings.of(reader.pk, arm.pk, repeat)) for arm in arms]
        for reader in readers
    ]
    standard = [row(readings.standard(reader.pk)) for reader in readers]
    return GradeTable(
        categories=tuple(categories),
        grades=np.array(grades, dtype=np.int64).reshape(
            len(readers), len(arms), len(places)
        ),
        standard=np.array(standard, dtype=np.int64).reshape(len(readers), len(places)),
        patients=np.array(patients, dtype=np.int64),
    )


def _row(reading: Reading, places: Integers, categories: Sequence[int]) -> Integers:
    """(places,) the grades of one reading, as places within the categories."""
    given = reading.at(places).astype(np.int64)
    found = np.full(len(given), MISSING, dtype=np.int64)
    for index, category in enumerate(categories):
        found[given == category] = index
    if ((given == MISSING) != (found == MISSING)).any():
        raise ValueError("a grade is not one of the categories")
    return found
