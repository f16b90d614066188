"""Grades by reader, arm and place, and the sides that had none to give. No Django."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

MISSING = -1  # never read, or not assessable

# A place in the readings: one side of one case.
Place = tuple[int, str]  # case pk, "right" or "left"
Key = tuple[int, int, int]  # reader pk, arm pk, repeat


@dataclass(frozen=True)
class Reading:
    """What one reader answered in one arm, latest version of each answer.

    grades: of the places that have one. declined: places that the reader could not
    assess; answered all the same, and never among the grades.
    """

    grades: Mapping[Place, int] = field(default_factory=dict)
    declined: frozenset[Place] = frozenset()

    @property
    def answered(self) -> frozenset[Place]:
        return self.declined | frozenset(self.grades)


@dataclass(frozen=True)
class Readings:
    """All of a study.

    patients: case pk → keyed digest of the patient, the cluster of all intervals.
    """

    by_key: Mapping[Key, Reading]
    patients: Mapping[int, str]

    def of(self, reader: int, arm: int, repeat: int = 0) -> Reading:
        return self.by_key.get((reader, arm, repeat), Reading())


def graded_in_all(
    readings: Sequence[Reading], *, side: str | None = None
) -> tuple[list[Place], int]:
    """Places with a grade in every reading, in order; and how many were left out.

    Left out are places that every reading answered and at least one could not
    assess. A place that one of them never read is in neither. side: None for both.
    """
    answered = frozenset.intersection(*(one.answered for one in readings))
    asked = [place for place in answered if side in (None, place[1])]
    graded = [p for p in asked if all(p in one.grades for one in readings)]
    return sorted(graded), len(asked) - len(graded)


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
