"""How long reads took: what browsers told, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from readerstudy.reading.models import Answer, Read, Study
from stats.exporting.bundle import export_to_folder
from stats.outcomes import NotEstimable, Reason
from stats.reporting.building import report_build
from stats.reporting.reading_times import reading_time

from .conftest import lines
from .studies import answer_again


@pytest.mark.pure
def test_quartiles_of_five_times_are_the_second_third_and_fourth() -> None:
    """As type 7 has them, the default of R's quantile()."""
    found = reading_time([8000, None, 5000, 20000, 4000, 6000])
    assert (found.answers, found.told) == (6, 5)
    assert (found.lower, found.median, found.upper) == (5.0, 6.0, 8.0)


@pytest.mark.pure
def test_without_a_time_there_are_no_quartiles_but_a_reason() -> None:
    assert reading_time([]).median == NotEstimable(Reason.NOT_ANSWERED)
    assert reading_time([None, None]).median == NotEstimable(Reason.NO_TIME_TOLD)


def test_the_report_has_the_first_answers_of_first_readings(
    study: Study, page: Callable[[], str]
) -> None:
    assert "Not estimable: no browser told how long a read took." in page()
    of_a = Answer.objects.filter(
        read__reader__code="A", read__arm__code="short", read__repeat=0
    )
    told = [4000, 5000, 6000, 8000, 20000]
    for answer, spent in zip(of_a.order_by("pk"), told, strict=False):
        Answer.objects.filter(pk=answer.pk).update(spent_ms=spent)
    changed = Read.objects.get(answers__spent_ms=20000)
    again = answer_again(changed, left=1)
    Answer.objects.filter(pk=again.pk).update(spent_ms=900_000)
    report = report_build(study=study)
    time = report.times[1].readers[0]
    assert (time.told, time.answers, time.median) == (5, 6, 6.0)
    assert report.times[1].readers[1].median == NotEstimable(Reason.NO_TIME_TOLD)
    said = page()
    assert "6.0 s<br>" in said
    assert "5.0 to 8.0, n = 5 of 6" in said
    assert "no browser reported how long it took" in said


def test_every_version_of_an_answer_keeps_its_times(
    study: Study, tmp_path: Path
) -> None:
    read = Read.objects.get(reader__code="A", position=1)
    Answer.objects.filter(read=read).update(
        first_ms=1500,
        spent_ms=9250,
        away_ms=61_000,
        held_ms=0,
        comment="=cmd|' /C calc'!A0\nsecond line",
        window_low=10,
        window_high=200,
    )
    again = answer_again(read, right="Cut off.")
    Answer.objects.filter(pk=again.pk).update(spent_ms=3125)
    export_to_folder(study=study, folder=tmp_path)
    all_lines = lines(tmp_path / "answers.csv")
    assert len(all_lines) == 2 * (72 + 1)
    stored = [line["answered_at"] for line in all_lines]
    assert stored == sorted(stored)
    first, second = (
        [
            line
            for line in all_lines
            if (line["reader"], line["position"], line["version"]) == ("A", "1", number)
        ]
        for number in "12"
    )
    assert [line["side"] for line in first] == ["right", "left"]
    for line in first:
        assert line["reading_seconds"] == "9.25"
        assert line["first_seconds"] == "1.5"
        assert line["away_seconds"] == "61.0"
        assert line["held_seconds"] == "0.0"
        assert (line["window_low"], line["window_high"]) == ("10", "200")
        assert line["comment"] == "'=cmd|' /C calc'!A0\nsecond line"
        assert line["reason"] == line["not_assessable"] == ""
    assert [line["reading_seconds"] for line in second] == ["3.125"] * 2
    assert [line["not_assessable"] for line in second] == ["Cut off.", ""]
    assert {line["reason"] for line in second} == {"Wrong key."}
    assert {line["comment"] for line in second} == {""}
    latest = lines(tmp_path / "reads.csv")[0]
    assert (latest["version"], latest["reading_seconds"]) == ("2", "3.125")
    assert latest["seconds"] == "12.5"  # the server's, of the first answer
    assert latest["away_seconds"] == latest["comment"] == ""


def test_a_statistician_finds_the_report_s_quartiles_in_the_files(
    study: Study, tmp_path: Path
) -> None:
    for number, answer in enumerate(Answer.objects.order_by("pk")):
        Answer.objects.filter(pk=answer.pk).update(spent_ms=3000 + 137 * (number % 29))
    export_to_folder(study=study, folder=tmp_path)
    told = [
        float(line["reading_seconds"])
        for line in lines(tmp_path / "answers.csv")
        if (line["reader"], line["arm"], line["repeat"], line["version"], line["side"])
        == ("C", "unet", "0", "1", "left")
    ]
    time = report_build(study=study).times[2].readers[2]
    assert [time.lower, time.median, time.upper] == pytest.approx(
        np.quantile(told, [0.25, 0.5, 0.75]).tolist()
    )
