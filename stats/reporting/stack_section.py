"""Image quality of whole stacks: errors in their unit, and the worst slices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..means import PatientMean, patient_mean
from ..outcomes import NotEstimable, Reason, estimated
from .arms import ArmName, arm_name
from .comparisons import MeasuredLine
from .patient_means import patient_means
from .stack_images import Scale, StackLine, StackSet

RANKED = 5  # a criterion and arm


class StackCriterion(StrEnum):
    """By what stacks are ranked: the mean over their slices."""

    PSNR = "psnr"  # lowest first
    ERROR = "mae"  # largest first
    SHIFT = "mean-error"  # furthest from 0 first


@dataclass(frozen=True)
class StackErrors:
    """One arm, in the unit: over patients, each the mean of their slices."""

    arm: ArmName
    absolute: PatientMean
    shift: PatientMean  # arm minus reference: above 0 the arm is brighter


@dataclass(frozen=True)
class WorstStack:
    """value: of the stack, by the criterion: dB, or the unit. slice: where it is worst,
    from 0, the lowest."""

    criterion: StackCriterion
    rank: int  # within arm and criterion, 1 = worst
    arm: ArmName
    case: str
    value: float
    slice: int


@dataclass(frozen=True)
class Stacks:
    """Of the arms, never of the reference with itself."""

    scale: Scale
    errors: tuple[StackErrors, ...]
    worst: tuple[WorstStack, ...]

    @property
    def by_criterion(
        self,
    ) -> tuple[tuple[StackCriterion, tuple[WorstStack, ...]], ...]:
        """Of each criterion each arm's very worst stack, the worst arm first."""
        return tuple(
            (
                criterion,
                tuple(
                    one
                    for one in self.worst
                    if one.criterion is criterion and one.rank == 1
                ),
            )
            for criterion in StackCriterion
        )


def stack_section(images: StackSet) -> Stacks:
    arms = {one.arm.pk: arm_name(one.arm) for one in images.comparisons}
    lines: dict[int, list[StackLine]] = {arm: [] for arm in arms}
    for line in images.lines():
        lines[line.arm.pk].append(line)
    worst = [one for arm, name in arms.items() for one in _worst(name, lines[arm])]
    return Stacks(
        scale=images.scale,
        errors=tuple(_errors(name, lines[arm]) for arm, name in arms.items()),
        worst=tuple(sorted(worst, key=_place)),
    )


def _errors(arm: ArmName, lines: Sequence[StackLine]) -> StackErrors:
    def over_patients(name: str) -> PatientMean:
        def value(line: MeasuredLine) -> float:
            return float(getattr(line, name))

        means = patient_means(lines, value)
        return patient_mean(list(means.values()), without=Reason.NO_IMAGES)

    return StackErrors(
        arm, over_patients("mean_absolute_error"), over_patients("mean_error")
    )


def _worst(arm: ArmName, lines: Sequence[StackLine]) -> list[WorstStack]:
    by_case: dict[str, list[StackLine]] = {}
    for line in lines:
        by_case.setdefault(line.case.code, []).append(line)
    found = []
    for criterion in StackCriterion:
        ranked = sorted(
            one
            for case, of_case in by_case.items()
            if (one := _stack(criterion, case, of_case))
        )
        for rank, (_badness, case, value, place) in enumerate(ranked[:RANKED], start=1):
            found.append(WorstStack(criterion, rank, arm, case, value, place))
    return found


def _stack(
    criterion: StackCriterion, case: str, lines: Sequence[StackLine]
) -> tuple[float, str, float, int] | None:
    """(badness, case, value, slice); None where no slice has a value."""
    values = [
        (number, line.slice)
        for line in lines
        if (number := estimated(VALUES[criterion](line))) is not None
    ]
    if not values:
        return None
    mean = sum(number for number, _slice in values) / len(values)
    place = min(values, key=lambda one: badness(criterion, one[0]))[1]
    return badness(criterion, mean), case, mean, place


VALUES: dict[StackCriterion, Callable[[StackLine], float | NotEstimable]] = {
    StackCriterion.PSNR: lambda line: line.psnr,
    StackCriterion.ERROR: lambda line: line.mean_absolute_error,
    StackCriterion.SHIFT: lambda line: line.mean_error,
}


def badness(criterion: StackCriterion, value: float) -> float:
    """The lower, the worse."""
    return value if criterion is StackCriterion.PSNR else -abs(value)


def _place(one: WorstStack) -> tuple[int, int, float]:
    criteria = list(StackCriterion)
    return criteria.index(one.criterion), one.rank, badness(one.criterion, one.value)
