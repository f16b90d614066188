"""What happened around the reads, in the report and in the files."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from readerstudy.reading.models import (
    ArmGuess,
    Deviation,
    LeakOracleRun,
    Reopening,
    Study,
    TrainingAttempt,
)
from readerstudy.reading.protocol.plain_yaml import yaml_read
from stats.outcomes import Interval, NotEstimable, Reason
from stats.reporting.building import report_build
from stats.reporting.conduct import KINDS, changes

from .conducted import add_guesses
from .conftest import freeze_again, lines
from .studies import OPENED

URL = "/studies/read-study/report/"


@pytest.fixture
def page_of(client: Client, statistician: User):
    client.force_login(statistician)

    def page(**headers: str) -> str:
        freeze_again("read-study")
        response = client.get(URL, headers=headers)
        assert response.status_code == 200
        return " ".join(response.content.decode().split())

    return page


@pytest.fixture
def out(conducted: Study, tmp_path: Path) -> Path:
    call_command("export_study", conducted.slug, out=tmp_path / "out")
    return tmp_path / "out"


def test_who_knows_has_index_one_and_who_leans_has_none_of_it_balanced(
    conducted: Study,
) -> None:
    blinding = report_build(study=conducted).blinding
    assert (blinding.asked, blinding.answered) == (72, 71)
    reference, short, unet = blinding.arms
    by_reader = {one.reader: one.index for one in reference.readers}
    assert [by_reader[code].index for code in "ABC"] == [1, -1, 1]
    assert [one.index.index for one in short.readers] == [1, 1, 0]
    assert dict(blinding.balanced_readers)["A"].index == 1
    assert dict(blinding.balanced_readers)["B"].index == 0
    assert dict(blinding.balanced_readers)["C"].index == pytest.approx(0.5)
    assert blinding.balanced.index == pytest.approx(0.5)
    assert unet.pooled.index.reads + short.pooled.index.reads == (
        blinding.others.pooled.index.reads
    )
    # the second readings of unet are of the same patients
    assert unet.readers[0].index.reads == 12
    assert unet.readers[0].index.patients == 6
    assert unet.readers[0].interval == NotEstimable(Reason.ALL_ALIKE)


def test_guesses_of_a_patient_under_two_ids_are_one_cluster(conducted: Study) -> None:
    first, second = conducted.cohort.cases.order_by("code")[:2]
    second.second_patient_digest = first.patient_digest
    second.save()
    *_, unet = report_build(study=conducted).blinding.arms
    assert unet.readers[0].index.patients == 5


def test_several_readers_of_one_patient_have_a_clustered_interval(
    conducted: Study,
) -> None:
    pooled = report_build(study=conducted).blinding.arms[0].pooled
    assert pooled.index.reads == 18
    assert pooled.interval == pooled.index.interval_clustered
    first = ArmGuess.objects.filter(read__reader__code="A", read__arm__code="short")
    first.filter(read__case__code="C001").update(guess="reference")
    short = report_build(study=conducted).blinding.arms[1]
    alone = short.readers[0]
    assert isinstance(alone.interval, Interval)
    assert alone.interval == alone.index.interval
    assert short.confidence.wrong == (0, 0, 0, 0, 1)
    assert short.confidence.correct == (0, 6, 0, 0, 5)


def test_without_guesses_there_is_no_blinding_section(study: Study, page_of) -> None:
    assert report_build(study=study).blinding is None
    assert "Did readers know what they saw?" not in page_of()


def test_guesses_that_nobody_gave_leave_a_section_without_numbers(
    study: Study, page_of
) -> None:
    add_guesses(study)
    ArmGuess.objects.update(guess="", confidence=None, guessed_at=None)
    assert "0 of 72 planned guesses were given" in page_of()
    balanced = report_build(study=study).blinding.balanced
    assert balanced.index == NotEstimable(Reason.NO_GUESSES)


def test_a_reader_who_gave_no_guess_is_not_left_out_silently(
    conducted: Study, page_of
) -> None:
    of_c = ArmGuess.objects.filter(read__reader__code="C")
    of_c.update(guess="", confidence=None, guessed_at=None)
    found = report_build(study=conducted).blinding
    assert dict(found.balanced_readers)["A"].index == 1
    alone = dict(found.balanced_readers)["C"]
    assert alone.index == NotEstimable(Reason.NO_GUESSES)
    assert found.balanced.index == NotEstimable(Reason.READER_MISSING)
    assert found.balanced.readers == 3
    # once a cell of theirs: each arm, all others together, and the balanced index
    table = page_of().split('id="blinding"')[1].split("</table>")[0]
    assert table.count("no guess was given") == len(found.arms) + 2


def test_the_page_tells_the_conduct(conducted: Study, page_of) -> None:
    page = page_of()
    for words in (
        "71 of 72 planned guesses were given",
        "Balanced index",
        "coordinator <time>2026-03-04 09:00 UTC",
        "statistician <time>2026-03-04 09:00 UTC",
        f"as amendment 1 left it: <code>{conducted.amendments.get().protocol_sha256}",
        "The reader travels.",
        "<code>washout_days</code>: 28 → 14",
        "The patient fell.",
        "reader A, session 1, read 2",
        "Share within one grade ≥ 0.90".lower(),
        "no leak found",
        "72 reads, 999 plans drawn anew to compare with, P 0.430",
        "medical display, calibrated (DICOM GSDF); laptop",
        "passed, 1.00",
    ):
        assert words.lower() in page.lower(), words
    assert 'id="figure-blinding"' in page


def test_a_study_whose_leak_oracle_was_never_asked_says_how(
    conducted: Study, page_of
) -> None:
    LeakOracleRun.objects.all().delete()
    assert "<code>manage.py leak_oracle read-study</code>" in page_of()


def test_a_leak_is_said_aloud(conducted: Study, page_of) -> None:
    run = LeakOracleRun.objects.get()
    run.findings[0]["leaks"] = True
    run.save()
    assert "<strong>1 leak found</strong>" in page_of()


def test_nobody_is_named_on_the_page(conducted: Study, page_of) -> None:
    text = page_of().split('id="conduct"')[1].split('id="details"')[0]
    assert "read-study-reader" not in text


def test_a_japanese_page_has_the_same_numbers(conducted: Study, page_of) -> None:
    page = page_of(**{"Accept-Language": "ja"})
    assert "28 → 14" in page
    assert 'id="figure-blinding"' in page


def test_what_an_amendment_changed_is_spelt_as_in_the_protocol() -> None:
    stored = {
        "asks_conditions": [True, False],
        "kappa_margin": [None, "0.05"],
        "image_metrics": [["psnr-255"], ["ssim-1", "psnr-255"]],
    }
    assert [(one.before, one.after) for one in changes(stored)] == [
        ("true", "false"),
        ("psnr-255", "ssim-1, psnr-255"),
        ("", "0.05"),
    ]


def test_intervals_of_guesses_claim_no_blinding(conducted: Study, page_of) -> None:
    page = page_of()
    assert "is 0 on average for a blinded reader" in page
    assert "one that holds 0 does not show that blinding worked" in page


def test_deviations_are_counted_by_reader_and_kind(conducted: Study) -> None:
    conduct = report_build(study=conducted).conduct
    assert set(KINDS) == set(Deviation.Kind.values)
    rows = dict(conduct.deviation_rows)
    assert rows["focus"] == rows["device"] == rows["washout"] == (1, 0, 0)
    assert rows["viewport"] == (0, 0, 0)
    reader, *others = conduct.readers
    assert (reader.reopened_by_reader, reader.reopened_by_coordinator) == (1, 1)
    assert (reader.attempts, reader.reached, reader.passed) == (2, 1.0, True)
    assert reader.displays == ("medical", "laptop")
    assert reader.misread == 1
    assert {one.passed for one in others} == {None}


def test_a_read_opened_again_and_never_answered_anew_is_told(
    conducted: Study, page_of
) -> None:
    """Its reader may have taken the answer back that counts now."""
    assert "not answered again" not in page_of()
    kept = Reopening.objects.filter(read__session__study=conducted).first()
    Reopening.objects.filter(pk=kept.pk).update(answered_at=None)
    assert report_build(study=conducted).conduct.not_answered_again == 1
    assert "1 not answered again: its earlier answer counts" in page_of()


def test_who_passed_once_is_not_told_by_a_later_failure(conducted: Study) -> None:
    reader = conducted.memberships.get(code="A")
    TrainingAttempt.objects.create(
        reader=reader,
        number=3,
        started_at=OPENED,
        finished_at=OPENED,
        reached=0.25,
        passed=False,
    )
    told = report_build(study=conducted).conduct.readers[0]
    assert (told.attempts, told.reached, told.passed) == (3, 1.0, True)
    TrainingAttempt.objects.filter(number=2).update(passed=False, reached=0.75)
    told = report_build(study=conducted).conduct.readers[0]
    assert (told.attempts, told.reached, told.passed) == (3, 0.25, False)


def test_every_read_that_was_asked_about_has_its_guess_in_the_file(
    conducted: Study, out: Path
) -> None:
    found = lines(out / "guesses.csv")
    assert len(found) == 72
    assert Counter(line["guess"] for line in found)[""] == 1
    reads = {
        (line["reader"], line["position"]): line for line in lines(out / "reads.csv")
    }
    for line in found:
        read = reads[line["reader"], line["position"]]
        for column in ("case", "arm", "patient", "repeat", "session"):
            assert line[column] == read[column]
        if line["reader"] == "A":
            assert (line["correct"], line["confidence"]) == ("TRUE", "5")
        if line["guess"] == "unknown":
            assert line["correct"] == line["confidence"] == ""


def test_blinding_indices_follow_from_the_guesses(conducted: Study, out: Path) -> None:
    guesses = lines(out / "guesses.csv")
    table = lines(out / "blinding_index.csv")
    assert Counter(line["estimate"] for line in table) == {
        "arm": 12,
        "others": 4,
        "balanced": 4,
    }
    for line in table:
        if line["estimate"] != "arm":
            continue
        scores = [
            {"TRUE": 1, "FALSE": -1, "": 0}[one["correct"]]
            for one in guesses
            if one["arm"] == line["arm"]
            and line["reader"] in ("", one["reader"])
            and one["guess"]
        ]
        assert int(line["n_reads"]) == len(scores)
        assert float(line["index"]) == pytest.approx(sum(scores) / len(scores))
    last = table[-1]
    assert (last["estimate"], last["reader"]) == ("balanced", "")
    assert float(last["index"]) == pytest.approx(0.5)
    assert "interval: it does not vary between patients" in last["not_estimable"]
    perfect = next(line for line in table if line["reader"] == "A")
    assert perfect["interval_low"] == ""
    assert "interval: all answers were the same" in perfect["not_estimable"]


def test_the_primary_comparison_is_that_of_the_report(
    conducted: Study, out: Path
) -> None:
    (line,) = lines(out / "primary_comparison.csv")
    primary = report_build(study=conducted).primary
    assert (line["primary"], line["control"]) == ("unet", "short")
    assert (line["weighting"], line["margin"]) == ("linear", "0.1")
    assert float(line["difference"]) == primary.same.difference.difference
    assert float(line["interval_low"]) == primary.same.difference.interval.low
    assert line["not_inferior"] == str(primary.same.is_not_inferior).upper()


def test_files_of_conduct_hold_every_row(conducted: Study, out: Path) -> None:
    deviations = lines(out / "deviations.csv")
    assert [(d["kind"], d["amount"], d["unit"], d["position"]) for d in deviations] == [
        ("long-pause", "900", "s", "1"),
        ("focus", "75", "s", "1"),
        ("device", "", "", "2"),
        ("washout", "30", "h", ""),
    ]
    reopenings = lines(out / "reopenings.csv")
    assert [line["by"] for line in reopenings] == ["reader", "coordinator"]
    assert {line["reason"] for line in reopenings} == {"'=Wrong side."}
    amendments = lines(out / "amendments.csv")
    assert [(a["setting"], a["before"], a["after"]) for a in amendments] == [
        ("title", "", "Phantoms"),
        ("washout_days", "28", "14"),
    ]
    conditions = lines(out / "viewing_conditions.csv")
    assert [line["device"] for line in conditions] == ["1", "1", "2"]
    assert [line["passed"] for line in conditions] == ["FALSE", "TRUE", "TRUE"]
    training = lines(out / "training.csv")
    assert [(t["attempt"], t["side"], t["key"], t["answer"]) for t in training] == [
        ("1", "right", "4", "4"),
        ("1", "left", "2", "4"),
        ("2", "right", "4", "4"),
        ("2", "left", "2", "1"),
    ]
    assert [line["passed"] for line in training] == ["FALSE", "FALSE", "TRUE", "TRUE"]
    broken = [line for line in lines(out / "reads.csv") if line["code_broken_at"]]
    assert {(line["reader"], line["position"]) for line in broken} == {("A", "2")}
    assert len(broken) == 2  # both sides


def test_no_file_tells_a_device_or_a_person(conducted: Study, out: Path) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in out.iterdir())
    assert "d" * 64 not in text
    assert "read-study-reader" not in text


def test_the_protocol_is_the_bytes_that_were_hashed(
    conducted: Study, out: Path
) -> None:
    for name, sha256 in (
        ("protocol.json", conducted.protocol_sha256),
        ("protocol.amendment-1.json", conducted.amendments.get().protocol_sha256),
    ):
        content = (out / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        assert sha256 in (out / "README.txt").read_text(encoding="utf-8")
    amended = json.loads((out / "protocol.amendment-1.json").read_bytes())
    assert amended["washout_days"] == 14


def test_the_protocol_to_read_is_there_without_people(
    conducted: Study, out: Path
) -> None:
    text = (out / "protocol.yaml").read_text(encoding="utf-8")
    read = yaml_read(text.encode())
    assert read["analysis"]["primary_arm"] == "unet"
    assert "people" not in read
    assert conducted.protocol_sha256 in text


def test_the_readme_names_every_file(conducted: Study, out: Path) -> None:
    """By one line that says what it is."""
    readme = (out / "README.txt").read_text(encoding="utf-8")
    said = dict(line.split(maxsplit=1) for line in readme.split("\n") if "  " in line)
    for path in out.iterdir():
        assert said[path.name].strip()
    assert "SIMULATED IMAGES" in readme
    assert "SIMULATED READERS" not in readme
    assert "Agreed by the statistician 2026-03-04 09:00 UTC." in readme
