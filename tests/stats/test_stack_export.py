"""The exported files of image-to-image studies."""

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from readerstudy.cases.models import Cohort
from readerstudy.cases.selectors import rendition_values
from readerstudy.reading.models import Read, Score, Study
from stats.exporting.bundle import export_to_folder
from stats.exporting.chosen import MORE, tables
from stats.outcomes import student_quantile
from stats.reporting.building import report_build
from stats.services import image_quality_measure

from .conftest import lines
from .stacks import (
    has_finding,
    is_sure,
    make_heads,
    make_read_study,
    prefers,
    rates,
    trusts,
    truth,
)


@pytest.fixture
def heads(db: None) -> Cohort:
    return make_heads()


def _exported(study: Study, folder: Path) -> Path:
    image_quality_measure(study=study)
    export_to_folder(study=study, folder=folder)
    return folder


@pytest.mark.parametrize("name", MORE)
def test_the_manual_names_every_file(name: str) -> None:
    assert f"\n| `{name}` |" in Path("docs/export.md").read_text(encoding="utf-8")


def test_every_answer_stands_in_a_line_with_its_words(
    heads: Cohort, tmp_path: Path
) -> None:
    study = make_read_study(heads, rates)
    folder = _exported(study, tmp_path)
    reads = lines(folder / "reads.csv")
    assert len(reads) == Read.objects.count() * 5
    assert "grade" not in reads[0] and {one["side"] for one in reads} == {"image"}
    declined = [one for one in reads if one["state"] == "not assessable"]
    assert [(one["case"], one["not_assessable"]) for one in declined] == [
        ("H002", "motion")
    ]
    words = {one["answer"] for one in reads if one["question"] == "noise"}
    assert words <= {"excellent", "good", "fair", "poor", "unusable", ""}
    # a sheet shows it, and runs nothing
    remarks = [one["text"] for one in reads if one["text"]]
    assert remarks == ["'=Streaks at the <b>skull base</b>."]
    assert len(lines(folder / "answers.csv")) == len(reads) - (
        Read.objects.count() - 1  # nobody else wrote a remark
    )
    sums = (folder / "SHA256SUMS").read_text().split()
    for hashed, name in zip(sums[::2], sums[1::2], strict=True):
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == hashed
    assert not (folder / "kappa.csv").exists()
    readme = (folder / "README.txt").read_text()
    assert "visual_grading.csv" in readme and "kappa" not in readme


def test_ratings_can_be_counted_again_from_the_reads(
    heads: Cohort, tmp_path: Path
) -> None:
    folder = _exported(make_read_study(heads, rates), tmp_path)
    reads = lines(folder / "reads.csv")
    for line in lines(folder / "ratings.csv"):
        same = [
            one
            for one in reads
            if one["question"] == line["question"]
            and one["arm"] == line["arm"]
            and line["reader"] in ("", one["reader"])
            and one["value"] == line["answer"]
        ]
        assert len(same) == int(line["count"])
    means = [
        one for one in lines(folder / "visual_grading.csv") if one["estimate"] == "mean"
    ]
    assert {one["against"] for one in means} == {"reference"}
    first = next(one for one in means if one["question"] == "noise")
    areas = [
        float(one["value"])
        for one in lines(folder / "visual_grading.csv")
        if one["estimate"] == "reader"
        and (one["question"], one["arm"]) == (first["question"], first["arm"])
    ]
    assert float(first["value"]) == pytest.approx(np.mean(areas))
    drawn = next(
        one
        for one in lines(folder / "visual_grading.csv")
        if one["estimate"] == "mean, bootstrap"
        and (one["question"], one["arm"]) == (first["question"], first["arm"])
    )
    assert drawn["value"] == first["value"]
    told = drawn["interval_method"] + drawn["not_estimable"]
    assert told.startswith(("bias-corrected", "interval"))


def test_of_a_pair_both_arms_and_the_preferred_one_are_named(
    heads: Cohort, tmp_path: Path
) -> None:
    study = make_read_study(heads, prefers, question_set="forced-choice", pairs=True)
    folder = _exported(study, tmp_path)
    for one in lines(folder / "reads.csv"):
        sides = {"1": one["arm"], "2": one["second_arm"], "3": ""}
        assert one["preferred"] == sides[one["value"]]
    pairs = [one for one in lines(folder / "preference_pairs.csv") if not one["reader"]]
    reads = lines(folder / "reads.csv")
    for pair in pairs:
        both = {pair["first"], pair["second"]}
        shown = [one for one in reads if {one["arm"], one["second_arm"]} == both]
        for column, wanted in (
            ("first_preferred", pair["first"]),
            ("no_difference", ""),
            ("second_preferred", pair["second"]),
        ):
            found = [one for one in shown if one["preferred"] == wanted]
            assert int(pair[column]) == len(found)


