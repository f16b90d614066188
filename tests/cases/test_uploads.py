"""An upload from the browser: looked through, confirmed, imported, forgotten."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from readerstudy.cases import selectors, services, tasks
from readerstudy.cases.models import Cohort, Upload, UploadFile
from readerstudy.cases.plan import scan_path
from readerstudy.cases.services import claiming, receiving, upkeep, uploads
from readerstudy.cases.storage import room
from readerstudy.imaging.errors import Refused

from .conftest import send_files, stored_files

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(archive, coordinator, django_capture_on_commit_callbacks) -> Upload:
    """The same, and no worker has taken it up yet."""
    with django_capture_on_commit_callbacks():
        return send_files(coordinator, "First", archive)


def sealed(upload: Upload) -> list[Path]:
    """The files that were sent, as long as they are there."""
    return list((receiving.upload_folder(upload) / "files").glob("*"))


def test_the_worker_leaves_a_plan_to_confirm(upload):
    assert upload.state == Upload.State.READY
    plan = uploads.upload_plan(upload)
    assert [pair.code for pair in plan.pairs] == ["C001", "C002", "C003"]
    assert not Cohort.objects.exists()


def test_a_worker_elsewhere_leaves_uploads_to_those_that_have_the_files(sent, settings):
    settings.KEEPS_UPLOADS = False
    services.upload_scan(upload_id=sent.pk)
    sent.refresh_from_db()
    assert (sent.state, sent.attempts) == (Upload.State.SCANNING, 0)
    settings.KEEPS_UPLOADS = True
    services.upload_scan(upload_id=sent.pk)
    sent.refresh_from_db()
    assert sent.state == Upload.State.READY


def test_confirming_imports_and_forgets_files_and_names(
    upload, coordinator, django_capture_on_commit_callbacks
):
    folder = receiving.upload_folder(upload)
    with django_capture_on_commit_callbacks(execute=True):
        services.upload_confirm(upload=upload, name="Renamed")
    upload.refresh_from_db()
    assert upload.state == Upload.State.DONE
    assert upload.cohort.name == "Renamed"
    assert list(upload.cohort.coordinators.all()) == [coordinator]
    assert selectors.cohort_methods(upload.cohort) == {"reference": 3, "short": 3}
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


@pytest.mark.parametrize("minutes", [None, 5])
@pytest.mark.parametrize("state", ["scanning", "importing"])
def test_what_a_dead_worker_or_a_lost_message_left_is_taken_up_again(
    sent, state, minutes, django_capture_on_commit_callbacks
):
    upload = sent
    if state == "importing":
        services.upload_scan(upload_id=upload.pk)
    silent = minutes and timezone.now() - timedelta(minutes=minutes)
    Upload.objects.update(
        state=state, heartbeat_at=silent, called_at=timezone.now() - timedelta(hours=1)
    )
    with django_capture_on_commit_callbacks(execute=True):
        assert services.uploads_recover() == 1
    upload.refresh_from_db()
    assert upload.state == {"scanning": "ready", "importing": "done"}[state]
    assert Cohort.objects.count() == (state == "importing")
    assert services.uploads_recover(call_again=timedelta(0)) == 0


def test_a_living_worker_and_a_fresh_call_are_left_alone(upload):
    Upload.objects.update(state="importing", called_at=timezone.now())
    assert services.uploads_recover() == 0
    Upload.objects.update(heartbeat_at=timezone.now())
    assert services.uploads_recover(call_again=timedelta(0)) == 0


def test_a_broker_that_is_down_loses_no_upload(
    archive, coordinator, monkeypatch, django_capture_on_commit_callbacks
):
    def unreachable(*args, **kwargs):
        raise ConnectionError("no broker")

    with (
        monkeypatch.context() as patch,
        django_capture_on_commit_callbacks(execute=True),
    ):
        patch.setattr(tasks.scan_upload, "delay", unreachable)
        upload = send_files(coordinator, "First", archive)
        assert len(sealed(upload)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        services.uploads_recover(call_again=timedelta(0))
    upload.refresh_from_db()
    assert upload.state == Upload.State.READY


@pytest.mark.parametrize(
    ("state", "then"), [("scanning", "failed"), ("importing", "ready")]
)
def test_an_upload_that_keeps_killing_its_worker_is_given_up_with_the_reason(
    sent, monkeypatch, state, then, django_capture_on_commit_callbacks
):
    upload = sent
    if state == "importing":
        services.upload_scan(upload_id=upload.pk)

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(uploads, "scan_source", killed)
    monkeypatch.setattr(uploads, "cohort_import", killed)
    Upload.objects.update(state=state)
    step = {"scanning": services.upload_scan, "importing": services.upload_import}
    for _ in range(claiming.MAX_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            step[state](upload_id=upload.pk)
        Upload.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
        with django_capture_on_commit_callbacks():  # never delivered
            services.uploads_recover(call_again=timedelta(0))
    upload.refresh_from_db()
    assert (upload.state, upload.error) == (then, upkeep.GIVEN_UP)


def test_the_cohort_and_the_end_of_its_upload_are_committed_together(
    upload, monkeypatch
):
    """Killed at the last moment, there is no cohort, and no name is taken."""
    services.upload_confirm(upload=upload, name="First")

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "_finish", killed)
        with pytest.raises(KeyboardInterrupt):
            services.upload_import(upload_id=upload.pk)
    assert not Cohort.objects.exists()
    assert stored_files() == []
    Upload.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    services.upload_import(upload_id=upload.pk)
    upload.refresh_from_db()
    assert upload.state == Upload.State.DONE
    assert upload.cohort.cases.count() == 3


def test_a_worker_that_lost_its_claim_finishes_nothing(upload, monkeypatch):
    """It was silent for so long that another took the upload up."""
    services.upload_confirm(upload=upload, name="First")

    def overtaken(**kwargs):
        Upload.objects.update(claim="another's", done=77)
        return cohort_import(**kwargs)

    cohort_import = uploads.cohort_import
    monkeypatch.setattr(uploads, "cohort_import", overtaken)
    for pause in (0, float("inf")):  # with and without a report of progress
        monkeypatch.setattr(uploads, "REPORT_S", pause)
        Upload.objects.update(heartbeat_at=None)
        services.upload_import(upload_id=upload.pk)
        upload.refresh_from_db()
        assert (upload.state, upload.claim, upload.done) == (
            "importing",
            "another's",
            77,
        )
        assert uploads.upload_plan(upload).pairs
        assert not Cohort.objects.exists()
        assert stored_files() == []


def test_a_scan_that_lost_its_claim_finishes_nothing(sent, monkeypatch):
    """Another worker has taken it up; the first comes back from the dead."""
    scan_source = uploads.scan_source

    def overtaken(*args, **kwargs):
        plan = scan_source(*args, **kwargs)
        Upload.objects.update(claim="another's")
        return plan

    monkeypatch.setattr(uploads, "scan_source", overtaken)
    services.upload_scan(upload_id=sent.pk)
    sent.refresh_from_db()
    assert sent.state == "scanning"
    with pytest.raises(Refused, match="not been looked through"):
        uploads.upload_plan(sent)
    assert not (receiving.upload_folder(sent) / "scans").exists()
    assert len(sealed(sent)) == 1


def test_a_scan_that_died_starts_again_from_the_sealed_files(sent, monkeypatch):
    scan_source = uploads.scan_source

    def killed(*args, **kwargs):
        scan_source(*args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "scan_source", killed)
        with pytest.raises(KeyboardInterrupt):
            services.upload_scan(upload_id=sent.pk)
    assert len(sealed(sent)) == 1
    Upload.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    services.upload_scan(upload_id=sent.pk)
    sent.refresh_from_db()
    assert sent.state == "ready"
    assert len(uploads.upload_plan(sent).pairs) == 3
    left = {path.name for path in receiving.upload_folder(sent).iterdir()}
    assert left == {"plan", "scans"}


def test_what_was_sent_is_gone_once_it_has_been_looked_through(upload):
    assert sealed(upload) == []
    assert [bytes(file.sealed_name) for file in UploadFile.objects.all()] == [b""]
    plan = uploads.upload_plan(upload)
    assert all(scan_path(plan.folder, scan.number).exists() for scan in plan.scans)


def test_neither_the_files_nor_their_names_lie_in_clear(sent):
    """Until they have been looked through, and afterwards."""
    for _ in range(2):
        content = b"".join(
            path.read_bytes()
            for path in receiving.uploads_folder().rglob("*")
            if path.is_file()
        )
        # four letters alone could be anywhere in so much that is sealed
        for clear in (b"Abe-1", b"truth.csv", b"cohort.zip", bytes(8) + b"DICM"):
            assert clear not in content
        services.upload_scan(upload_id=sent.pk)
    sent.refresh_from_db()
    assert sent.state == "ready"


def test_what_went_wrong_is_logged_without_a_value_of_a_file(sent, monkeypatch, caplog):
    def fail(*args, **kwargs):
        raise RuntimeError("Abe^Shinzo 19540921")

    monkeypatch.setattr(uploads, "scan_source", fail)
    services.upload_scan(upload_id=sent.pk)
    sent.refresh_from_db()
    assert (sent.state, sent.error) == ("failed", uploads.UNEXPECTED)
    assert "RuntimeError at" in caplog.text
    assert "Abe" not in caplog.text


def test_a_name_taken_meanwhile_can_be_changed(
    upload, django_capture_on_commit_callbacks
):
    services.upload_confirm(upload=upload, name="First")
    Cohort.objects.create(name="First")
    services.upload_import(upload_id=upload.pk)
    upload.refresh_from_db()
    assert upload.state == Upload.State.READY
    assert "already" in upload.reason
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
    assert uploads.upload_plan(upload).pairs


def test_files_of_the_same_name_are_all_kept(
    folder, coordinator, django_capture_on_commit_callbacks
):
    for scan in "AB":
        (folder / scan).mkdir()
        (folder / "Abe-1" / scan).rename(folder / scan / "IM0001")
    with django_capture_on_commit_callbacks(execute=True):
        upload = send_files(coordinator, "First", *folder.glob("[AB]/IM0001"))
    upload.refresh_from_db()
    (pair,) = uploads.upload_plan(upload).pairs
    assert {pair.reference.name, pair.short.name} == {"IM0001", "IM0001 (2)"}


@pytest.mark.parametrize("content", [b"x", b"PK\x05\x06" + bytes(18)])
def test_what_is_smaller_than_the_end_of_an_archive_is_told_like_other_files(
    tmp_path, coordinator, django_capture_on_commit_callbacks, content
):
    (tmp_path / "a.zip").write_bytes(content)
    with django_capture_on_commit_callbacks(execute=True):
        upload = send_files(coordinator, "First", tmp_path / "a.zip")
    upload.refresh_from_db()
    assert upload.reason != uploads.UNEXPECTED
    assert sealed(upload) == []


def test_discarding_removes_files_and_row(upload, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        services.upload_discard(upload=upload)
    assert not Upload.objects.exists()
    assert not receiving.upload_folder(upload).exists()


def test_what_cannot_become_a_cohort_is_refused_before_a_byte_is_sent(
    coordinator, settings, monkeypatch
):
    def begin(name, size=10):
        services.upload_begin(user=coordinator, name=name, size=size)

    with pytest.raises(Refused, match="choose a zip file"):
        begin("First", size=0)
    Cohort.objects.create(name="Taken")
    with pytest.raises(Refused, match="already"):
        begin("Taken")
    settings.COHORT_UPLOAD_MAX_BYTES = 5 * 2**20
    with pytest.raises(Refused, match="larger than 5 MB"):
        begin("First", size=6 * 2**20)
    monkeypatch.setattr(room, "KEPT_FREE_BYTES", 2**60)
    with pytest.raises(Refused, match=r"no room.* 0 MB are free"):
        begin("First")
    assert not Upload.objects.exists()
    assert not list(receiving.uploads_folder().iterdir())
