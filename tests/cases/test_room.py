"""A disk that fills up: it is told, and neither what came nor the rest is lost."""

import io
import os
import shutil
import time
from pathlib import Path

import pytest
from django.conf import settings

from readerstudy.cases import services
from readerstudy.cases.models import Upload
from readerstudy.cases.services import instances, receiving, uploads
from readerstudy.cases.sources import archives, iso, open_source
from readerstudy.cases.storage import parcels, room
from readerstudy.imaging.errors import Refused
from tests.servers import wait_until

from .conftest import send_files
from .packing import iso_bytes, zip_bytes, zip_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch):
    return lambda: monkeypatch.setattr(room, "KEPT_FREE_BYTES", 2**60)


def test_two_who_were_both_told_that_there_is_room_do_not_fill_the_disk(
    coordinator, full, monkeypatch
):
    monkeypatch.setattr(receiving, "PIECE_BYTES", 5)
    file = services.upload_begin(user=coordinator, name="First", size=15)

    def chunks():
        yield b"12345"
        full()
        yield b"67890"

    with pytest.raises(room.NoRoomError):
        services.file_receive(file=file, at=0, chunks=chunks())
    file.refresh_from_db()
    assert file.received == 5


def test_an_object_is_not_even_begun_without_room(full):
    full()
    with pytest.raises(room.NoRoomError), instances.staged([b"12345"]):
        pass
    assert not list(receiving.uploads_folder().iterdir())


@pytest.mark.parametrize("nested", [False, True])
def test_files_that_find_no_room_to_be_looked_through_are_kept_for_another_try(
    archive,
    coordinator,
    full,
    monkeypatch,
    tmp_path: Path,
    nested: bool,
    django_capture_on_commit_callbacks,
):
    if nested:
        members = {"inner.zip": archive.read_bytes(), "b.zip": zip_bytes({"a": b"x"})}
        archive = zip_with(tmp_path / "outer.zip", members)
    with django_capture_on_commit_callbacks():
        upload = send_files(coordinator, "First", archive)
    full()
    services.upload_scan(upload_id=upload.pk)
    upload.refresh_from_db()
    assert upload.state == Upload.State.FAILED
    assert "no room" in upload.error
    assert uploads.upload_can_retry(upload)
    monkeypatch.undo()
    with django_capture_on_commit_callbacks(execute=True):
        services.upload_retry(upload=upload)
    upload.refresh_from_db()
    assert upload.state == Upload.State.READY
    assert len(uploads.upload_plan(upload).pairs) == 3


def test_who_unpacks_for_long_is_not_taken_for_dead(
    archive, coordinator, monkeypatch, django_capture_on_commit_callbacks
):
    """A large archive inside of another is unpacked before its files are read."""
    beats = []
    opened = uploads.sealed_files

    def slowly(upload):
        [(name, opener)] = opened(upload)
        return [(name, lambda: wait_until(has_beaten, "signs of life") or opener())]

    def has_beaten():
        return beats.count((0, 0)) > 3

    with django_capture_on_commit_callbacks():
        upload = send_files(coordinator, "First", archive)
    monkeypatch.setattr("readerstudy.cases.services.scanning.REPORT_S", 0.05)
    monkeypatch.setattr(uploads, "sealed_files", slowly)
    monkeypatch.setattr(
        uploads, "_report_to", lambda upload: lambda *so_far: beats.append(so_far)
    )
    services.upload_scan(upload_id=upload.pk)
    assert beats.count((0, 0)) > 3


def test_what_an_earlier_version_left_of_a_form_in_clear_is_removed():
    old, new = (
        Path(settings.FILE_UPLOAD_TEMP_DIR) / f"{name}.upload.zip"
        for name in ("tmpold", "tmpnew")
    )
    for path in (old, new):
        path.write_bytes(b"a patient")
    week_ago = time.time() - 7 * 86400
    os.utime(old, (week_ago, week_ago))
    services.uploads_sweep()
    assert not old.exists()
    assert new.exists()
    new.unlink()


def test_nobody_else_on_the_machine_looks_into_an_upload(coordinator):
    shutil.rmtree(receiving.uploads_folder(), ignore_errors=True)
    upload = services.receiving_open(user=coordinator, origin=Upload.Origin.PULL)
    folder = receiving.upload_folder(upload)
    services.file_add(upload=upload, name="a", content=b"x")
    for one in (folder.parent, folder, *folder.rglob("*")):
        assert not one.stat().st_mode & 0o077, one


def test_a_table_of_members_that_would_fill_the_memory_is_not_read(
    archive, monkeypatch
):
    monkeypatch.setattr(archives, "MOST_DIRECTORY_BYTES", 100)
    with pytest.raises(Refused, match="no zip file"), open_source(archive):
        pass


def test_an_index_of_more_files_than_may_be_is_not_parsed(monkeypatch):
    parcel = io.BytesIO()
    writer = parcels.ParcelWriter(parcel)
    for number in range(60):
        writer.begin(f"{number}, {number}.dcm")
    writer.finish()
    assert len(parcels.parcel_members(parcel)) == 60
    monkeypatch.setattr(parcels, "MAX_COMMAS", 100)
    with pytest.raises(Refused):
        parcels.parcel_members(parcel)


def test_folders_of_a_cd_image_that_share_their_bytes_are_not_walked_for_ever(
    monkeypatch,
):
    image = io.BytesIO(iso_bytes({"A/1.DCM": b"x", "B/1.DCM": b"x"}))
    assert len(list(iso.iso_entries(image))) == 2
    monkeypatch.setattr(iso, "MOST_FOLDERS_BYTES", 2 * iso.SECTOR)
    with pytest.raises(Refused, match="damaged"):
        list(iso.iso_entries(image))
