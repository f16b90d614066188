"""How many sides could not be assessed, by arm and reader: counts, no test.

A side that cannot be assessed is an answer without a grade. Whoever leaves such sides
out has to say how many there were, and in which arm.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from readerstudy.reading.models import Membership, Study

from .. import selectors
from ..readings import MISSING, Reading, Readings
from .arms import ArmName, arm_name
from .presented import Shown, presented, shown
from .whole_answers import Said


@dataclass(frozen=True)
class Sides:
    """Sides that were answered, and how many of them could not be assessed. Of studies
    without grades: answers about whole images."""

    declined: int
    answered: int

    def __add__(self, other: "Sides") -> "Sides":
        return Sides(self.declined + other.declined, self.answered + other.answered)

    @property
    def share(self) -> float | None:
        """0 to 1; None where nothing was answered."""
        return self.declined / self.answered if self.answered else None


@dataclass(frozen=True)
class AssessabilityLine:
    """One arm; repeat: 0 = first readings, 1 = second ones."""

    arm: ArmName
    repeat: int
    readers: tuple[Sides, ...]  # in the order of the report's readers

    @property
    def all(self) -> Sides:
        return sum(self.readers, Sides(0, 0))


def assessability_lines(
    study: Study, readings: Readings, readers: Sequence[Membership]
) -> tuple[AssessabilityLine, ...]:
    """Arm by arm, the reference first; second readings below the first."""
    return tuple(
        AssessabilityLine(
            arm_name(arm),
            repeat,
            tuple(_sides(readings.of(one.pk, arm.pk, repeat)) for one in readers),
        )
        for arm in [selectors.reference_arm(study), *selectors.compared_arms(study)]
        for repeat in ((0, 1) if arm.repeated else (0,))
    )


def answers_assessable(
    study: Study, said: Sequence[Said], readers: Sequence[Membership]
) -> tuple[AssessabilityLine, ...]:
    """The same of answers about whole images, words left out: they are never owed."""
    found: Counter[tuple[int, Shown, int, bool]] = Counter()
    for one in said:
        if not one.text:
            key = shown(one.arm, one.second)
            found[one.reader, key, one.repeat, bool(one.unassessable)] += 1
    return tuple(
        AssessabilityLine(
            one.name,
            repeat,
            tuple(
                _counted(
                    *(found[reader.pk, one.key, repeat, no] for no in (True, False))
                )
                for reader in readers
            ),
        )
        for one in presented(study)
        for repeat in one.repeats
    )


def _counted(declined: int, given: int) -> Sides:
    return Sides(declined, declined + given)


def _sides(reading: Reading) -> Sides:
    declined = int((reading.values == MISSING).sum())
    return Sides(declined, len(reading.values))