def test_confidence_and_fidelity_have_their_files(
    heads: Cohort, tmp_path: Path
) -> None:
    sure = make_read_study(
        heads,
        is_sure,
        question_set="finding-confidence",
        given=truth(heads),
        slug="sure",
    )
    folder = _exported(sure, tmp_path / "sure")
    means = [
        one for one in lines(folder / "roc_areas.csv") if one["estimate"] == "mean"
    ]
    assert [one["arm"] for one in means] == ["reference", "short", "gaussian"]
    assert all(0.5 < float(one["value"]) <= 1 for one in means)
    trusted = make_read_study(
        heads, trusts, question_set="anatomical-fidelity", slug="trusted"
    )
    folder = _exported(trusted, tmp_path / "trusted")
    marked = [one["marks"] for one in lines(folder / "reads.csv") if one["marks"]]
    assert sorted(set(marked)) == ["2:20:30", "2:21:30", "2:22:30"]
    wrong = {
        (one["arm"], one["reader"]): one["count"]
        for one in lines(folder / "fidelity.csv")
        if one["answer"] == "any"
    }
    assert wrong["gaussian", ""] == "9" and wrong["gaussian", "B"] == "3"
    compared = lines(folder / "fidelity_comparisons.csv")
    for one in compared:
        if one["difference_low"]:
            ends = float(one["difference_low"]), float(one["difference_high"])
            assert ends[0] <= float(one["difference"]) <= ends[1]
        else:
            assert "interval" in one["not_estimable"]
    assert compared


def is_unsure(read: Read, number: int, rng: np.random.Generator) -> dict[str, Any]:
    """Nobody is right throughout, so that everything is estimable."""
    apart = 6 if has_finding(read.case) else -6
    value = int(np.clip(round(rng.normal(50 + apart, 30)), 0, 100))
    return {"confidence": {"value": value}}


def test_lines_for_other_readers_are_of_what_everybody_rated_in_every_arm(
    db: None, tmp_path: Path
) -> None:
    heads = make_heads(cases=12)
    study = make_read_study(
        heads, is_unsure, question_set="finding-confidence", given=truth(heads)
    )
    Score.objects.filter(
        answer__read__reader__code="C",
        answer__read__case__code="H003",
        answer__read__arm__code="short",
    ).delete()
    folder = _exported(study, tmp_path)

    def of(name: str, estimate: str) -> list[dict[str, str]]:
        return [one for one in lines(folder / name) if one["estimate"] == estimate]

    areas = of("roc_areas.csv", "other readers")
    differences = of("roc_differences.csv", "other readers")
    assert {one["n_patients"] for one in (*areas, *differences)} == {"11"}
    assert {one["n_patients"] for one in of("roc_areas.csv", "mean")} == {"12"}
    assert {one["n_with"] + one["n_without"] for one in areas} == {""}
    for one in differences:
        low, middle, high, error = (
            float(one[name])
            for name in ("interval_low", "difference", "interval_high", "se")
        )
        t = student_quantile(level=0.95, degrees_of_freedom=float(one["interval_df"]))
        assert (low, high) == pytest.approx((middle - t * error, middle + t * error))


def test_the_dictionary_knows_the_metrics_of_stacks(
    heads: Cohort, tmp_path: Path
) -> None:
    folder = _exported(make_read_study(heads, rates, control="short"), tmp_path)
    explained = {
        (one["file"], one["column"]): one
        for one in lines(folder / "data_dictionary.csv")
    }
    for name in ("image_quality_summary.csv", "image_quality_comparisons.csv"):
        table = lines(folder / name)
        values = re.findall(r"[a-z-]+", explained[name, "metric"]["values"])
        assert {"psnr", "mae", "mean-error"} < {one["metric"] for one in table}
        assert {one["metric"] for one in table} <= set(values)
        assert "the unit" in explained[name, "data_range"]["unit"]


def test_errors_of_a_slice_are_those_of_its_values(
    heads: Cohort, tmp_path: Path
) -> None:
    folder = _exported(make_read_study(heads, rates, readers=1), tmp_path)
    line = next(
        one
        for one in lines(folder / "stack_quality.csv")
        if (one["case"], one["arm"], one["slice"]) == ("H003", "short", "1")
    )
    case = heads.cases.get(code="H003")
    reference, short = (
        rendition_values(case.renditions.get(method=name))[1].astype(np.float64)
        for name in ("reference", "short")
    )
    apart = short - reference
    assert float(line["mean_absolute_error"]) == pytest.approx(np.abs(apart).mean())
    assert float(line["mean_error"]) == pytest.approx(apart.mean())
    cut = np.clip(short, -100, 100) - np.clip(reference, -100, 100)
    assert float(line["psnr"]) == pytest.approx(10 * np.log10(200**2 / (cut**2).mean()))


def test_the_dictionary_explains_every_column_that_there_is(
    heads: Cohort, tmp_path: Path
) -> None:
    study = make_read_study(heads, trusts, question_set="anatomical-fidelity")
    folder = _exported(study, tmp_path)
    explained = {
        (one["file"], one["column"]) for one in lines(folder / "data_dictionary.csv")
    }
    for name in tables(report_build(study=study)):
        header = (folder / name).read_text(encoding="utf-8").splitlines()[0]
        assert {(name, column) for column in header.split(",")} <= explained
