"""manage.py import_cohort, as an administrator types it."""

from io import StringIO

import pytest
from django.core.management import ManagementUtility, call_command
from django.core.management.base import CommandError

from readerstudy.audit.models import AuditEvent
from readerstudy.cases.models import Cohort
from tests.imaging.objects import head, nuclear_object, write

from .conftest import stored_files

pytestmark = pytest.mark.django_db


def run(*arguments) -> str:
    out = StringIO()
    call_command("import_cohort", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def test_a_dry_run_shows_pairs_and_reasons_and_changes_nothing(folder, settings):
    before = sorted(folder.rglob("*")), AuditEvent.objects.count()
    out = run(folder, "--name", "First", "--dry-run")
    assert "3 cases, 1 scan in no case, 1 file left out." in out
    assert "reference  Abe-1/A, 25.0 min" in out
    assert "short      Abe-1/B, 5.0 min" in out
    assert "no case   single, 25.0 min" in out
    assert "left out  truth.csv: It is not a DICOM file." in out
    assert not Cohort.objects.exists()
    assert (sorted(folder.rglob("*")), AuditEvent.objects.count()) == before
    assert [path for path in settings.VAR_DIR.rglob("*") if path.is_file()] == []
    assert stored_files() == []


def test_a_zip_is_imported_for_its_coordinator(archive, coordinator, settings):
    out = run(archive, "--name", "First", "--coordinator", "coordinator")
    assert "Imported 3 cases as “First”." in out
    cohort = Cohort.objects.get()
    assert list(cohort.coordinators.all()) == [coordinator]
    assert not cohort.simulated
    assert [path for path in settings.VAR_DIR.rglob("*") if path.is_file()] == []


def test_a_manifest_gives_codes_roles_and_parts(folder, tmp_path):
    manifest = tmp_path / "cases.csv"
    manifest.write_text("file,case,split\nAbe-1/A,N-1,test\nAbe-1/B,N-1,test\n")
    out = run(folder, "--name", "First", "--manifest", manifest)
    assert "N-1  slice 5 of 12  test" in out
    assert "no case   Baba-2/A" in out
    case = Cohort.objects.get().cases.get()
    assert (case.code, case.split) == ("N-1", "test")


def test_a_mistake_in_the_manifest_is_told_by_line_and_column(folder, tmp_path):
    manifest = tmp_path / "cases.csv"
    manifest.write_text("file,case,role\nAbe-1/A,N-1,long\n")
    with pytest.raises(CommandError, match=r"cases\.csv, line 2, column “role”"):
        run(folder, "--name", "First", "--manifest", manifest)
    with pytest.raises(CommandError, match="cannot be read"):
        run(folder, "--name", "First", "--manifest", tmp_path / "none.csv")
    assert not Cohort.objects.exists()


def test_other_pixels_are_taken_where_it_is_asked_for(tmp_path):
    for name, frame_ms, scale in (("long", 25_000, 5), ("short", 5_000, 1)):
        frames = head(scale=scale, size=80)[::-1]
        ds = nuclear_object(frames, frame_ms=frame_ms, pixel_mm=(4.1, 4.1))
        write(ds, tmp_path / "sent" / name)
    with pytest.raises(CommandError, match="No pair"):
        run(tmp_path / "sent", "--name", "First")
    run(tmp_path / "sent", "--name", "First", "--resample")
    assert Cohort.objects.get().resampled


def test_what_is_not_certain_is_not_imported_without_a_word(tmp_path):
    """One patient under two ids: shown, but left to a person or a manifest."""
    for patient, name, frame_ms, scale in (
        ("Abe-1", "long", 25_000, 5),
        ("Abe-01", "short", 5_000, 1),
    ):
        frames, study = head(scale=scale)[::-1], f"1.2.{len(patient)}"
        ds = nuclear_object(frames, patient=patient, study=study, frame_ms=frame_ms)
        write(ds, tmp_path / "sent" / name)
    out = run(tmp_path / "sent", "--name", "First", "--dry-run")
    assert "not certain" in out
    with pytest.raises(CommandError, match="belong together: C001"):
        run(tmp_path / "sent", "--name", "First")
    assert not Cohort.objects.exists()
    manifest = tmp_path / "cases.csv"
    manifest.write_text("file,case\nlong,N-1\nshort,N-1\n")
    run(tmp_path / "sent", "--name", "First", "--manifest", manifest)
    assert Cohort.objects.get().cases.get().code == "N-1"


def test_refusals_are_one_plain_sentence(archive, coordinator, tmp_path):
    run(archive, "--name", "First", "--coordinator", "coordinator")
    with pytest.raises(CommandError, match="a cohort named “First” already"):
        run(archive, "--name", "First")
    with pytest.raises(CommandError, match="no file or folder"):
        run(tmp_path / "nowhere", "--name", "Second")
    with pytest.raises(CommandError, match="no user named nobody"):
        run(archive, "--name", "Second", "--coordinator", "nobody")


def test_the_help_says_what_every_argument_means(capsys):
    with pytest.raises(SystemExit):
        ManagementUtility(["manage.py", "import_cohort", "--help"]).execute()
    told = " ".join(capsys.readouterr().out.split())
    assert "PATH a folder with all that lies below it, a zip file, a CD image" in told
