"""The primary comparison, as far as the analysis plan names it."""

from collections.abc import Sequence
from dataclasses import dataclass

from readerstudy.reading.models import Arm, Membership, Study

from . import selectors
from .analysis_plan import AnalysisPlan
from .arms import ArmName, arm_name
from .kappa_difference import KappaDifference, Pairs, kappa_difference, not_inferior
from .outcomes import NotEstimable
from .selectors import Readings


@dataclass(frozen=True)
class PrimaryComparison:
    """Mean kappa of the primary arm minus the control arm's, against the margin.

    Without all three there is no comparison: `difference` is None.
    is_not_inferior: the interval's lower limit lies above -margin.
    """

    primary: ArmName | None
    control: ArmName | None
    margin: float | None
    difference: KappaDifference | None = None
    is_not_inferior: bool | NotEstimable = False


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
    found = kappa_difference(
        [
            (
                _pairs(study, readings, reader, primary),
                _pairs(study, readings, reader, control),
            )
            for reader in readers
        ],
        categories=selectors.grade_scale(study).categories,
        weighting=plan.weighting,
    )
    return PrimaryComparison(*named, found, not_inferior(found, margin=plan.margin))


def _pairs(study: Study, readings: Readings, reader: Membership, arm: Arm) -> Pairs:
    """The reader's first readings in the arm beside those of the reference."""
    standard = readings.of(reader.pk, selectors.reference_arm(study).pk)
    grades = readings.of(reader.pk, arm.pk)
    places = sorted(standard.keys() & grades.keys())
    return Pairs(
        standard=[standard[place] for place in places],
        grades=[grades[place] for place in places],
        patients=[readings.patients[case] for case, _side in places],
    )
