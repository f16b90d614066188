"""Questions about whole images that were answered twice, and by several readers."""

import math
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from sklearn.metrics import cohen_kappa_score

from readerstudy.cases.models import Cohort
from readerstudy.reading.models import Membership, Read, Score, Study
from stats.agreement import repeatability
from stats.figures.registry import figure_context, figures
from stats.figures.rendering import render
from stats.freezing import report_work
from stats.outcomes import Interval, NotEstimable, Reason
from stats.reporting.building import report_build
from stats.reporting.keeping import report_json, report_read
from stats.reporting.reliability_section import ReliableQuestion

from .stacks import (
    is_sure,
    make_heads,
    make_read_study,
    rates,
    trusts,
    truth,
)

NOT_A_NUMBER = float("nan")


@pytest.fixture
def heads(db: None) -> Cohort:
    return make_heads()


def _asked(study: Study, key: str) -> ReliableQuestion:
    found = report_build(study=study).reliability
    assert found is not None
    return next(one for one in found.questions if one.question.key == key)


def _values(question: str, reader: str, arm: str, repeat: int) -> dict[str, int]:
    """Case → answer, straight from the rows."""
    rows = Score.objects.filter(
        question=question,
        answer__read__reader__code=reader,
        answer__read__arm__code=arm,
        answer__read__repeat=repeat,
        value__isnull=False,
    )
    return dict(rows.values_list("answer__read__case__code", "value"))


def test_a_criterion_rated_twice_has_its_weighted_kappa(heads: Cohort) -> None:
    study = make_read_study(heads, rates, repeated=("short",))
    found = _asked(study, "noise")
    assert found.weighting == "quadratic"
    assert [(one.arm.code, one.reader) for one in found.again] == [
        ("short", reader) for reader in "ABC"
    ]
    for one in found.again:
        first, second = (_values("noise", one.reader, "short", n) for n in (0, 1))
        cases = sorted(first.keys() & second.keys())
        pairs = [first[case] for case in cases], [second[case] for case in cases]
        assert one.pairs.items == len(cases)
        wanted = cohen_kappa_score(*pairs, labels=range(1, 6), weights="quadratic")
        assert one.bootstrap.kappa == pytest.approx(wanted)
        assert isinstance(one.interval, Interval)
        assert one.shift is not None
        assert one.shift.value == pytest.approx(np.subtract(*pairs[::-1]).mean())
    # reader A could not rate one of the six for its motion, either time
    assert [one.pairs.items for one in found.again] == [5, 6, 6]


def test_a_choice_counts_by_arm_however_the_pair_is_turned(heads: Cohort) -> None:
    """Reader B always takes the left one, which the second time is the other arm."""

    def chooses(read: Read, number: int, rng: np.random.Generator) -> dict[str, Any]:
        if number == 1:
            return {"preference": {"value": 1}}
        assert read.second_arm is not None
        left = read.arm.position < read.second_arm.position
        if int(read.case.code[1:]) == 3:
            return {"preference": {"value": 3}}
        return {"preference": {"value": 1 if left else 2}}

    study = make_read_study(
        heads,
        chooses,
        question_set="forced-choice",
        pairs=True,
        readers=2,
        repeated=("short", "gaussian"),
    )
    found = _asked(study, "preference")
    assert found.weighting == "unweighted" and found.in_pairs
    steady, leaning = found.again
    assert steady.arm.code == leaning.arm.code == "short~gaussian"
    assert (steady.pairs.exact.value, steady.bootstrap.kappa) == (1, 1)
    assert steady.opposite == 0 and steady.pairs.table[0][0] == 5
    assert leaning.pairs.exact.value == 0 and leaning.opposite == 6
    assert len(found.among) == 3  # every pair


def test_fidelity_takes_answers_as_names(heads: Cohort) -> None:
    """To confuse “moved” with “added” is as wrong as with any other answer."""

    def sees(read: Read, number: int, rng: np.random.Generator) -> dict[str, Any]:
        return {"fidelity": {"value": int(rng.integers(1, 5))}}

    study = make_read_study(
        heads, sees, question_set="anatomical-fidelity", repeated=("gaussian",)
    )
    found = _asked(study, "fidelity")
    for one in found.again:
        first, second = (_values("fidelity", one.reader, "gaussian", n) for n in (0, 1))
        cases = sorted(first)
        wanted = cohen_kappa_score(
            [first[c] for c in cases], [second[c] for c in cases]
        )
        assert one.bootstrap.kappa == pytest.approx(wanted)
        assert one.shift is None
    assert [one.name for one in found.among[0].coefficients] == [
        "light_unweighted",
        "fleiss",
        "ac1",
        "alpha_nominal",
    ]


def test_confidence_given_twice_has_an_icc_and_a_repeatability(heads: Cohort) -> None:
    study = make_read_study(
        heads,
        is_sure,
        question_set="finding-confidence",
        given=truth(heads),
        repeated=("gaussian",),
    )
    found = _asked(study, "confidence")
    assert found.weighting is None and not found.again
    for one in found.measured:
        first, second = (
            _values("confidence", one.reader, "gaussian", n) for n in (0, 1)
        )
        both = np.array([[first[case], second[case]] for case in sorted(first)], float)
        assert one.intraclass.estimate == pytest.approx(_icc_absolute(both))
        apart = both[:, 1] - both[:, 0]
        assert one.apart.standard_deviation == pytest.approx(apart.std(ddof=1))
        wanted = 1.959964 * math.sqrt((apart**2).mean())
        assert one.apart.coefficient.value == pytest.approx(wanted, rel=1e-6)
    assert [one.name for one in found.among[0].coefficients] == ["icc_2_1", "icc_3_1"]


