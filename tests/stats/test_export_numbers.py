"""The numbers in the CSV files: those of the reads, the images and the report."""

from collections import Counter
from pathlib import Path

import pytest

from readerstudy.reading.models import Read, Score, Study
from stats.agreement.kappa import weighted_kappa
from stats.exporting.bundle import export_to_folder
from stats.reporting.building import report_build
from stats.services import image_quality_measure

from .conftest import lines
from .studies import answer_again


def test_there_is_one_line_a_read_and_side(folder: Path, study: Study) -> None:
    found = lines(folder / "reads.csv")
    assert len(found) == 2 * Read.objects.count() == 2 * 3 * 6 * 4
    assert [(line["reader"], int(line["position"])) for line in found] == sorted(
        (line["reader"], int(line["position"])) for line in found
    )
    for line in (found[0], found[101]):
        read = Read.objects.get(
            reader__code=line["reader"], position=int(line["position"])
        )
        score = Score.objects.filter(answer__read=read).get(side=line["side"])
        assert line["grade"] == str(score.value)
        assert (line["case"], line["arm"]) == (read.case.code, read.arm.code)
        assert line["repeat"] == str(read.repeat)
        assert line["seconds"] == "12.5"
        assert line["submitted_at"].endswith("Z")
    assert found[0]["first_shown_at"] == "2026-03-02T09:00:20.000Z"


def test_tables_hold_the_numbers_of_the_report(folder: Path, study: Study) -> None:
    report = report_build(study=study)
    kappa = {
        (line["arm"], line["reader"], line["side"]): line
        for line in lines(folder / "kappa.csv")
        if line["weighting"] == "quadratic" and line["estimate"] == "reader"
    }
    assert len(kappa) == 2 * 3 * 3
    for arm in report.kappa:
        for one in arm.readers:
            line = kappa[arm.arm.code, one.reader, "both"]
            assert float(line["kappa"]) == one.both.kappa
            assert float(line["interval_low"]) == one.both.interval.low
            assert float(line["se_clustered"]) == one.both.standard_error_clustered
    means = [
        float(line["kappa"])
        for line in lines(folder / "kappa.csv")
        if line["weighting"] == "quadratic" and line["estimate"] == "mean"
    ]
    assert means == [line.mean for line in report.kappa]
    intra = lines(folder / "intra_reader.csv")
    assert Counter(line["weighting"] for line in intra) == {
        "unweighted": 9,
        "linear": 9,
        "quadratic": 9,
    }
    summary = lines(folder / "image_quality_summary.csv")
    assert [(line["metric"], line["data_range"], line["arm"]) for line in summary] == [
        (metric, data_range, arm)
        for metric, data_range in (
            ("psnr", "255"),
            ("ssim", "255"),
            ("ssim", "1"),
        )
        for arm in ("short", "unet")
    ]
    assert float(summary[1]["mean"]) == report.quality[0].arms[1].images.mean
    assert summary[0]["control"] == "unet"
    assert summary[1]["control"] == summary[1]["p_holm"] == ""


def test_the_summary_follows_from_the_single_images(folder: Path) -> None:
    found = [
        float(line["psnr_range_255"])
        for line in lines(folder / "image_quality.csv")
        if line["arm"] == "short"
    ]
    assert len(found) == 30
    summary = lines(folder / "image_quality_summary.csv")[0]
    assert float(summary["mean"]) == pytest.approx(sum(found) / 30)


def test_kappa_follows_from_the_reads(folder: Path) -> None:
    from sklearn.metrics import cohen_kappa_score

    grades = {
        (line["arm"], line["case"], line["side"]): int(line["grade"])
        for line in lines(folder / "reads.csv")
        if line["reader"] == "B" and line["repeat"] == "0"
    }
    places = sorted({key[1:] for key in grades})
    first, second = (
        [grades[arm, *place] for place in places] for arm in ("reference", "short")
    )
    table = lines(folder / "kappa.csv")
    for weighting in ("linear", "quadratic"):
        line = next(
            line
            for line in table
            if (line["arm"], line["reader"], line["side"], line["weighting"])
            == ("short", "B", "both", weighting)
        )
        assert float(line["kappa"]) == pytest.approx(
            cohen_kappa_score(first, second, labels=[1, 2, 3, 4], weights=weighting)
        )


