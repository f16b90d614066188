"""Reports of image-to-image studies: what each kind of question is told as."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from readerstudy.cases.models import Cohort
from readerstudy.reading.models import Answer, Score, Study
from stats.exporting.chosen import tables
from stats.freezing import changed_since, report_freeze
from stats.models import StackQuality
from stats.outcomes import NotEstimable
from stats.reporting.building import report_build
from stats.reporting.keeping import report_json, report_read
from stats.reporting.stack_images import CALCULATION, Scale
from stats.services import image_quality_measure
from stats.templatetags.whole_words import whole

from .stacks import is_sure, make_heads, make_read_study, prefers, rates, trusts, truth

GRADES = Path(__file__).parents[1] / "golden" / "report-of-grades.json.gz"


@pytest.fixture
def heads(db: None) -> Cohort:
    return make_heads()


def test_a_report_of_grades_has_the_fields_that_it_always_had(study: Study) -> None:
    image_quality_measure(study=study)
    text = report_json(report_build(study=study))
    assert not {"asked", "stacks", "study_type", "stability", "ratings"} & set(
        json.loads(text)
    )
    assert report_read(text).study_type == "dat-spect"


def test_a_report_that_was_frozen_before_there_were_other_questions_is_the_same() -> (
    None
):
    """report-of-grades.json.gz: report_json of the study of `conducted`, by the program
    at commit e435112, whose reports knew of grades alone."""
    text = gzip.decompress(GRADES.read_bytes()).decode()
    report = report_read(text)
    assert report_json(report) == text
    assert report.is_graded and report.asked == () and report.stability is None


def test_ratings_say_that_the_reference_is_best(heads: Cohort) -> None:
    study = make_read_study(heads, rates)
    image_quality_measure(study=study)
    report = report_build(study=study)
    assert report_read(report_json(report)) == report
    assert not report.is_graded and report.kappa == () and report.grades == ()
    assert [one.question.key for one in report.ratings.questions] == [
        "noise",
        "sharpness",
        "artefacts",
        "acceptability",
    ]
    noise = report.ratings.questions[0]
    assert [one.arm.code for one in noise.arms] == ["reference", "short", "gaussian"]
    assert noise.arms[1].all.ratings == 3 * 6 - 1  # one could not be assessed
    short, gaussian = (one.mean.area for one in noise.graded)
    assert short < gaussian < 0.5
    assert report.sides.declined == 1 and report.sides.answered == 3 * 3 * 6 * 4
    assert [one.text for one in report.remarks.remarks] == [
        "=Streaks at the <b>skull base</b>."
    ]
    assert report.remarks.remarks[0].arm.code == "short"


def test_only_the_last_version_of_an_answer_counts(heads: Cohort) -> None:
    study = make_read_study(heads, rates, readers=1)
    before = report_build(study=study)
    answer = Answer.objects.filter(read__arm__code="short").first()
    again = Answer.objects.create(
        read=answer.read,
        version=2,
        reason="Wrong key.",
        shown_at=answer.shown_at,
        at=answer.at,
        by=answer.by,
    )
    for key in ("noise", "sharpness", "artefacts", "acceptability"):
        Score.objects.create(answer=again, question=key, side="image", value=5)
    after = report_build(study=study)
    assert after.ratings.questions[0].arms[1].all.counts[4] == (
        before.ratings.questions[0].arms[1].all.counts[4] + 1
    )
    assert after.ratings.questions[0].arms[1].all.ratings == (
        before.ratings.questions[0].arms[1].all.ratings
    )


def test_stacks_are_measured_in_their_unit_within_the_window(heads: Cohort) -> None:
    study = make_read_study(heads, rates, readers=1)
    assert not image_quality_measure(study=study, seconds=0)
    assert image_quality_measure(study=study)
    report = report_build(study=study)
    assert [one.metric.key for one in report.quality] == [
        "psnr",
        "ssim",
        "mae",
        "mean-error",
    ]
    assert report.quality[0].metric.data_range == 200
    assert report.stacks.scale.unit == "HU"
    assert (report.stacks.scale.low, report.stacks.scale.high) == (-100, 100)
    assert not report.images_missing
    psnr, _ssim, mae, _shift = report.quality
    short, gaussian = mae.arms
    # halfway between input and reference: half of the error, 6 dB
    assert gaussian.images.mean == pytest.approx(short.images.mean / 2, rel=0.01)
    gain = psnr.arms[1].images.mean - psnr.arms[0].images.mean
    assert gain == pytest.approx(6.02, abs=0.1)
    # the larger error has the lower rank: 1 is worst in every metric
    assert (short.mean_rank, gaussian.mean_rank) == (1, 2)
    assert short.images.n == 6 * len(_slices(heads))
    worst = report.stacks.worst[0]
    assert (worst.criterion, worst.rank) == ("psnr", 1)


def _slices(heads: Cohort) -> range:
    return range(heads.cases.first().series.first().slices)


def test_windows_of_many_counts_are_told_apart_and_to_the_last_digit() -> None:
    wide, wider = (
        Scale("counts", 0, high, 0, high, ()) for high in (1_234_567.0, 1_234_568.0)
    )
    assert wide.calculation != wider.calculation
    assert (whole(wide.high), whole(-0.5)) == ("1234567", "−0.5")
    brain = Scale("HU", -100.0, 100.0, -1024, 1024, ())
    assert brain.calculation == f"{CALCULATION}, HU -100 to 100 of -1024 to 1024"
    longest = Scale("counts", *[-1.23456789e-05] * 4, ())
    column = StackQuality._meta.get_field("calculation")
    assert len(longest.calculation) <= column.max_length


def test_a_stack_that_was_made_again_is_named_and_not_measured(heads: Cohort) -> None:
    study = make_read_study(heads, prefers, question_set="forced-choice", pairs=True)
    case = heads.cases.first()
    case.renditions.filter(method="gaussian").update(sha256="0" * 64)
    image_quality_measure(study=study)
    report = report_build(study=study)
    assert report.images_missing == ((case.code, "Arm gaussian"),)


def test_choices_put_the_arms_in_order(heads: Cohort) -> None:
    study = make_read_study(heads, prefers, question_set="forced-choice", pairs=True)
    image_quality_measure(study=study)
    report = report_build(study=study)
    assert report_read(report_json(report)) == report
    found = report.preferences.questions[0]
    assert found.choices == 3 * 6 * 3
    assert found.abilities[0].arm.code == "reference"
    assert [(one.first.code, one.second.code) for one in found.pairs] == [
        ("reference", "short"),
        ("reference", "gaussian"),
        ("short", "gaussian"),
    ]
    assert [line.arm.code for line in report.times] == [
        "reference~short",
        "reference~gaussian",
        "short~gaussian",
    ]
    assert report.times[0].readers[0].answers == 6


def test_confidence_is_held_against_the_truth_that_was_given(heads: Cohort) -> None:
    study = make_read_study(
        heads,
        is_sure,
        question_set="finding-confidence",
        given=truth(heads)[1:],
    )
    report = report_build(study=study)
    assert report_read(report_json(report)) == report
    found = report.confidence
    assert (found.with_finding, found.without, found.unknown) == (3, 2, 1)
    reference, short, _filter = found.questions[0].arms
    assert reference.mean.area > short.mean.area
    assert reference.curve[0] == (0, 0) and reference.curve[-1] == (1, 1)
    assert [one.arm.code for one in found.questions[0].differences] == [
        "short",
        "gaussian",
    ]


def test_without_a_truth_there_is_no_area_and_the_reason_is_told(heads: Cohort) -> None:
    study = make_read_study(heads, is_sure, question_set="finding-confidence")
    report = report_build(study=study)
    assert isinstance(report.confidence.questions[0].arms[0].mean.area, NotEstimable)
    assert report.confidence.unknown == 6


def test_what_was_removed_is_counted_and_the_worst_cases_are_named(
    heads: Cohort,
) -> None:
    study = make_read_study(heads, trusts, question_set="anatomical-fidelity")
    report = report_build(study=study)
    assert report_read(report_json(report)) == report
    found = report.fidelity.questions[0]
    changed = {one.arm.code: one.all.changed.count for one in found.arms}
    assert changed == {"reference": 0, "short": 0, "gaussian": 9}
    worst = found.worst[0]
    assert (worst.arm.code, worst.case, worst.slice) == ("gaussian", "H002", 2)
    assert {mark.row for mark in worst.marks} == {20, 21, 22}


def test_an_answer_that_is_tampered_with_is_noticed(heads: Cohort) -> None:
    study = make_read_study(heads, trusts, question_set="anatomical-fidelity")
    frozen = report_freeze(study=study)
    assert changed_since(frozen) == ()
    marked = Score.objects.exclude(marks=[]).first()
    Score.objects.filter(pk=marked.pk).update(
        marks=[{"slice": 0, "row": 0, "column": 0}]
    )
    assert changed_since(frozen) == ("answers",)


def test_the_control_of_the_plan_is_what_ratings_are_compared_with(
    heads: Cohort,
) -> None:
    study = make_read_study(heads, rates, control="short")
    report = report_build(study=study)
    assert report.ratings.against.code == "short" and report.ratings.against_planned
    areas = [one.mean.area for one in report.ratings.questions[0].graded]
    assert np.min(areas) > 0.5


def test_a_grade_of_ones_own_is_analysed_like_any_other(study: Study) -> None:
    """Of several questions the one that is called “grade”, or else the first grade."""
    before = report_build(study=study)
    asked = study.protocol["questions"]
    own = {**asked["questions"][0], "key": "uptake", "kind": "grade"}
    Score.objects.filter(answer__read__session__study=study).update(question="uptake")
    study.protocol = {**study.protocol, "questions": {**asked, "questions": [own]}}
    study.save()
    after = report_build(study=study)
    assert after.question == "uptake" and after.kappa == before.kappa
    assert after.is_graded and [one.key for one in after.asked] == ["uptake"]
    line = next(iter(tables(after)["reads.csv"].lines(study, after)))
    assert line["grade"] == line["value"] and line["kind"] == "grade"
