"""Arms compared over all readers: differences of dependent kappas."""

from collections.abc import Sequence
from dataclasses import dataclass

from readerstudy.reading.models import Arm, Membership, Study

from .. import selectors
from ..agreement.kappa import Weighting
from ..multireader import (
    Analysis,
    ArmMean,
    Comparison,
    MeanDifference,
    MeanKappa,
    ObuchowskiRockette,
    all_tables,
    compare_with_control,
    complete_items,
    cut_means,
    jackknife_replicates,
    joint_kappas,
    kappas_of_tables,
    mean_kappa,
    obuchowski_rockette,
)
from ..outcomes import NotEstimable, Reason
from ..readings import GradeTable, Readings
from .analysis_plan import AnalysisPlan
from .arms import ArmName, arm_name
from .grade_tables import grade_table

# With so few readers, what an analysis says of other readers rests on nearly nothing.
READERS_FOR_MORE_THAN_SENSITIVITY = 4


@dataclass(frozen=True)
class MeanLine:
    """One arm's mean kappa over these readers against the reference standard."""

    arm: ArmName
    kappa: MeanKappa


@dataclass(frozen=True)
class ComparisonLine:
    """One arm against the control."""

    arm: ArmName
    found: Comparison


@dataclass(frozen=True)
class OtherReadersLine:
    """One arm: its mean, and its difference from the control; None: no control."""

    arm: ArmName
    mean: ArmMean | NotEstimable
    difference: MeanDifference | None


@dataclass(frozen=True)
class OtherReaders:
    """The analysis for readers beyond these, of complete sides.

    items, items_left_out: sides that every reader graded in every arm and that have a
    standard, and all others. arms: in the order of its numbers. control: place
    among them; None: no control.
    """

    items: int
    items_left_out: int
    arms: tuple[ArmName, ...]
    control: int | None
    found: ObuchowskiRockette | NotEstimable
    sensitivity_only: bool

    @property
    def analysis(self) -> Analysis | NotEstimable:
        """For readers and patients beyond these."""
        if isinstance(self.found, NotEstimable):
            return self.found
        return self.found.analyses[0]

    @property
    def lines(self) -> tuple[OtherReadersLine, ...]:
        return other_readers_lines(self, self.analysis)


def other_readers_lines(
    others: OtherReaders, analysis: Analysis | NotEstimable
) -> tuple[OtherReadersLine, ...]:
    """Arm by arm; none where there is no analysis."""
    if isinstance(analysis, NotEstimable):
        return ()
    control = others.control
    return tuple(
        OtherReadersLine(
            arm,
            analysis.means[place],
            None
            if control is None or place == control
            else analysis.between(place, control),
        )
        for place, arm in enumerate(others.arms)
    )


@dataclass(frozen=True)
class MultiReader:
    """Arms compared over all readers: differences of dependent kappas.

    control: the plan's; else the arm that is read twice, if there is just one.
    control_planned: whether it is the plan's. margin: the plan's.
    """

    weighting: Weighting
    readers: tuple[str, ...]
    control: ArmName | None
    control_planned: bool
    margin: float | None
    means: tuple[MeanLine, ...]
    comparisons: tuple[ComparisonLine, ...]
    others: OtherReaders

    @property
    def patients(self) -> tuple[int, int]:
        """The fewest and the most patients that a mean kappa is of."""
        counts = [line.kappa.patients for line in self.means]
        return min(counts, default=0), max(counts, default=0)

    @property
    def compared_patients(self) -> tuple[int, int]:
        """The same of the comparisons."""
        counts = [line.found.mean.patients for line in self.comparisons]
        return min(counts, default=0), max(counts, default=0)


def multireader_section(
    study: Study,
    plan: AnalysisPlan,
    readings: Readings,
    readers: Sequence[Membership],
) -> MultiReader:
    arms = selectors.compared_arms(study)
    names = tuple(arm_name(arm) for arm in arms)
    control, planned = control_place(arms, plan)
    table = grade_table(
        readings,
        readers,
        arms,
        categories=selectors.grade_scale(study).categories,
    )
    joint = joint_kappas(table, weighting=plan.weighting)
    compared: tuple[Comparison, ...] = ()
    if control is not None:
        compared = compare_with_control(
            table, control, weighting=plan.weighting, margin=plan.margin
        )
    return MultiReader(
        weighting=plan.weighting,
        readers=tuple(reader.code for reader in readers),
        control=None if control is None else names[control],
        control_planned=planned,
        margin=plan.margin,
        means=tuple(
            MeanLine(name, mean_kappa(joint, place)) for place, name in enumerate(names)
        ),
        comparisons=tuple(ComparisonLine(names[one.arm], one) for one in compared),
        others=_other_readers(table, names, control, plan.weighting),
    )


def control_place(arms: Sequence[Arm], plan: AnalysisPlan) -> tuple[int | None, bool]:
    """Place of the control among the compared arms, and whether the plan names it."""
    for place, arm in enumerate(arms):
        if arm.code == plan.control:
            return place, True
    repeated = [place for place, arm in enumerate(arms) if arm.repeated]
    return (repeated[0] if len(repeated) == 1 else None), False


def _other_readers(
    table: GradeTable,
    names: tuple[ArmName, ...],
    control: int | None,
    weighting: Weighting,
) -> OtherReaders:
    readers, arms, items = table.grades.shape
    complete = complete_items(table)
    kept = complete.grades.shape[2]
    found: ObuchowskiRockette | NotEstimable
    if not kept and min(readers, arms) > 1:
        found = NotEstimable(Reason.NO_COMPLETE_PATIENT)
    else:
        figures = kappas_of_tables(all_tables(complete), weighting=weighting)
        found = obuchowski_rockette(
            figures, jackknife_replicates(complete, weighting=weighting)
        )
    if isinstance(found, ObuchowskiRockette):
        found = cut_means(found, low=-1, high=1)
    return OtherReaders(
        items=kept,
        items_left_out=items - kept,
        arms=names,
        control=control,
        found=found,
        sensitivity_only=readers < READERS_FOR_MORE_THAN_SENSITIVITY,
    )
