"""An upload from the browser: looked through, confirmed, imported, forgotten."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from readerstudy.cases import selectors, services, uploads
from readerstudy.cases.models import Cohort, Upload
from readerstudy.imaging.errors import Refused

from .conftest import stored_files

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload(archive, coordinator, django_capture_on_commit_callbacks) -> Upload:
    """A zip of three pairs, looked through by the worker."""
    with django_capture_on_commit_callbacks(execute=True):
        upload = send(coordinator, archive)
    upload.refresh_from_db()
    return upload


def send(user, *paths: Path, name: str = "First") -> Upload:
    files = [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths]
    return services.upload_create(user=user, name=name, files=files)


def test_the_worker_leaves_a_plan_to_confirm(upload):
    assert upload.state == Upload.State.READY
    plan = uploads.upload_plan(upload)
    assert [pair.code for pair in plan.pairs] == ["C001", "C002", "C003"]
    for pair in plan.pairs:
        for role in ("reference", "short"):
            path = uploads.preview_path(upload, code=pair.code, role=role)
            assert path.read_bytes().startswith(b"\x89PNG")
    assert not Cohort.objects.exists()


def test_confirming_imports_and_forgets_files_and_names(
    upload, coordinator, django_capture_on_commit_callbacks
):
    folder = uploads.upload_folder(upload)
    with django_capture_on_commit_callbacks(execute=True):
        services.upload_confirm(upload=upload, name="Renamed")
    upload.refresh_from_db()
    assert upload.state == Upload.State.DONE
    assert upload.cohort.name == "Renamed"
    assert list(upload.cohort.coordinators.all()) == [coordinator]
    assert selectors.cohort_methods(upload.cohort) == {"reference": 3, "short": 3}
    assert upload.plan is None
    assert not folder.exists()


def test_a_task_that_runs_twice_imports_once(
    upload, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        services.upload_confirm(upload=upload, name="First")
    services.upload_import(upload_id=upload.pk)
    services.upload_scan(upload_id=upload.pk)
    assert Cohort.objects.count() == 1
    assert len(stored_files()) == 12


def test_a_step_that_a_living_worker_is_at_is_not_begun_again(upload):
    Upload.objects.update(state=Upload.State.IMPORTING, heartbeat_at=timezone.now())
    services.upload_import(upload_id=upload.pk)
    assert not Cohort.objects.exists()
    with pytest.raises(Refused, match="busy"):
        services.upload_retry(upload=upload)
    with pytest.raises(Refused, match="just being imported"):
        services.upload_discard(upload=upload)


def test_the_step_of_a_dead_worker_can_be_asked_for_again(
    upload, django_capture_on_commit_callbacks
):
    Upload.objects.update(
        state=Upload.State.IMPORTING,
        heartbeat_at=timezone.now() - timedelta(minutes=5),
    )
    with django_capture_on_commit_callbacks(execute=True):
        services.upload_retry(upload=upload)
    assert Cohort.objects.get().cases.count() == 3


def test_a_name_taken_meanwhile_can_be_changed(
    upload, django_capture_on_commit_callbacks
):
    services.upload_confirm(upload=upload, name="First")
    Cohort.objects.create(name="First")
    services.upload_import(upload_id=upload.pk)
    upload.refresh_from_db()
    assert upload.state == Upload.State.READY
    assert "already" in upload.error
    with django_capture_on_commit_callbacks(execute=True):
        services.upload_confirm(upload=upload, name="Second")
    assert Cohort.objects.get(name="Second").cases.count() == 3


def test_an_unexpected_failure_is_told_and_leaves_the_files(
    upload, monkeypatch, django_capture_on_commit_callbacks
):
    def fail(**kwargs):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(uploads, "cohort_import", fail)
    with django_capture_on_commit_callbacks(execute=True):
        services.upload_confirm(upload=upload, name="First")
    upload.refresh_from_db()
    assert upload.state == Upload.State.READY
    assert "nothing was imported" in upload.error
    assert "secret" not in upload.error
    assert uploads.upload_zip(upload).exists()


def test_files_of_the_same_name_are_all_kept(
    folder, coordinator, django_capture_on_commit_callbacks
):
    files = [
        SimpleUploadedFile("IM0001", (folder / "Abe-1" / scan).read_bytes())
        for scan in "AB"
    ]
    with django_capture_on_commit_callbacks(execute=True):
        upload = services.upload_create(user=coordinator, name="First", files=files)
    upload.refresh_from_db()
    (pair,) = uploads.upload_plan(upload).pairs
    assert {pair.reference.name, pair.short.name} == {"IM0001", "IM0001 (2)"}


def test_discarding_removes_files_and_row(upload, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        services.upload_discard(upload=upload)
    assert not Upload.objects.exists()
    assert not uploads.upload_folder(upload).exists()


def test_a_refused_upload_leaves_no_files(coordinator, settings):
    with pytest.raises(Refused, match="choose a zip file"):
        services.upload_create(user=coordinator, name="First", files=[])
    Cohort.objects.create(name="Taken")
    with pytest.raises(Refused, match="already"):
        services.upload_create(
            user=coordinator, name="Taken", files=[SimpleUploadedFile("a", b"x")]
        )
    assert not list((settings.VAR_DIR).rglob("*.zip"))


def test_what_nobody_confirms_for_a_week_is_discarded(
    upload, django_capture_on_commit_callbacks
):
    assert services.uploads_sweep() == 0
    Upload.objects.update(created_at=timezone.now() - timedelta(days=8))
    with django_capture_on_commit_callbacks(execute=True):
        assert services.uploads_sweep() == 1
    assert not uploads.upload_folder(upload).exists()