def _icc_absolute(both: np.ndarray[Any, Any]) -> float:
    """McGraw and Wong's ICC(A,1), from the two-way analysis of variance."""
    n, k = both.shape
    middle = both.mean()
    rows = k * ((both.mean(axis=1) - middle) ** 2).sum() / (n - 1)
    columns = n * ((both.mean(axis=0) - middle) ** 2).sum() / (k - 1)
    whole = ((both - middle) ** 2).sum()
    error = (whole - (n - 1) * rows - (k - 1) * columns) / ((n - 1) * (k - 1))
    return float((rows - error) / (rows + (k - 1) * error + k / n * (columns - error)))


def test_without_second_readings_the_readers_are_held_against_each_other(
    heads: Cohort,
) -> None:
    found = _asked(make_read_study(heads, rates), "noise")
    assert not found.is_repeated and len(found.among) == 3
    light = found.among[0].coefficients[0]
    codes = "ABC"
    kappas = []
    for one, other in ((0, 1), (0, 2), (1, 2)):
        first = _values("noise", codes[one], "reference", 0)
        second = _values("noise", codes[other], "reference", 0)
        cases = sorted(first.keys() & second.keys())
        kappas.append(
            cohen_kappa_score(
                [first[case] for case in cases],
                [second[case] for case in cases],
                labels=range(1, 6),
                weights="quadratic",
            )
        )
    assert light.name == "light" and light.estimate == pytest.approx(np.mean(kappas))


def test_one_reader_who_read_nothing_twice_has_no_such_section(heads: Cohort) -> None:
    study = make_read_study(heads, rates, readers=1)
    report = report_build(study=study)
    assert report.reliability is None
    assert "reliability" not in report_json(report)


def test_reasons_speak_of_images_and_the_report_comes_back(heads: Cohort) -> None:
    """Second readings that were planned and never made are told as such."""
    study = make_read_study(heads, trusts, question_set="anatomical-fidelity")
    study.arms.filter(code="gaussian").update(repeated=True)
    Score.objects.filter(answer__read__reader__code="B").delete()
    report = report_build(study=study)
    assert report_read(report_json(report)) == report
    assert report.reliability is not None
    found = report.reliability.questions[0]
    assert {one.bootstrap.kappa for one in found.again} == {
        NotEstimable(Reason.NO_READS)
    }
    fleiss = found.among[0].coefficients[1]
    assert fleiss.estimate == NotEstimable(Reason.NO_COMMON_IMAGE)
    assert "again_fidelity" not in figures(report)


def test_the_page_and_the_figure_show_it(heads: Cohort, client: Client) -> None:
    study = make_read_study(heads, rates, repeated=("short",))
    user = User.objects.create_user("statistician")
    Membership.objects.create(study=study, user=user, role="statistician")
    client.force_login(user)
    frozen = report_work(study=study)
    page = client.get("/studies/stack-study/report/").content.decode()
    section = page.split('id="reliability"')[1].split("</section>")[0]
    assert "Would the same be answered again?" in section
    assert section.count("again_noise.svg") and "Light’s κ" in section
    # notes once, not for each of four criteria
    assert section.count("Mean shift: second answer minus the first.") == 1
    # it stands with what it is about, and not among the ratings
    assert "again_noise" not in page.split('id="reliability"')[0]
    report = report_read(frozen.content)
    picture = figure_context(report, version=None)["figures"]["again_noise"]
    assert len(picture.table.rows) == 3
    assert "Quadratic weighted kappa" in picture.caption and picture.alt
    assert render(picture).startswith(b"<?xml")


def test_repeatability_is_of_what_was_said_twice() -> None:
    first = np.array([10.0, 20, 30, 40, NOT_A_NUMBER])
    second = np.array([13.0, 16, 30, 45, 50])
    found = repeatability(first, second, patients=np.array([0, 0, 1, 2, 3]))
    assert (found.items, found.patients) == (4, 3)
    assert found.shift.value == pytest.approx(1)
    assert found.standard_deviation == pytest.approx(math.sqrt(46 / 3))
    wanted = 1.959964 * math.sqrt(50 / 4)
    assert found.coefficient.value == pytest.approx(wanted, rel=1e-6)
    span = found.coefficient.interval
    assert isinstance(span, Interval) and span.low < wanted < span.high


@pytest.mark.parametrize(
    ("second", "patients", "reason"),
    [
        ([1.0, 2.0], [0, 0], Reason.ONE_PATIENT),
        ([1.0, 1.0], [0, 1], Reason.PERFECT),
        ([1.0, 2.0], [0, 1], Reason.LEFT_OUT_UNDEFINED),
        ([2.0, 0.0], [0, 1], Reason.NO_VARIATION),
    ],
)
def test_an_interval_that_cannot_be_says_why(
    second: list[float], patients: list[int], reason: Reason
) -> None:
    found = repeatability(
        np.ones(2), np.array(second), patients=np.array(patients)
    ).coefficient
    assert isinstance(found.value, float)
    assert found.interval == NotEstimable(reason)


def test_nothing_said_twice_is_no_zero() -> None:
    nothing = np.full(3, NOT_A_NUMBER)
    found = repeatability(nothing, np.ones(3), patients=np.arange(3))
    assert found.items == 0
    assert found.coefficient.value == NotEstimable(Reason.NO_READS)
    assert found.standard_deviation == NotEstimable(Reason.NO_READS)
