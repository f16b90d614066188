"""Which images came out worst, by what: ranked within each arm."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..outcomes import NotEstimable
from .arms import ArmName
from .striatal_uptake import ArmUptake, CaseUptake, Estimate

RANKED = 5  # a criterion and arm


class Criterion(StrEnum):
    """By what images are ranked."""

    PSNR = "psnr"  # lowest first
    BINDING = "binding"  # largest error of a side's ratio, either way
    SUPPRESSION = "suppression"  # most of the background gone
    EMPHASIS = "emphasis"  # striatum most above the reference's


@dataclass(frozen=True)
class WorstCase:
    """value: what it was ranked by, in the criterion's unit: dB, difference of binding
    ratios with its sign, share. side: of the binding ratio, else empty.
    """

    criterion: Criterion
    rank: int  # within arm and criterion, 1 = worst
    arm: ArmName
    case: str
    patient: str
    side: str
    value: float


def worst_cases(arms: Sequence[ArmUptake]) -> tuple[WorstCase, ...]:
    """By criterion, rank and arm; the worst arm first within a rank.

    A case without a value is not ranked: an image that is identical to the reference
    has no PSNR, and is not the worst.
    """
    found = []
    for criterion in Criterion:
        lines = [one for arm in arms for one in _of_arm(criterion, arm)]
        found += sorted(lines, key=lambda one: (one.rank, _badness(one)))
    return tuple(found)


def _of_arm(criterion: Criterion, arm: ArmUptake) -> list[WorstCase]:
    unranked = []
    for one in arm.cases:
        side, value = _value(criterion, one)
        if not isinstance(value, NotEstimable):
            unranked.append(
                WorstCase(criterion, 0, arm.arm, one.case, one.patient, side, value)
            )
    ranked = sorted(unranked, key=lambda one: (_badness(one), one.case))[:RANKED]
    return [
        WorstCase(criterion, rank, one.arm, one.case, one.patient, one.side, one.value)
        for rank, one in enumerate(ranked, start=1)
    ]


def _value(criterion: Criterion, one: CaseUptake) -> tuple[str, Estimate]:
    if criterion is Criterion.BINDING:
        return one.largest_error
    values = {
        Criterion.PSNR: one.psnr,
        Criterion.SUPPRESSION: one.suppression,
        Criterion.EMPHASIS: one.emphasis,
    }
    return "", values[criterion]


def _badness(one: WorstCase) -> float:
    """The lower, the worse."""
    if one.criterion is Criterion.PSNR:
        return one.value
    return -abs(one.value) if one.criterion is Criterion.BINDING else -one.value
