"""The report compares with what the protocol calls the standard."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from readerstudy.reading.models import Study
from stats import selectors
from stats.reporting.building import report_build
from stats.services import image_quality_measure
from tests.stats.studies import SIDES, make_cohort, make_study

METHODS = ("reference", "short", "unet")


@pytest.fixture(scope="module")
def read_study(django_db_setup, django_db_blocker):
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        cohort = make_cohort("standards", cases=8, methods=METHODS)
        yield make_study(cohort, methods=METHODS)
        transaction.set_rollback(True)


def with_standard(study: Study, standard: str, **given: object) -> Study:
    plan = {
        "primary_arm": "",
        "control_arm": "",
        "margin": None,
        "weights": "quadratic",
        "interval": "clustered-delta",
        "image_metrics": ["psnr-255"],
        "standard": standard,
        "given": [],
        **given,
    }
    study.protocol = {**study.protocol, "analysis": plan}
    study.save()
    return study


def graded(study: Study, reader: str, arm: str) -> list[int]:
    """By case code, right then left."""
    found = selectors.readings(study)
    pk = study.memberships.get(code=reader).pk
    reading = found.of(pk, study.arms.get(code=arm).pk)
    cases = selectors.study_cases(study)
    return [reading.grades[case.pk, side] for case in cases for side in SIDES]


def kappas(study: Study) -> dict[tuple[str, str], float]:
    image_quality_measure(study=study)
    lines = report_build(study=study).kappa
    return {
        (one.arm.code, r.reader): r.both.kappa for one in lines for r in one.readers
    }


def kappa(first: list[int], second: list[int]) -> float:
    return cohen_kappa_score(first, second, labels=[1, 2, 3, 4], weights="quadratic")


@pytest.mark.django_db
def test_the_median_of_the_readers_is_one_standard_for_all(read_study):
    study = with_standard(read_study, "median")
    reference = [graded(study, reader, "reference") for reader in "ABC"]
    median = np.median(reference, axis=0).astype(int).tolist()
    found = kappas(study)
    for reader in "ABC":
        wanted = kappa(median, graded(study, reader, "unet"))
        assert found["unet", reader] == pytest.approx(wanted)
    assert {arm for arm, _reader in found} == {"short", "unet"}


@pytest.mark.django_db
def test_with_given_grades_the_reference_arm_is_compared_too(read_study):
    codes = list(selectors.study_cases(read_study).values_list("code", flat=True))
    grades = np.random.default_rng(2).integers(1, 5, (len(codes), 2)).tolist()
    given = [
        {"case": code, "right": right, "left": left}
        for code, (right, left) in zip(codes, grades, strict=True)
    ]
    study = with_standard(read_study, "given", given=given)
    found = kappas(study)
    truth = [grade for pair in grades for grade in pair]
    for arm in METHODS:
        wanted = kappa(truth, graded(study, "A", arm))
        assert found[arm, "A"] == pytest.approx(wanted)
    shifts = {line.arm.code: line.shift for line in report_build(study=study).grades}
    assert shifts["reference"] is not None


@pytest.mark.django_db
def test_a_side_without_a_majority_is_left_out_and_counted(read_study):
    study = with_standard(read_study, "majority")
    reference = np.array([graded(study, reader, "reference") for reader in "ABC"])
    split = int(
        (np.sort(reference, axis=0)[:-1] != np.sort(reference, axis=0)[1:])
        .all(axis=0)
        .sum()
    )
    lines = report_build(study=study).kappa
    assert {r.both.left_out for line in lines for r in line.readers} == {split}


@pytest.mark.django_db
def test_the_primary_comparison_is_with_the_same_standard(read_study):
    plan = {"primary_arm": "unet", "control_arm": "short", "margin": "0.1"}
    study = with_standard(read_study, "median", **plan)
    found = kappas(study)
    difference = np.mean([found["unet", r] - found["short", r] for r in "ABC"])
    primary = report_build(study=study).primary
    assert primary.same.difference.difference == pytest.approx(difference)
    own = report_build(study=with_standard(study, "own", **plan)).primary
    assert own.same.difference.difference != pytest.approx(difference)
