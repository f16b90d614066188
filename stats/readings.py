"""Grades by reader, arm and place, and the sides that had none to give. No Django.

Held as arrays of five bytes a grade or less, so that a million reads fit in memory.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Grades = NDArray[np.int8]

MISSING = -1  # never read, or not assessable

# A place in the readings: one side of one case.
Place = tuple[int, str]  # case pk, "right" or "left"
Key = tuple[int, int, int]  # reader pk, arm pk, repeat

# A place as one number: twice the case's pk, plus 1 on the right. Numbers are in the
# order of the places.
SIDES = ("left", "right")


def place_number(place: Place) -> int:
    case, side = place
    return 2 * case + SIDES.index(side)


def place_of(number: int) -> Place:
    return number // 2, SIDES[number % 2]


class GradesOf(Mapping[Place, int]):
    """Place → grade, of the places that have one; a view of a Reading."""

    def __init__(self, reading: "Reading") -> None:
        self.reading = reading

    def __getitem__(self, place: Place) -> int:
        grade = int(self.reading.at([place_number(place)])[0])
        if grade == MISSING:
            raise KeyError(place)
        return grade

    def __iter__(self) -> Iterator[Place]:
        reading = self.reading
        return map(place_of, reading.numbers[reading.values != MISSING].tolist())

    def __len__(self) -> int:
        return int((self.reading.values != MISSING).sum())


class Reading:
    """What one reader answered in one arm, latest version of each answer.

    grades: of the places that have one. declined: places that the reader could not
    assess; answered all the same, and never among the grades.

    The same as arrays: numbers, (n,) of all places answered, ascending; values, (n,)
    their grades, 0 to 127, MISSING where declined.
    """

    def __init__(
        self, grades: Mapping[Place, int] | None = None, declined: Iterable[Place] = ()
    ) -> None:
        given = {place_number(place): MISSING for place in declined}
        given |= {place_number(place): one for place, one in (grades or {}).items()}
        self._hold(
            np.array(list(given), dtype=np.int64),
            np.array(list(given.values()), dtype=np.int8),
        )

    @classmethod
    def of_arrays(cls, numbers: Integers, values: Grades) -> "Reading":
        """numbers: (n,) each once, in any order; values: (n,) as in the class."""
        found = cls.__new__(cls)
        found._hold(numbers, values)
        return found

    def _hold(self, numbers: Integers, values: Grades) -> None:
        order = np.argsort(numbers, kind="stable")
        self.numbers: Integers = numbers[order]
        self.values: Grades = values[order]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Reading)
            and np.array_equal(self.numbers, other.numbers)
            and np.array_equal(self.values, other.values)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def grades(self) -> Mapping[Place, int]:
        return GradesOf(self)

    @property
    def declined(self) -> frozenset[Place]:
        return frozenset(map(place_of, self.numbers[self.values == MISSING].tolist()))

    @property
    def answered(self) -> frozenset[Place]:
        return frozenset(map(place_of, self.numbers.tolist()))

    def at(self, numbers: Sequence[int] | Integers) -> Grades:
        """The grades of these places, MISSING where there is none."""
        wanted = np.asarray(numbers, dtype=np.int64)
        found = np.full(len(wanted), MISSING, dtype=np.int8)
        if len(self.numbers):
            near = np.searchsorted(self.numbers, wanted)
            near[near == len(self.numbers)] = 0
            there = self.numbers[near] == wanted
            found[there] = self.values[near[there]]
        return found


NOTHING = Reading()


@dataclass(frozen=True)
class Readings:
    """All of a study.

    patients: case pk → keyed digest of the patient, the cluster of all intervals.
    standards: reader pk → what the reader's grades are compared with.
    """

    by_key: Mapping[Key, Reading]
    patients: Mapping[int, str]
    standards: Mapping[int, Reading]

    def standard(self, reader: int) -> Reading:
        return self.standards.get(reader, NOTHING)

    def of(self, reader: int, arm: int, repeat: int = 0) -> Reading:
        return self.by_key.get((reader, arm, repeat), NOTHING)


@dataclass(frozen=True)
class Common:
    """What several readings say of the places that all of them graded.

    numbers: (n,) the places, ascending. grades: (readings, n). left_out: how many
    places every reading answered and at least one could not assess; a place that one
    of them never read is in neither.
    """

    numbers: Integers
    grades: Grades
    left_out: int

    def patients(self, patients: Mapping[int, str]) -> list[str]:
        """(n,) whose they are. patients: case pk → digest."""
        return [patients[case] for case in (self.numbers // 2).tolist()]


def common(readings: Sequence[Reading], *, side: str | None = None) -> Common:
    """Of one or more readings. side: None for both."""
    numbers = readings[0].numbers
    for one in readings[1:]:
        numbers = np.intersect1d(numbers, one.numbers, assume_unique=True)
    if side is not None:
        numbers = numbers[numbers % 2 == SIDES.index(side)]
    grades = np.array([one.at(numbers) for one in readings], dtype=np.int8)
    graded = (grades != MISSING).all(axis=0)
    return Common(numbers[graded], grades[:, graded], int((~graded).sum()))


def graded_in_all(
    readings: Sequence[Reading], *, side: str | None = None
) -> tuple[list[Place], int]:
    """Places with a grade in every reading, in order; and how many were left out.

    As in Common, which is faster where there are many.
    """
    found = common(readings, side=side)
    return list(map(place_of, found.numbers.tolist())), found.left_out


@dataclass(frozen=True)
class GradeTable:
    """What several readers graded in several arms, beside each reader's standard.

    Items are sides of cases. Grades are places within `categories`, from 0; MISSING
    where there is none.

    categories: every grade of the scale in its order, used or not.
    grades: (readers, arms, items). standard: (readers, items), what each reader's
        grades are compared with. patients: (items,) numbers from 0 without a gap; all
        items of one patient share theirs, and are one cluster.
    """

    categories: tuple[int, ...]
    grades: Integers
    standard: Integers
    patients: Integers

    def __post_init__(self) -> None:
        readers, _arms, items = self.grades.shape
        if self.standard.shape != (readers, items) or self.patients.shape != (items,):
            raise ValueError("grades, standard and patients do not belong together")
