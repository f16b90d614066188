"""Images in an S3 store are read as from a folder, and copies make it as fast."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from inference.models import Job
from inference.services import job_request
from readerstudy.cases import selectors, services
from readerstudy.cases.models import Rendition, Series, Upload
from readerstudy.config.object_store import ObjectStore
from readerstudy.imaging.errors import Refused
from readerstudy.operations.health import storage_takes_and_gives
from tests.cases.conftest import send_files, write_pair
from tests.cast import make_user
from tests.object_store import BUCKET, KEYS, ObjectStoreServer, object_store_server
from tests.servers import free_port

NAME = "series/0123456789abcdef.npy"
CONTENT = b"counts" * 100


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStoreServer]:
    with object_store_server() as one:
        yield one


def options(url: str, folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "bucket_name": BUCKET,
        **KEYS,
        "endpoint_url": url,
        "region_name": "us-east-1",
        "location": "site",
        "copies": folder,
        "copies_bytes": 2**20,
        **more,
    }


@pytest.fixture
def store(server: ObjectStoreServer, tmp_path: Path) -> ObjectStore:
    return ObjectStore(**options(server.url, tmp_path / "copies"))


@pytest.fixture
def away(tmp_path: Path) -> ObjectStore:
    """The same machine's view of the store, once its network is cut."""
    url = f"http://127.0.0.1:{free_port()}"
    return ObjectStore(**options(url, tmp_path / "copies"))


def read(store: ObjectStore, name: str) -> bytes:
    with store.open(name, "rb") as file:
        content: bytes = file.read()
    return content


@pytest.mark.pure
def test_what_was_read_once_is_read_again_without_the_store(
    store: ObjectStore, away: ObjectStore
) -> None:
    name = store.save(NAME, ContentFile(CONTENT))
    with pytest.raises(OSError, match="no answer"):
        away.open(name)
    assert read(store, name) == CONTENT
    assert read(away, name) == CONTENT


@pytest.mark.pure
def test_a_damaged_copy_is_fetched_again(store: ObjectStore) -> None:
    name = store.save(NAME, ContentFile(CONTENT))
    assert read(store, name) == CONTENT
    copy = store.copies.path(name)
    for damaged in (copy.read_bytes()[:-1], b"", b"x" + copy.read_bytes()[1:]):
        copy.write_bytes(damaged)
        assert read(store, name) == CONTENT


@pytest.mark.pure
def test_a_file_may_be_read_twice_from_one_row(store: ObjectStore) -> None:
    name = store.save(NAME, ContentFile(CONTENT))
    with store.open(name) as file:
        assert file.read() == CONTENT
    file.open("rb")
    assert file.read() == CONTENT


@pytest.mark.pure
def test_no_file_is_ever_overwritten(store: ObjectStore) -> None:
    first = store.save(NAME, ContentFile(CONTENT))
    second = store.save(first, ContentFile(b"other"))
    assert second != first
    assert (read(store, first), read(store, second)) == (CONTENT, b"other")


@pytest.mark.pure
def test_what_is_deleted_is_gone_with_its_copy(store: ObjectStore) -> None:
    name = store.save(NAME, ContentFile(CONTENT))
    read(store, name)
    store.delete(name)
    assert not store.copies.path(name).exists()
    assert not store.exists(name)
    with pytest.raises(FileNotFoundError):
        store.open(name)
    store.delete(name)


@pytest.mark.pure
def test_copies_are_unreadable_to_others_and_tell_no_name(store: ObjectStore) -> None:
    name = store.save("renditions/unet-l4.npy", ContentFile(CONTENT))
    read(store, name)
    copy = store.copies.path(name)
    assert copy.stat().st_mode & 0o077 == 0
    assert "unet" not in str(copy)


