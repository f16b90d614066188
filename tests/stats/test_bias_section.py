"""What a statistician reads of bias: on the page, and in the files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from readerstudy.reading.models import Answer, Read, Score, Session, Study
from stats.exporting.bundle import export_to_folder
from stats.outcomes import NotEstimable, Reason
from stats.reporting.bias_section import Bias
from stats.reporting.building import report_build

from .conftest import lines
from .studies import make_cohort, make_study


def bias_of(study: Study) -> Bias:
    return report_build(study=study).bias


def tell_times(study: Study) -> None:
    """Arm “short” takes twice as long, and every tenth of a session 1 % longer."""
    for read in Read.objects.filter(session__study=study).select_related("arm"):
        longer = 2.0 if read.arm.code == "short" else 1.0
        jitter = 1 + 0.01 * ((7 * read.position) % 5)
        Answer.objects.filter(read=read).update(
            spent_ms=int(4000 * longer * jitter * 1.01 ** (read.position / 10))
        )


def test_the_shift_is_that_of_the_grades_table(study: Study) -> None:
    report = report_build(study=study)
    shown = {line.arm.code: line for line in report.grades if line.shift}
    assert [line.arm.code for line in report.bias.arms] == ["short", "unet"]
    for line in report.bias.arms:
        expected = shown[line.arm.code]
        assert line.shift.mean.mean == pytest.approx(expected.shift.mean)
        assert line.shift.mean.interval.low == pytest.approx(
            expected.shift.interval.low
        )
        assert line.shift.pairs == expected.pairs == sum(line.shift.counts) == 36
        assert [one.mean for one in line.shift.readers] == pytest.approx(
            [shift.mean for _, shift in expected.shifts]
        )
        assert line.shift.steps == tuple(range(-3, 4))
        assert sum(map(sum, line.symmetry.table)) == 36
        assert line.shift.permutation.exact


def test_images_graded_higher_are_found_and_said(
    study: Study, page: Callable[[], str]
) -> None:
    of_unet = Score.objects.filter(answer__read__arm__code="unet")
    of_unet.filter(value__lt=4).update(value=4)
    unet = bias_of(study).arms[1]
    assert unet.shift.mean.mean > 0.5
    assert unet.shift.permutation.p < 0.1
    assert all(count == 0 for count in unet.shift.counts[:3])
    said = page()
    assert "Bias: are images graded above or below the standard?" in said
    assert "Above 0 the images look healthier than the standard" in said
    assert said.count("other P values of this table are not corrected") == 2
    assert "P &gt; 0.05 does not show" in said or "P > 0.05 does not show" in said


def test_second_readings_are_compared_with_first_ones(study: Study) -> None:
    Score.objects.filter(answer__read__repeat=1).update(value=4)
    everyone, *alone = bias_of(study).repeats
    assert (everyone.arm.code, everyone.reader) == ("unet", "")
    assert [line.reader for line in alone] == ["A", "B", "C"]
    assert everyone.shift.pairs == 36
    assert everyone.shift.mean.mean > 0
    assert min(count for count in everyone.shift.counts[3:]) >= 0
    assert sum(everyone.shift.counts[:3]) == 0


def test_sensitivity_is_counted_from_the_scores(study: Study) -> None:
    bias = bias_of(study)
    assert (bias.normal_from, bias.control.code) == (4, "unet")
    grades = {
        (
            s.answer.read.arm.code,
            s.answer.read.reader.code,
            s.answer.read.case_id,
            s.side,
        ): (s.value)
        for s in Score.objects.filter(answer__read__repeat=0).select_related(
            "answer__read__arm", "answer__read__reader"
        )
    }
    abnormal = [
        key for key, grade in grades.items() if key[0] == "reference" and grade < 4
    ]
    called = sum(grades["short", *key[1:]] < 4 for key in abnormal)
    short = bias.detection[0].found
    assert short.overall.sensitivity.items == len(abnormal)
    assert short.overall.sensitivity.right == called
    assert short.against_control is not None
    assert bias.detection[1].found.against_control is None


def test_times_are_compared_at_the_same_position(study: Study) -> None:
    assert bias_of(study).times[0].time.ratio == NotEstimable(Reason.NO_TIME_TOLD)
    tell_times(study)
    bias = bias_of(study)
    assert bias.timed_against.code == "unet"
    reference, short = bias.times
    assert (reference.arm.code, short.arm.code) == ("reference", "short")
    assert short.time.ratio == pytest.approx(2, abs=0.02)
    assert reference.time.ratio == pytest.approx(1, abs=0.02)
    seconds = bias.effects[2]
    assert seconds.is_ratio
    assert seconds.fatigue.estimate == pytest.approx(1.01, abs=0.01)
    assert seconds.learning.estimate == NotEstimable(Reason.OVERLAPPING)


def test_positions_count_from_the_beginning_of_their_session(study: Study) -> None:
    for session in Session.objects.filter(study=study):
        later = Session.objects.create(
            study=study, reader=session.reader, number=2, first_position=13
        )
        session.reads.filter(position__gt=12).update(session=later)
    tell_times(study)
    for read in Read.objects.all():
        place = read.position if read.position <= 12 else read.position - 12
        Answer.objects.filter(read=read).update(spent_ms=1000 * 2 ** (place / 10))
    seconds = bias_of(study).effects[2]
    assert seconds.fatigue.estimate == pytest.approx(2, abs=0.01)
    assert seconds.learning.estimate == pytest.approx(1, abs=0.01)
    assert seconds.sessions.numerator == 1


def test_the_files_hold_what_the_page_shows(study: Study, tmp_path: Path) -> None:
    tell_times(study)
    report = report_build(study=study)
    export_to_folder(study=study, folder=tmp_path)
    shifts = lines(tmp_path / "grade_shift.csv")
    assert [line["reader"] for line in shifts] == ["", "A", "B", "C"] * 3
    short = report.bias.arms[0]
    assert float(shifts[0]["mean_difference"]) == short.shift.mean.mean
    assert float(shifts[0]["wilcoxon_p"]) == short.shift.wilcoxon.p
    assert shifts[0]["step_counts"] == " ".join(map(str, short.shift.counts))
    assert {line["compared_with"] for line in shifts[8:]} == {"first reading"}
    detection = lines(tmp_path / "detection.csv")
    assert len(detection) == 2 * 4 * 3
    share = report.bias.detection[0].found.overall.sensitivity
    assert float(detection[0]["share"]) == share.share
    effects = lines(tmp_path / "effects.csv")
    assert len(effects) == 3 * 3 + 2
    assert float(effects[-1]["estimate"]) == report.bias.times[1].time.ratio
    model = lines(tmp_path / "ordinal_model.csv")
    assert [line["arm"] for line in model] == ["short", "unet"]
    assert "no more patients than effects" in model[0]["not_estimable"]


@pytest.mark.parametrize(
    ("cases", "readers", "methods", "repeated"),
    [
        (1, 1, ("reference", "short"), ""),
        (2, 1, ("reference", "short", "unet"), "unet"),
        (3, 2, ("reference",), ""),
        (2, 0, ("reference", "short"), ""),
    ],
)
def test_small_studies_have_a_section_that_says_what_is_missing(
    db: None, cases: int, readers: int, methods: tuple[str, ...], repeated: str
) -> None:
    cohort = make_cohort("Few", cases=cases, methods=methods)
    study = make_study(cohort, methods=methods, readers=readers, repeated=repeated)
    kept = TypeAdapter(Bias)
    bias = bias_of(study)
    assert kept.validate_json(kept.dump_json(bias)) == bias
    assert len(bias.arms) == len(methods) - 1
    text = kept.dump_json(bias).decode()
    assert "NaN" not in text
    assert "Infinity" not in text


def test_a_page_of_one_patient_and_missing_reads_renders(
    db: None, study: Study, page: Callable[[], str]
) -> None:
    Score.objects.filter(answer__read__arm__code="short").delete()
    Read.objects.filter(arm__code="short").update(submitted_at=None)
    said = page()
    assert "there are no reads to compare" in said
    assert bias_of(study).arms[0].shift.p_holm == NotEstimable(Reason.NO_READS)
    assert np.isfinite(bias_of(study).arms[1].shift.mean.mean)
