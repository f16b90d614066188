"""The CSV files: complete, described, safe to open, and the same every time."""

import csv
import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from readerstudy.audit.models import AuditEvent
from readerstudy.reading.models import Arm, Study
from stats.exporting.bundle import export_to_folder, zip_pieces
from stats.exporting.columns import FILES
from stats.exporting.csv_text import cell_text, written
from stats.exporting.mrmc import IMRMC, IMRMC_COLUMNS
from stats.exporting.rows import ROWS
from stats.reporting.keeping import report_read

from .conftest import EXPORTED, TABLES, lines


def test_exactly_the_promised_files_are_written(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == EXPORTED


@pytest.mark.pure
@pytest.mark.parametrize("name", sorted(EXPORTED))
def test_every_file_has_its_line_in_the_manual(name: str) -> None:
    assert f"\n| `{name}` |" in Path("docs/export.md").read_text(encoding="utf-8")


def test_no_file_knows_a_name(folder: Path) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert "read-study-reader" not in text  # user names of the fixture
    assert "Phantoms-1" not in text  # patient digests


def test_the_dictionary_describes_every_column_of_every_file(folder: Path) -> None:
    described = [
        (line["file"], line["column"]) for line in lines(folder / "data_dictionary.csv")
    ]
    there = []
    for name in FILES:
        with (folder / name).open(newline="", encoding="utf-8") as file:
            there += [(name, column) for column in next(csv.reader(file))]
    without_names = [(IMRMC, column.name) for column in IMRMC_COLUMNS]
    assert described == there + without_names
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


def test_every_file_of_results_says_whether_they_are_simulated(
    study: Study, folder: Path, tmp_path: Path
) -> None:
    names = {
        "kappa.csv",
        "intra_reader.csv",
        "image_quality.csv",
        "image_quality_summary.csv",
    }
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
def test_text_that_is_written_once_for_several_lines_is_no_formula_either() -> None:
    assert cell_text(written("=1+1")) == "'=1+1"
    assert cell_text(written(-2)) == "-2"


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
    report = report_read(study.frozen_reports.get().content)
    archive = b"".join(zip_pieces(study=study, report=report))
    assert archive == b"".join(zip_pieces(study=study, report=report))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert {Path(name).name for name in opened.namelist()} == EXPORTED
        # the audit's anchor moves on with every export
        for name in EXPORTED - {"audit.csv", "SHA256SUMS"}:
            expected = (folder / name).read_bytes()
            assert (again / name).read_bytes() == expected
            assert opened.read(f"{study.slug}/{name}") == expected


def test_the_sums_are_those_of_every_other_file(folder: Path) -> None:
    sums = dict(
        reversed(line.split("  "))
        for line in (folder / "SHA256SUMS").read_text().splitlines()
    )
    assert set(sums) == EXPORTED - {"SHA256SUMS"}
    for name, expected in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected


def test_for_excel_every_file_begins_with_a_byte_order_mark(
    study: Study, tmp_path: Path
) -> None:
    call_command("export_study", study.slug, out=tmp_path, excel=True)
    for name in TABLES:
        content = (tmp_path / name).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.count(b"\xef\xbb\xbf") == 1


def test_without_excel_there_is_none_and_lines_end_as_rfc_4180_says(
    folder: Path,
) -> None:
    for name in TABLES:
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

    monkeypatch.setitem(ROWS, "image_quality.csv", broken)
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
