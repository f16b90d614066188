"""What nobody comes back to is removed; what was left half-done is caught up with."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from readerstudy.cases import services, tasks
from readerstudy.cases.models import Upload
from readerstudy.cases.services import receiving, uploads
from readerstudy.imaging.errors import Refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("came", [True, False])
def test_what_was_not_sent_to_its_end_waits_over_a_weekend(
    coordinator, came, django_capture_on_commit_callbacks
):
    file = services.upload_begin(user=coordinator, name="First", size=10)
    if came:
        services.file_receive(file=file, at=0, chunks=[b"12345"])
    for days, left in ((2.9, True), (3.1, False)):
        moment = timezone.now() - timedelta(days=days)
        Upload.objects.update(created_at=moment, received_at=(came and moment) or None)
        with django_capture_on_commit_callbacks(execute=True):
            tasks.tidy()
        assert Upload.objects.exists() == left
        assert receiving.upload_folder(file.upload).exists() == left


def test_the_week_is_counted_from_the_last_file(coordinator):
    """What a node sends day by day is not forgotten while it comes."""
    node = services.receiving_open(user=None, origin=Upload.Origin.NODE, peer="PACS")
    services.file_add(upload=node, name="a", content=b"x")
    Upload.objects.update(created_at=timezone.now() - timedelta(days=30))
    assert services.uploads_sweep() == 0
    Upload.objects.update(received_at=timezone.now() - timedelta(days=8))
    assert services.uploads_sweep() == 1


def test_a_server_that_ended_after_the_last_byte_is_caught_up_with(
    archive, coordinator, monkeypatch, django_capture_on_commit_callbacks
):
    content = archive.read_bytes()
    file = services.upload_begin(user=coordinator, name="First", size=len(content))
    with monkeypatch.context() as patch:
        patch.setattr(receiving, "receiving_complete", lambda **kwargs: None)
        services.file_receive(file=file, at=0, chunks=[content])
    for minutes, state in ((0, "receiving"), (5, "ready")):
        Upload.objects.update(received_at=timezone.now() - timedelta(minutes=minutes))
        with django_capture_on_commit_callbacks(execute=True):
            services.uploads_recover()
        assert Upload.objects.get().state == state


def test_what_is_still_coming_is_not_looked_through(
    coordinator, django_capture_on_commit_callbacks
):
    file = services.upload_begin(user=coordinator, name="First", size=10)
    services.file_receive(file=file, at=0, chunks=[b"12345"])
    Upload.objects.update(received_at=timezone.now() - timedelta(minutes=5))
    with django_capture_on_commit_callbacks(execute=True):
        services.uploads_recover()
    with pytest.raises(Refused, match="not come to their end"):
        services.receiving_finish(upload=file.upload, name="First", by=coordinator)
    assert Upload.objects.get().state == "receiving"


def test_what_nobody_confirms_for_a_week_is_discarded(
    upload, django_capture_on_commit_callbacks
):
    assert services.uploads_sweep() == 0
    week_ago = timezone.now() - timedelta(days=8)
    Upload.objects.update(created_at=week_ago, received_at=week_ago)
    with django_capture_on_commit_callbacks(execute=True):
        assert services.uploads_sweep() == 1
    assert not receiving.upload_folder(upload).exists()


@pytest.mark.parametrize("state", Upload.State.values)
def test_no_state_keeps_files_for_longer_than_a_week(
    upload, state, django_capture_on_commit_callbacks
):
    week_ago = timezone.now() - timedelta(days=8)
    Upload.objects.update(
        created_at=week_ago, received_at=week_ago, state=state, heartbeat_at=week_ago
    )
    with django_capture_on_commit_callbacks(execute=True):
        tasks.tidy()
    assert not receiving.upload_folder(upload).exists()


def test_an_import_at_work_is_left_to_the_next_sweep(upload):
    week_ago = timezone.now() - timedelta(days=8)
    Upload.objects.update(
        created_at=week_ago,
        received_at=week_ago,
        state="importing",
        heartbeat_at=timezone.now(),
    )
    assert services.uploads_sweep() == 0
    assert receiving.upload_folder(upload).exists()


def test_folders_that_a_killed_process_left_are_removed(upload):
    orphan, fresh = (receiving.uploads_folder() / name for name in ("old", "new"))
    for folder in (orphan, fresh):
        folder.mkdir()
        (folder / "files").mkdir()
    day_ago = time.time() - 25 * 3600
    os.utime(orphan, (day_ago, day_ago))
    os.utime(receiving.upload_folder(upload), (day_ago, day_ago))
    services.uploads_sweep()
    assert not orphan.exists()
    assert fresh.exists()
    assert uploads.upload_plan(upload).pairs
    Upload.objects.update(state="done")  # killed before it could remove them
    services.uploads_sweep()
    assert not receiving.upload_folder(upload).exists()


def test_what_an_earlier_version_left_in_clear_is_removed(upload):
    left = receiving.upload_folder(upload) / "cohort.zip"
    left.write_bytes(b"PK")
    services.uploads_sweep()
    assert not left.exists()
    assert uploads.upload_plan(upload).pairs


def test_files_without_rows_are_swept_without_waiting_for_an_upload(settings, db):
    left = Path(settings.MEDIA_ROOT) / "series" / "left.npy"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x")
    os.utime(left, (0, 0))
    tasks.tidy()
    assert not left.exists()


def test_workers_sweep_when_they_start_and_again_and_again():
    from celery.signals import worker_ready

    from readerstudy.config.celery import app

    app.finalize()
    swept = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {"cases.recover", "cases.tidy"} <= swept
    receivers = [reference for _, reference in worker_ready.receivers]
    assert tasks.take_up_what_was_left in [one() for one in receivers]