@pytest.mark.pure
def test_old_copies_make_room(server: ObjectStoreServer, tmp_path: Path) -> None:
    store = ObjectStore(
        **options(server.url, tmp_path / "copies", copies_bytes=3 * len(CONTENT))
    )
    names = [store.save(NAME, ContentFile(CONTENT)) for _ in range(4)]
    for age, name in enumerate(reversed(names)):
        read(store, name)
        os.utime(store.copies.path(name), (1e9 + age, 4e9 - age))
    store.copies.make_room()
    kept = [name for name in names if store.copies.path(name).exists()]
    assert kept == names[2:]
    for name in kept:
        os.utime(store.copies.path(name), (1e9, 1e9))  # nobody asked in a week
    store.copies.make_room()
    assert not any(store.copies.path(name).exists() for name in names)


@pytest.mark.pure
def test_a_full_disk_takes_no_copy_and_breaks_nothing(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = store.save(NAME, ContentFile(CONTENT))

    def full(*args: Any, **more: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    assert read(store, name) == CONTENT


@pytest.mark.pure
def test_what_goes_wrong_is_told_without_names(
    server: ObjectStoreServer, tmp_path: Path
) -> None:
    store = ObjectStore(
        **options(server.url, tmp_path / "copies", bucket_name="nobodys")
    )
    with pytest.raises(OSError, match="NoSuchBucket") as told:
        store.save(NAME, ContentFile(CONTENT))
    assert "series" not in str(told.value)


@pytest.mark.pure
def test_files_have_no_address_but_the_views(store: ObjectStore) -> None:
    with pytest.raises(NotImplementedError):
        store.url(NAME)


@pytest.fixture
def site(settings: Any, server: ObjectStoreServer, tmp_path: Path) -> ObjectStoreServer:
    """A site that keeps its files in the store."""
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path / "var", tmp_path / "no-media"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "readerstudy.config.object_store.ObjectStore",
            "OPTIONS": options(server.url, tmp_path / "copies"),
        },
    }
    for name in server.names():
        server.client.delete_object(Bucket=BUCKET, Key=name)
    return server


@pytest.mark.django_db
def test_a_cohort_is_imported_computed_and_read_there(
    site: ObjectStoreServer, tmp_path: Path, settings: Any
) -> None:
    for patient in ("Abe-1", "Baba-2"):
        write_pair(tmp_path / "sent", patient)
    coordinator = make_user("coordinator", coordinator=True)
    sent = sorted(path for path in (tmp_path / "sent").rglob("*") if path.is_file())
    upload = send_files(coordinator, "sent", *sent)
    services.upload_scan(upload_id=upload.pk)
    upload.refresh_from_db()
    services.upload_confirm(upload=upload, name="First")
    services.upload_import(upload_id=upload.pk)
    upload.refresh_from_db()
    assert upload.state == Upload.State.DONE, upload.error
    job = job_request(cohort=upload.cohort, method="gaussian")
    if job.state != Job.State.DONE:
        from inference.services import job_run

        job_run(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, (job.message, job.failures)
    assert not settings.MEDIA_ROOT.exists()
    rows = [*Series.objects.all(), *Rendition.objects.all()]
    assert len(rows) == len(site.names()) == 2 * 2 + 2 * 3
    for one in Rendition.objects.all():
        assert selectors.rendition_values(one).shape == (5, 64, 64)
    for scan in Series.objects.all():
        assert selectors.series_volume(scan).counts.ndim == 3
    storage_takes_and_gives()
    lose_one(site)


def lose_one(site: ObjectStoreServer) -> None:
    """A copy here does not hide that the store has lost what it is a copy of."""
    image = Rendition.objects.first()
    assert image is not None
    site.client.delete_object(Bucket=BUCKET, Key=f"site/{image.values.name}")
    assert not selectors.rendition_is_whole(image)
    image.values.storage.copies.forget(image.values.name)
    with pytest.raises(Refused, match="cannot be read"):
        selectors.rendition_values(Rendition.objects.get(pk=image.pk))
