"""Whether arms, sides, order or time move the grades."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from readerstudy.reading.models import Arm, Membership, Study

from .. import selectors
from ..bias.detection import ArmDetection, detections
from ..bias.ordinal import OddsRatio, ordinal_model
from ..bias.shift import GradeShift, grade_shifts, of_reader, repeat_shifts
from ..bias.symmetry import Symmetry, symmetry
from ..readings import GradeTable, Readings
from .analysis_plan import AnalysisPlan
from .arms import ArmName, arm_name
from .circumstances import reads_made
from .effect_tables import EffectLine, TimeRatioLine, effect_lines, time_lines
from .grade_tables import grade_table


@dataclass(frozen=True)
class ShiftLine:
    """One arm against the standard, or second against first readings of one arm.

    reader: empty for all readers together.
    """

    arm: ArmName
    reader: str
    shift: GradeShift
    symmetry: Symmetry


@dataclass(frozen=True)
class DetectionLine:
    arm: ArmName
    found: ArmDetection


@dataclass(frozen=True)
class OddsLine:
    arm: ArmName
    odds: OddsRatio


@dataclass(frozen=True)
class Bias:
    """Whether arms, order or time move the grades.

    arms: against the standard. repeats: second against first readings of the arms that
    are read twice; of all readers, then of each. normal_from: the lowest grade that is
    normal. control: of detection; None where the study has none. timed_against: of
    reading times. odds_grades, odds_patients: what the ordinal model is of.
    """

    patients: int
    arms: tuple[ShiftLine, ...]
    repeats: tuple[ShiftLine, ...]
    normal_from: int
    control: ArmName | None
    detection: tuple[DetectionLine, ...]
    effects: tuple[EffectLine, ...]
    timed_against: ArmName
    times: tuple[TimeRatioLine, ...]
    odds_grades: int
    odds_patients: int
    odds: tuple[OddsLine, ...]

    @property
    def unused(self) -> bool:
        """Some grade was not used in some arm, by any reader."""
        return any(line.symmetry.unused for line in self.arms)


def bias_section(
    study: Study,
    plan: AnalysisPlan,
    readings: Readings,
    readers: Sequence[Membership],
) -> Bias:
    reference = selectors.reference_arm(study)
    compared = selectors.arms_with_standard(study)
    categories = selectors.grade_scale(study).categories
    every = [reference, *selectors.compared_arms(study)]
    first = len(every) - len(compared)  # 0 where the reference is compared too
    whole = grade_table(readings, readers, every, categories=categories)
    table = replace(whole, grades=whole.grades[:, first:])
    control = _control(compared, plan)
    made = reads_made(study, readers, every, list(readings.patients))
    timed = every.index(control) if control else 0
    model = ordinal_model(whole)
    names = [arm_name(arm) for arm in compared]
    return Bias(
        patients=len(set(readings.patients.values())),
        arms=tuple(
            ShiftLine(name, "", shift, _symmetry(table, place))
            for place, (name, shift) in enumerate(
                zip(names, grade_shifts(table), strict=True)
            )
        ),
        repeats=_repeats(study, readings, readers, categories),
        normal_from=categories[-1],
        control=arm_name(control) if control else None,
        detection=_detection(
            table, names, compared.index(control) if control else None
        ),
        effects=effect_lines(table, made, first=first),
        timed_against=arm_name(every[timed]),
        times=time_lines(
            whole.patients, made, [arm_name(arm) for arm in every], control=timed
        ),
        odds_grades=model.grades,
        odds_patients=model.patients,
        odds=tuple(
            OddsLine(arm_name(arm), odds)
            for arm, odds in zip(every[1:], model.arms, strict=True)
        ),
    )


def _control(arms: Sequence[Arm], plan: AnalysisPlan) -> Arm | None:
    """The plan's control, or else the arm that is read twice if there is just one."""
    planned = [arm for arm in arms if arm.code == plan.control]
    chosen = planned or [arm for arm in arms if arm.repeated]
    return chosen[0] if len(chosen) == 1 else None


def _symmetry(table: GradeTable, arm: int) -> Symmetry:
    """All readers' sides of one arm in one square."""
    return symmetry(
        table.standard.ravel(),
        table.grades[:, arm].ravel(),
        patients=np.tile(table.patients, len(table.grades)),
        categories=len(table.categories),
    )


def _repeats(
    study: Study,
    readings: Readings,
    readers: Sequence[Membership],
    categories: Sequence[int],
) -> tuple[ShiftLine, ...]:
    twice = list(study.arms.filter(repeated=True).order_by("position"))
    once = grade_table(readings, readers, twice, categories=categories)
    again = grade_table(readings, readers, twice, categories=categories, repeat=1)
    lines = []
    for place, arm in enumerate(twice):
        table = replace(
            again, grades=again.grades[:, [place]], standard=once.grades[:, place]
        )
        alone = [of_reader(table, one) for one in range(len(readers))]
        for code, shift, part in zip(
            ["", *(reader.code for reader in readers)],
            repeat_shifts(table),
            [table, *alone],
            strict=True,
        ):
            lines.append(ShiftLine(arm_name(arm), code, shift, _symmetry(part, 0)))
    return tuple(lines)


def _detection(
    table: GradeTable, names: Sequence[ArmName], control: int | None
) -> tuple[DetectionLine, ...]:
    found = detections(table, normal_from=table.categories[-1], control=control)
    return tuple(
        DetectionLine(name, one) for name, one in zip(names, found, strict=True)
    )
