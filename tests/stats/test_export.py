"""The CSV files: complete, described, safe to open, and the same every time."""

import csv
import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from readerstudy.audit.models import AuditEvent
from readerstudy.reading.models import Arm, Read, Score, Study
from stats.agreement import weighted_kappa
from stats.building import report_build
from stats.csv_text import cell_text
from stats.export import export_to_folder, zip_pieces
from stats.export_columns import FILES
from stats.services import image_quality_measure

NAMES = {
    "reads.csv",
    "kappa.csv",
    "intra_reader.csv",
    "image_quality.csv",
    "image_quality_summary.csv",
    "audit.csv",
    "data_dictionary.csv",
}


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def folder(study: Study, tmp_path: Path) -> Path:
    call_command("export_study", study.slug, out=tmp_path / "out")
    return tmp_path / "out"


def test_exactly_the_promised_files_are_written(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == NAMES


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
        score = read.scores.get(side=line["side"])
        assert line["grade"] == str(score.value)
        assert (line["case"], line["arm"]) == (read.case.code, read.arm.code)
        assert line["repeat"] == str(read.repeat)
        assert line["seconds"] == "12.5"
        assert line["submitted_at"].endswith("Z")
    assert found[0]["first_shown_at"] == "2026-03-02T09:00:20.000Z"


def test_no_file_knows_a_name(folder: Path) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert "read-study-reader" not in text  # user names of the fixture
    assert "Phantoms-1" not in text  # patient digests


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


def test_the_dictionary_describes_every_column_of_every_file(folder: Path) -> None:
    described = [
        (line["file"], line["column"]) for line in lines(folder / "data_dictionary.csv")
    ]
    there = []
    for name in FILES:
        with (folder / name).open(newline="", encoding="utf-8") as file:
            there += [(name, column) for column in next(csv.reader(file))]
    assert described == there
    for line in lines(folder / "data_dictionary.csv"):
        assert line["meaning"]
        assert line["values"]
    assert (folder / "data_dictionary.csv").read_bytes().isascii()


def test_the_anchor_is_the_event_of_this_export(
    study: Study, folder: Path, tmp_path: Path
) -> None:
    (first,) = lines(folder / "audit.csv")
    event = AuditEvent.objects.get(action="study.export")
    assert (event.study, event.subject_key) == (study.slug, study.slug)
    assert first["anchor"] == event.hash
    assert int(first["events"]) == event.sequence == AuditEvent.objects.count()
    assert first["seed_sha256"] == study.seed_sha256
    call_command("verify_audit", anchor=[first["anchor"]])
    call_command("export_study", study.slug, out=tmp_path / "again")
    (second,) = lines(tmp_path / "again" / "audit.csv")
    assert int(second["events"]) == int(first["events"]) + 1
    call_command("verify_audit", anchor=[first["anchor"], second["anchor"]])


def test_a_planned_read_that_was_not_made_has_a_line_without_a_grade(
    study: Study, tmp_path: Path
) -> None:
    read = Read.objects.get(reader__code="A", position=1)
    read.scores.all().delete()
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
    old = read.scores.get(side="right")
    Score.objects.create(
        read=read,
        question="grade",
        side="right",
        value=5 - old.value,
        version=2,
        reason="Wrong key.",
        scored_at=read.submitted_at,
        scored_by=old.scored_by,
    )
    export_to_folder(study=study, folder=tmp_path)
    right, left = lines(tmp_path / "reads.csv")[:2]
    assert (right["grade"], right["version"]) == (str(5 - old.value), "2")
    assert left["version"] == "1"


def test_what_is_not_estimable_is_empty_and_says_why(
    study: Study, tmp_path: Path
) -> None:
    Score.objects.filter(
        read__reader__code="A", read__arm__code__in=["reference", "short"]
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
            read__reader__code="A", read__arm__code__in=["reference", "short"]
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


def test_the_patients_of_cases_are_the_same_in_reads_and_images(
    study: Study, tmp_path: Path
) -> None:
    """Whoever clusters by this column clusters as the report does."""
    first, *_, last = study.cohort.cases.order_by("code")
    type(last).objects.filter(pk=last.pk).update(patient_digest=first.patient_digest)
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


def test_every_file_of_results_says_whether_they_are_simulated(
    study: Study, folder: Path, tmp_path: Path
) -> None:
    names = NAMES - {"reads.csv", "audit.csv", "data_dictionary.csv"}
    study.cohort.simulated = False
    study.cohort.save()
    export_to_folder(study=study, folder=tmp_path / "real")
    for name in names:
        assert {line["simulated"] for line in lines(folder / name)} == {"TRUE"}, name
        real = {line["simulated"] for line in lines(tmp_path / "real" / name)}
        assert real == {"FALSE"}, name


@pytest.mark.pure
@pytest.mark.parametrize("start", list("=+-@\t\r\n＝＋－＠"))
def test_text_cannot_become_a_formula(start: str) -> None:
    assert cell_text(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.pure
def test_numbers_stay_numbers() -> None:
    assert cell_text(-2) == "-2"
    assert cell_text(-0.25) == "-0.25"
    assert float(cell_text(0.1 + 0.2)) == 0.1 + 0.2
    assert cell_text(True) == "TRUE"


def test_a_hostile_title_is_harmless_and_text_keeps_commas_and_lines(
    study: Study, tmp_path: Path
) -> None:
    hostile = '=HYPERLINK("http://example.org";"5分, 元\n画像")'
    Arm.objects.filter(study=study, code="short").update(title=hostile)
    export_to_folder(study=study, folder=tmp_path)
    titles = {line["arm_title"] for line in lines(tmp_path / "kappa.csv")}
    assert titles == {"'" + hostile, "Arm unet"}


def test_files_are_the_same_every_time_in_a_folder_and_in_a_zip(
    study: Study, folder: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    call_command("export_study", study.slug, out=again)
    report = report_build(study=study)
    archive = b"".join(zip_pieces(study=study, report=report))
    assert archive == b"".join(zip_pieces(study=study, report=report))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert {Path(name).name for name in opened.namelist()} == NAMES
        for name in NAMES - {"audit.csv"}:  # its anchor moves on with every export
            expected = (folder / name).read_bytes()
            assert (again / name).read_bytes() == expected
            assert opened.read(f"{study.slug}/{name}") == expected


def test_for_excel_every_file_begins_with_a_byte_order_mark(
    study: Study, tmp_path: Path
) -> None:
    call_command("export_study", study.slug, out=tmp_path, excel=True)
    for name in NAMES:
        content = (tmp_path / name).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.count(b"\xef\xbb\xbf") == 1


def test_without_excel_there_is_none_and_lines_end_as_rfc_4180_says(
    folder: Path,
) -> None:
    for name in NAMES:
        content = (folder / name).read_bytes()
        assert not content.startswith(b"\xef\xbb\xbf")
        assert content.endswith(b"\r\n")
        assert content.count(b"\n") == content.count(b"\r\n")


def test_an_export_that_fails_leaves_the_old_files_whole(
    study: Study, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def broken(*args: object) -> object:
        raise OSError("disk full")

    monkeypatch.setitem(
        export_to_folder.__globals__["ROWS"], "image_quality.csv", broken
    )
    with pytest.raises(CommandError, match="disk full"):
        call_command("export_study", study.slug, out=folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_study_that_is_not_unblinded_is_not_exported(
    study: Study, tmp_path: Path
) -> None:
    Study.objects.filter(pk=study.pk).update(state=Study.State.CLOSED)
    with pytest.raises(CommandError, match="not unblinded yet"):
        call_command("export_study", study.slug, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unknown_study_is_named_with_those_that_exist(
    study: Study, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=r"no study “nothing”.*read-study"):
        call_command("export_study", "nothing", out=tmp_path)


def test_memory_does_not_grow_with_the_reads(study: Study) -> None:
    """Reads are fetched in chunks: few queries, none of them for a single read."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from stats import export_rows

    image_quality_measure(study=study)
    report = report_build(study=study)
    with CaptureQueriesContext(connection) as queries:
        count = sum(1 for _ in export_rows.reads(study, report))
    assert count == 144
    assert len(queries) <= 3