def test_a_planned_read_that_was_not_made_has_a_line_without_a_grade(
    study: Study, tmp_path: Path
) -> None:
    read = Read.objects.get(reader__code="A", position=1)
    Score.objects.filter(answer__read=read).delete()
    read.answers.all().delete()
    Read.objects.filter(pk=read.pk).update(submitted_at=None, first_shown_at=None)
    export_to_folder(study=study, folder=tmp_path)
    first, second = lines(tmp_path / "reads.csv")[:2]
    for line in (first, second):
        assert line["state"] == "not read"
        assert line["grade"] == line["seconds"] == line["submitted_at"] == ""


def test_a_changed_score_is_exported_as_it_stands_with_its_version(
    study: Study, tmp_path: Path
) -> None:
    read = Read.objects.get(reader__code="A", position=1)
    old = Score.objects.filter(answer__read=read).get(side="right")
    answer_again(read, right=5 - old.value)
    export_to_folder(study=study, folder=tmp_path)
    right, left = lines(tmp_path / "reads.csv")[:2]
    assert (right["grade"], right["version"]) == (str(5 - old.value), "2")
    assert left["version"] == "2"


def test_what_is_not_estimable_is_empty_and_says_why(
    study: Study, tmp_path: Path
) -> None:
    Score.objects.filter(
        answer__read__reader__code="A",
        answer__read__arm__code__in=["reference", "short"],
    ).update(value=4)
    export_to_folder(study=study, folder=tmp_path)
    for line in lines(tmp_path / "kappa.csv"):
        if (line["arm"], line["reader"]) == ("short", "A"):
            assert line["kappa"] == line["p"] == line["interval_low"] == ""
            assert "kappa: both readings use a single grade" in line["not_estimable"]
        if line["arm"] == "short" and line["estimate"] == "mean":
            assert line["kappa"] == ""
            assert line["not_estimable"] == (
                "kappa: it is not estimable for every reader"
            )


def test_standard_errors_of_perfect_agreement_are_empty_and_say_why(
    study: Study, tmp_path: Path
) -> None:
    for side, value in (("right", 4), ("left", 1)):
        Score.objects.filter(
            answer__read__reader__code="A",
            answer__read__arm__code__in=["reference", "short"],
        ).filter(side=side).update(value=value)
    export_to_folder(study=study, folder=tmp_path)
    (line,) = (
        line
        for line in lines(tmp_path / "kappa.csv")
        if (line["arm"], line["reader"], line["side"], line["weighting"])
        == ("short", "A", "both", "quadratic")
    )
    assert float(line["kappa"]) == 1
    assert line["se_clustered"] == line["se_asymptotic"] == line["interval_low"] == ""
    assert float(line["se_null"]) > 0
    for name in ("se_clustered", "se_asymptotic", "interval"):
        assert f"{name}: agreement is perfect" in line["not_estimable"]


@pytest.mark.parametrize("by", ["patient_digest", "second_patient_digest"])
def test_the_patients_of_cases_are_the_same_in_reads_and_images(
    study: Study, tmp_path: Path, by: str
) -> None:
    """Whoever clusters by this column clusters as the report does."""
    first, *_, last = study.cohort.cases.order_by("code")
    type(last).objects.filter(pk=last.pk).update(**{by: first.patient_digest})
    image_quality_measure(study=study)
    export_to_folder(study=study, folder=tmp_path)
    expected = {f"C{n:03}": f"P{n:02}" for n in range(1, 6)} | {"C006": "P01"}
    for name in ("reads.csv", "image_quality.csv"):
        found = {(line["case"], line["patient"]) for line in lines(tmp_path / name)}
        assert found == set(expected.items())


def test_the_exported_patients_give_the_clustered_error(folder: Path) -> None:
    found = {
        (line["arm"], line["case"], line["side"]): line
        for line in lines(folder / "reads.csv")
        if line["reader"] == "A" and line["repeat"] == "0"
    }
    places = sorted({key[1:] for key in found})
    again = weighted_kappa(
        *(
            [int(found[arm, *place]["grade"]) for place in places]
            for arm in ("reference", "short")
        ),
        categories=(1, 2, 3, 4),
        patients=[found["short", *place]["patient"] for place in places],
        weighting="quadratic",
    )
    line = next(
        line
        for line in lines(folder / "kappa.csv")
        if (line["arm"], line["reader"], line["side"], line["weighting"])
        == ("short", "A", "both", "quadratic")
    )
    assert float(line["se_clustered"]) == pytest.approx(again.standard_error_clustered)
