"""The agreement tables of a report: kappa, intra-reader, grades given."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from readerstudy.reading.models import Membership, Study

from . import selectors
from .agreement import Agreement, Weighting, weighted_kappa
from .arms import arm_name
from .comparison import PatientMean, mean_of_estimates, patient_mean
from .report import GradeLine, IntraReaderLine, KappaLine, ReaderAgreement
from .selectors import Place, Readings


def agreement(
    first: dict[Place, int],
    second: dict[Place, int],
    *,
    readings: Readings,
    categories: Sequence[int],
    weighting: Weighting,
    side: str | None = None,
) -> Agreement:
    """Kappa over the places that both readings have; of one side if asked."""
    places = sorted(p for p in first.keys() & second.keys() if side in (None, p[1]))
    return weighted_kappa(
        [first[place] for place in places],
        [second[place] for place in places],
        categories=categories,
        patients=[readings.patients[case] for case, _side in places],
        weighting=weighting,
    )


def _sides(
    first: dict[Place, int],
    second: dict[Place, int],
    readings: Readings,
    categories: Sequence[int],
    weighting: Weighting,
) -> dict[str, Agreement]:
    return {
        name: agreement(
            first,
            second,
            readings=readings,
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
    reference = selectors.reference_arm(study)
    categories = selectors.grade_scale(study).categories
    lines = []
    for arm in selectors.compared_arms(study):
        agreements = tuple(
            ReaderAgreement(
                reader=reader.code,
                **_sides(
                    readings.of(reader.pk, reference.pk),
                    readings.of(reader.pk, arm.pk),
                    readings,
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
                readings,
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
    reference = selectors.reference_arm(study)
    categories = selectors.grade_scale(study).categories
    lines = []
    for arm in [reference, *selectors.compared_arms(study)]:
        given = [readings.of(reader.pk, arm.pk) for reader in readers]
        grades = [grade for places in given for grade in places.values()]
        shifts = [
            _differences(readings.of(reader.pk, reference.pk), places)
            for reader, places in zip(readers, given, strict=True)
        ]
        is_reference = arm.pk == reference.pk
        lines.append(
            GradeLine(
                arm=arm_name(arm),
                counts=tuple(grades.count(grade) for grade in categories),
                shift=None if is_reference else _shift(shifts, readings),
                shifts=()
                if is_reference
                else tuple(
                    (reader.code, _shift([one], readings))
                    for reader, one in zip(readers, shifts, strict=True)
                ),
            )
        )
    return tuple(lines)


def _differences(
    standard: dict[Place, int], places: dict[Place, int]
) -> list[tuple[int, int]]:
    """(case, arm grade - standard grade) of all places that both have."""
    return [
        (place[0], grade - standard[place])
        for place, grade in places.items()
        if place in standard
    ]


def _shift(
    differences: Sequence[list[tuple[int, int]]], readings: Readings
) -> PatientMean:
    by_patient: dict[str, list[int]] = defaultdict(list)
    for one in differences:
        for case, difference in one:
            by_patient[readings.patients[case]].append(difference)
    return patient_mean([float(np.mean(values)) for values in by_patient.values()])
