"""The agreement tables of a report: kappa, intra-reader, grades given."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from readerstudy.reading.models import Membership, Study

from .. import selectors
from ..agreement.kappa import Agreement, Weighting, weighted_kappa
from ..means import PatientMean, mean_of_estimates, patient_mean
from ..outcomes import Reason
from ..readings import MISSING, NOTHING, Reading, Readings, common
from .arms import arm_name
from .report import GradeLine, IntraReaderLine, KappaLine, ReaderAgreement


def agreement(
    first: Reading,
    second: Reading,
    *,
    patients: Mapping[int, str],
    categories: Sequence[int],
    weighting: Weighting,
    side: str | None = None,
) -> Agreement:
    """Kappa over the places that both readings graded; of one side if asked."""
    found = common([first, second], side=side)
    return weighted_kappa(
        *found.grades.tolist(),
        categories=categories,
        patients=found.patients(patients),
        weighting=weighting,
        left_out=found.left_out,
    )


def _sides(
    first: Reading,
    second: Reading,
    patients: Mapping[int, str],
    categories: Sequence[int],
    weighting: Weighting,
) -> dict[str, Agreement]:
    return {
        name: agreement(
            first,
            second,
            patients=patients,
            categories=categories,
            weighting=weighting,
            side=side,
        )
        for name, side in (("both", None), ("right", "right"), ("left", "left"))
    }


def kappa_lines(
    study: Study,
    readings: Readings,
    readers: Sequence[Membership],
    *,
    weighting: Weighting,
) -> tuple[KappaLine, ...]:
    categories = selectors.grade_scale(study).categories
    lines = []
    for arm in selectors.arms_with_standard(study):
        agreements = tuple(
            ReaderAgreement(
                reader=reader.code,
                **_sides(
                    readings.standard(reader.pk),
                    readings.of(reader.pk, arm.pk),
                    readings.patients,
                    categories,
                    weighting,
                ),
            )
            for reader in readers
        )
        mean = mean_of_estimates([one.both.kappa for one in agreements])
        lines.append(KappaLine(arm_name(arm), agreements, mean))
    return tuple(lines)


def intra_reader_lines(
    study: Study,
    readings: Readings,
    readers: Sequence[Membership],
    *,
    weighting: Weighting,
) -> tuple[IntraReaderLine, ...]:
    categories = selectors.grade_scale(study).categories
    return tuple(
        IntraReaderLine(
            arm=arm_name(arm),
            reader=reader.code,
            **_sides(
                readings.of(reader.pk, arm.pk, 0),
                readings.of(reader.pk, arm.pk, 1),
                readings.patients,
                categories,
                weighting,
            ),
        )
        for arm in study.arms.filter(repeated=True).order_by("position")
        for reader in readers
    )


def grade_lines(
    study: Study, readings: Readings, readers: Sequence[Membership]
) -> tuple[GradeLine, ...]:
    categories = selectors.grade_scale(study).categories
    compared = {arm.pk for arm in selectors.arms_with_standard(study)}
    lines = []
    for arm in [selectors.reference_arm(study), *selectors.compared_arms(study)]:
        given = [readings.of(reader.pk, arm.pk) for reader in readers]
        grades = np.concatenate([NOTHING.values, *(one.values for one in given)])
        shifts = [
            _shifted(readings.standard(reader.pk), one)
            for reader, one in zip(readers, given, strict=True)
        ]
        lines.append(
            GradeLine(
                arm=arm_name(arm),
                counts=tuple(int((grades == grade).sum()) for grade in categories),
                declined=int((grades == MISSING).sum()),
                pairs=sum(len(one.differences) for one in shifts),
                left_out=sum(one.left_out for one in shifts),
                shift=_shift(shifts, readings) if arm.pk in compared else None,
                shifts=tuple(
                    (reader.code, _shift([one], readings))
                    for reader, one in zip(readers, shifts, strict=True)
                    if arm.pk in compared
                ),
            )
        )
    return tuple(lines)


@dataclass(frozen=True)
class _Shifted:
    differences: list[tuple[int, int]]  # case pk, arm grade - standard grade
    left_out: int


def _shifted(standard: Reading, arm: Reading) -> _Shifted:
    """Of all places that both graded."""
    found = common([standard, arm])
    cases = (found.numbers // 2).tolist()
    standard_grades, arm_grades = found.grades.tolist()
    return _Shifted(
        [
            (case, after - before)
            for case, before, after in zip(
                cases, standard_grades, arm_grades, strict=True
            )
        ],
        found.left_out,
    )


def _shift(shifted: Sequence[_Shifted], readings: Readings) -> PatientMean:
    by_patient: dict[str, list[int]] = defaultdict(list)
    for one in shifted:
        for case, difference in one.differences:
            by_patient[readings.patients[case]].append(difference)
    left_out = any(one.left_out for one in shifted)
    return patient_mean(
        [float(np.mean(values)) for values in by_patient.values()],
        without=Reason.NONE_ASSESSED if left_out else Reason.NO_READS,
    )
