"""The primary comparison, as far as the analysis plan names it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from readerstudy.reading.models import Membership, Study
from readerstudy.reading.questions import SIDES

from .. import selectors
from ..agreement.kappa import Weighting
from ..multireader.kappa_difference import (
    KappaDifference,
    Pairs,
    kappa_difference,
    not_inferior,
)
from ..outcomes import NotEstimable
from ..readings import Reading, Readings, common
from .analysis_plan import AnalysisPlan
from .arms import ArmName, arm_name


@dataclass(frozen=True)
class Compared:
    """Both arms' mean kappas, their difference, and the verdict by the margin.

    pairs: of a grade with the standard's, over all readers, in the primary and in
    the control arm. is_not_inferior: the interval's lower limit lies above -margin.
    """

    difference: KappaDifference
    pairs: tuple[int, int]
    is_not_inferior: bool | NotEstimable


@dataclass(frozen=True)
class PrimaryComparison:
    """Mean kappa of the primary arm minus the control arm's, against the margin.

    Without all three there is no comparison: `same` is None.

    same: of the sides that a reader graded in the reference and in both arms: like
        with like, though the sides that one arm lacks may be its difficult ones.
    left_out: sides that a reader read in all three, and could not assess in at least
        one of them. missing: sides that were not read in all three.
    own: for comparison, each arm of all sides that have a grade in it and in the
        reference; None where these are the same sides.
    """

    primary: ArmName | None
    control: ArmName | None
    margin: float | None
    same: Compared | None = None
    left_out: int = 0
    missing: int = 0
    own: Compared | None = None


@dataclass(frozen=True)
class _ThreeReadings:
    """One reader's first readings of the reference and of the two arms."""

    standard: Reading
    primary: Reading
    control: Reading


def primary_comparison(
    study: Study,
    plan: AnalysisPlan,
    readings: Readings,
    readers: Sequence[Membership],
) -> PrimaryComparison:
    arms = {arm.code: arm for arm in selectors.compared_arms(study)}
    primary, control = arms.get(plan.primary), arms.get(plan.control)
    named = (
        arm_name(primary) if primary else None,
        arm_name(control) if control else None,
        plan.margin,
    )
    if primary is None or control is None or plan.margin is None:
        return PrimaryComparison(*named)
    three = [
        _ThreeReadings(
            readings.standard(r.pk),
            *(readings.of(r.pk, arm.pk) for arm in (primary, control)),
        )
        for r in readers
    ]
    kind = (selectors.grade_scale(study).categories, plan.weighting, plan.margin)
    same, left_out = _same_sides(three, readings.patients)
    # every reader is to read every case in all three
    planned = len(SIDES) * selectors.first_reads(study, primary).count()
    graded = sum(len(pairs.grades) for pairs, _other in same)
    own = _own_sides(three, readings.patients)
    return PrimaryComparison(
        *named,
        same=_compared(same, *kind),
        left_out=left_out,
        missing=planned - graded - left_out,
        own=None if own == same else _compared(own, *kind),
    )


Arms = list[tuple[Pairs, Pairs]]  # of each reader, primary and control


def _same_sides(
    three: Sequence[_ThreeReadings], patients: Mapping[int, str]
) -> tuple[Arms, int]:
    found, left_out = [], 0
    for one in three:
        sides = common([one.standard, one.primary, one.control])
        left_out += sides.left_out
        standard, *arms = sides.grades.tolist()
        whose = sides.patients(patients)
        primary, control = (Pairs(standard, grades, whose) for grades in arms)
        found.append((primary, control))
    return found, left_out


def _own_sides(three: Sequence[_ThreeReadings], patients: Mapping[int, str]) -> Arms:
    def pairs(standard: Reading, arm: Reading) -> Pairs:
        sides = common([standard, arm])
        first, second = sides.grades.tolist()
        return Pairs(first, second, sides.patients(patients))

    return [
        (pairs(one.standard, one.primary), pairs(one.standard, one.control))
        for one in three
    ]


def _compared(
    arms: Arms, categories: Sequence[int], weighting: Weighting, margin: float
) -> Compared:
    found = kappa_difference(arms, categories=categories, weighting=weighting)
    pairs = [sum(len(one[place].grades) for one in arms) for place in (0, 1)]
    return Compared(found, (pairs[0], pairs[1]), not_inferior(found, margin=margin))
