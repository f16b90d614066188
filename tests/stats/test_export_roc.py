"""The files for iMRMC and RJafroc: what those programs read, with the right truth."""

from collections import Counter
from pathlib import Path
from statistics import median_low

import pytest
from django.core.management import call_command

from readerstudy.reading.models import Arm, Membership, Read, Study

from .conftest import lines
from .studies import decline


def grades_of(folder: Path) -> dict[tuple[str, str, str, str], int]:
    """(reader, arm, case, side) → grade, of first readings."""
    return {
        (line["reader"], line["arm"], line["case"], line["side"]): int(line["grade"])
        for line in lines(folder / "reads.csv")
        if line["repeat"] == "0" and line["grade"]
    }


def imrmc(folder: Path) -> tuple[dict[str, int], list[list[str]]]:
    """Sizes of the head, and the rows below “BEGIN DATA:”."""
    head, data = (folder / "imrmc.imrmc").read_text().split("BEGIN DATA:\n")
    sizes = dict(line.split(": ") for line in head.splitlines() if line[:2] in SIZES)
    return {name: int(size) for name, size in sizes.items()}, [
        line.split(",") for line in data.splitlines()
    ]


SIZES = ("N0", "N1", "NR", "NM")


@pytest.fixture
def items(folder: Path) -> dict[str, dict[str, str]]:
    return {line["item"]: line for line in lines(folder / "mrmc_items.csv")}


def test_the_truth_is_the_median_of_the_readings_of_the_reference(
    folder: Path, items: dict[str, dict[str, str]]
) -> None:
    grades = grades_of(folder)
    assert len(items) == 12
    for line in items.values():
        place = line["case"], line["side"]
        standard = median_low(grades[reader, "reference", *place] for reader in "ABC")
        assert int(line["standard"]) == standard
        assert int(line["abnormal"]) == (standard < 4)


def test_imrmc_has_a_truth_of_each_item_and_a_score_of_each_read(
    folder: Path, items: dict[str, dict[str, str]]
) -> None:
    sizes, rows = imrmc(folder)
    truths = [row for row in rows if row[0] == "-1"]
    abnormal = sum(line["abnormal"] == "1" for line in items.values())
    assert sizes == {"N0": 12 - abnormal, "N1": abnormal, "NR": 3, "NM": 2}
    assert [row[1] for row in truths] == list(items)
    assert all(row[2:] == ["truth", items[row[1]]["abnormal"]] for row in truths)
    grades = grades_of(folder)
    scores = {
        (reader, arm, items[item]["case"], items[item]["side"]): int(score)
        for reader, item, arm, score in rows
        if reader != "-1"
    }
    assert scores == {
        place: 5 - grade for place, grade in grades.items() if place[1] != "reference"
    }


def test_rjafroc_has_normal_sides_in_one_sheet_and_abnormal_ones_in_the_other(
    folder: Path, items: dict[str, dict[str, str]]
) -> None:
    truth = {line["CaseID"]: line for line in lines(folder / "rjafroc_Truth.csv")}
    assert {item: line["LesionID"] for item, line in truth.items()} == {
        item: line["abnormal"] for item, line in items.items()
    }
    assert [line["Paradigm"] for line in truth.values()][:3] == ["ROC", "FCTRL", ""]
    assert {line["ReaderID"] for line in truth.values()} == {"A, B, C"}
    assert {line["ModalityID"] for line in truth.values()} == {"short, unet"}
    _sizes, rows = imrmc(folder)
    scores = {tuple(row[:3]): row[3] for row in rows if row[0] != "-1"}
    found = {}
    for sheet, abnormal in (("TP", "1"), ("FP", "0")):
        for line in lines(folder / f"rjafroc_{sheet}.csv"):
            assert truth[line["CaseID"]]["LesionID"] == abnormal
            place = line["ReaderID"], line["CaseID"], line["ModalityID"]
            found[place] = line[f"{sheet}_Rating"]
    assert found == scores


def test_a_side_that_somebody_did_not_grade_is_in_imrmc_alone(
    study: Study, tmp_path: Path
) -> None:
    read = Read.objects.get(reader__code="B", arm__code="short", case__code="C002")
    decline(read, "left")
    call_command("export_study", study.slug, out=tmp_path)
    (item,) = (
        line
        for line in lines(tmp_path / "mrmc_items.csv")
        if line["graded_by_all"] == "FALSE"
    )
    assert (item["case"], item["side"]) == ("C002", "left")
    _sizes, rows = imrmc(tmp_path)
    assert Counter(row[0] for row in rows if row[1] == item["item"]) == {
        "-1": 1,
        "A": 2,
        "C": 2,
        "B": 1,
    }
    for sheet in ("Truth", "TP", "FP"):
        found = lines(tmp_path / f"rjafroc_{sheet}.csv")
        assert item["item"] not in {line["CaseID"] for line in found}


def test_a_side_that_nobody_graded_in_the_reference_has_no_truth(
    study: Study, tmp_path: Path
) -> None:
    for read in Read.objects.filter(arm__code="reference", case__code="C003"):
        decline(read, "right")
    call_command("export_study", study.slug, out=tmp_path)
    (item,) = (
        line for line in lines(tmp_path / "mrmc_items.csv") if not line["abnormal"]
    )
    assert (item["case"], item["side"], item["standard"]) == ("C003", "right", "")
    sizes, rows = imrmc(tmp_path)
    assert sizes["N0"] + sizes["N1"] == 11
    assert item["item"] not in {row[1] for row in rows}


def test_no_name_breaks_a_line(study: Study, tmp_path: Path) -> None:
    """Both programs part their fields at commas."""
    Membership.objects.filter(study=study, code="A").update(code="A, early")
    Arm.objects.filter(study=study, code="short").update(title="5 min, short")
    call_command("export_study", study.slug, out=tmp_path)
    _sizes, rows = imrmc(tmp_path)
    assert {len(row) for row in rows} == {4}
    assert {row[0] for row in rows} == {"-1", "A_early", "B", "C"}
