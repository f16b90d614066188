"""The files of second answers, and of confidence for programs of other people."""

from pathlib import Path
from typing import Any

import pytest

from readerstudy.cases.models import Cohort
from readerstudy.reading.models import Score, Study
from stats.exporting.bundle import export_to_folder
from stats.exporting.documents import about
from stats.services import image_quality_measure

from .conftest import lines
from .stacks import is_sure, make_heads, make_read_study, prefers, rates, truth


@pytest.fixture
def heads(db: None) -> Cohort:
    return make_heads()


def _exported(study: Study, folder: Path) -> Path:
    image_quality_measure(study=study)
    export_to_folder(study=study, folder=folder)
    return folder


def test_second_answers_can_be_counted_again_from_the_reads(
    heads: Cohort, tmp_path: Path
) -> None:
    study = make_read_study(
        heads,
        prefers,
        question_set="forced-choice",
        pairs=True,
        readers=2,
        repeated=("reference", "short"),
    )
    folder = _exported(study, tmp_path)
    reads = lines(folder / "reads.csv")
    again = lines(folder / "answers_again.csv")
    assert [(one["arm"], one["reader"], one["measure"]) for one in again] == [
        ("reference~short", reader, measure)
        for reader in "AB"
        for measure in ("same", "kappa")
    ]
    for line in again[::2]:
        said: dict[str, dict[str, str]] = {"0": {}, "1": {}}
        for one in reads:
            pair = {one["arm"], one["second_arm"]}
            if pair == {"reference", "short"} and one["reader"] == line["reader"]:
                said[one["repeat"]][one["case"]] = one["preferred"]
        equal = [said["0"][case] == said["1"][case] for case in said["0"]]
        assert int(line["n_images"]) == len(equal) == 6
        assert float(line["value"]) == pytest.approx(sum(equal) / 6)
        counts = [
            int(one["n_images"])
            for one in lines(folder / "answers_confusion.csv")
            if one["reader"] == line["reader"] and one["first"] == one["second"]
        ]
        assert sum(counts) == sum(equal)
    kappa = again[1]
    assert kappa["weighting"] == "unweighted" and kappa["seed"] == "1"
    assert int(kappa["replicates"]) == 10_000
    among = lines(folder / "answers_among_readers.csv")
    assert len(among) == 3 * 4 and {one["n_readers"] for one in among} == {"2"}


def test_without_repeats_the_readers_alone_have_a_file_with_lines(
    heads: Cohort, tmp_path: Path
) -> None:
    folder = _exported(make_read_study(heads, rates, readers=2), tmp_path)
    assert not lines(folder / "answers_again.csv")
    assert lines(folder / "answers_among_readers.csv")


@pytest.fixture
def sure(heads: Cohort, tmp_path: Path) -> Path:
    """The protocol says nothing of H001; reader C could not judge H003 in one arm."""
    study = make_read_study(
        heads,
        is_sure,
        question_set="finding-confidence",
        given=truth(heads)[1:],
        repeated=("short",),
    )
    Score.objects.filter(
        answer__read__reader__code="C",
        answer__read__case__code="H003",
        answer__read__arm__code="gaussian",
    ).update(value=None, unassessable="motion")
    return _exported(study, tmp_path)


def test_imrmc_has_the_truth_of_the_protocol_and_each_answer(sure: Path) -> None:
    head, data = (sure / "imrmc_confidence.imrmc").read_text().split("BEGIN DATA:\n")
    sizes = dict(line.split(": ") for line in head.splitlines() if line.startswith("N"))
    assert sizes == {"N0": "2", "N1": "3", "NR": "3", "NM": "3"}
    rows = [line.split(",") for line in data.splitlines()]
    numbers = {one["case"]: one for one in lines(sure / "mrmc_items_confidence.csv")}
    assert numbers["H001"]["finding"] == ""
    known = {one["item"]: one["finding"] for one in numbers.values() if one["finding"]}
    assert {row[1]: row[3] for row in rows if row[0] == "-1"} == known
    given: dict[tuple[str, ...], Any] = {
        (one["reader"], one["case"], one["arm"]): one["value"]
        for one in lines(sure / "reads.csv")
        if one["repeat"] == "0" and one["value"] and one["case"] != "H001"
    }
    told = {
        (reader, case, arm): score
        for reader, item, arm, score in (row for row in rows if row[0] != "-1")
        for case in [next(c for c, one in numbers.items() if one["item"] == item)]
    }
    assert told == given and len(told) == 3 * 5 * 3 - 1


def test_rjafroc_has_only_cases_that_everybody_rated_everywhere(sure: Path) -> None:
    whole = {
        one["item"]: one["finding"]
        for one in lines(sure / "mrmc_items_confidence.csv")
        if one["rated_by_all"] == "TRUE"
    }
    assert len(whole) == 4  # neither H001 nor H003
    sheet = lines(sure / "rjafroc_confidence_Truth.csv")
    assert {one["CaseID"]: one["LesionID"] for one in sheet} == whole
    assert sheet[0]["ModalityID"] == "reference, short, gaussian"
    positive = lines(sure / "rjafroc_confidence_TP.csv")
    negative = lines(sure / "rjafroc_confidence_FP.csv")
    assert len(positive) == 3 * 3 * 3 and len(negative) == 3 * 3 * 1
    assert all(whole[one["CaseID"]] == "1" for one in positive)


def test_the_bundle_says_what_these_files_are(sure: Path) -> None:
    readme = (sure / "README.txt").read_text()
    for name in ("imrmc_confidence.imrmc", "rjafroc_confidence_TP.csv"):
        assert name in readme and name in (sure / "SHA256SUMS").read_text()
    assert "the one that the protocol gives for each case" in readme
    assert about("rjafroc_confidence_FP.csv").endswith("cases without the finding")
    explained = {
        (one["file"], one["column"]) for one in lines(sure / "data_dictionary.csv")
    }
    assert ("imrmc_confidence.imrmc", "4: score") in explained
    for path in sure.glob("*_confidence*.csv"):
        header = path.read_text().splitlines()[0].split(",")
        assert {(path.name, column) for column in header} <= explained


def test_without_a_truth_there_are_no_such_files(heads: Cohort, tmp_path: Path) -> None:
    study = make_read_study(heads, is_sure, question_set="finding-confidence")
    folder = _exported(study, tmp_path)
    assert not list(folder.glob("imrmc*")) and not list(folder.glob("rjafroc*"))
