"""manage.py import_cohort, as an administrator types it."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from readerstudy.cases.models import Cohort

pytestmark = pytest.mark.django_db


def run(*arguments) -> str:
    out = StringIO()
    call_command("import_cohort", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def test_a_dry_run_shows_pairs_and_reasons_and_changes_nothing(folder):
    out = run(folder, "--name", "First", "--dry-run")
    assert "3 cases, 2 files left out." in out
    assert "reference  Abe-1/A, 25.0 min" in out
    assert "short      Abe-1/B, 5.0 min" in out
    assert "left out  truth.csv: It is not a DICOM file." in out
    assert not Cohort.objects.exists()


def test_a_zip_is_imported_for_its_coordinator(archive, coordinator):
    out = run(archive, "--name", "First", "--coordinator", "coordinator")
    assert "Imported 3 cases as “First”." in out
    cohort = Cohort.objects.get()
    assert list(cohort.coordinators.all()) == [coordinator]
    assert not cohort.simulated


def test_refusals_are_one_plain_sentence(archive, coordinator, tmp_path):
    run(archive, "--name", "First", "--coordinator", "coordinator")
    with pytest.raises(CommandError, match="a cohort named “First” already"):
        run(archive, "--name", "First")
    with pytest.raises(CommandError, match="no file or folder"):
        run(tmp_path / "nowhere", "--name", "Second")
    with pytest.raises(CommandError, match="no user named nobody"):
        run(archive, "--name", "Second", "--coordinator", "nobody")
