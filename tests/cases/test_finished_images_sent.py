"""Finished images come by page and by program; all are stored, or none."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from readerstudy.cases import services
from readerstudy.cases.models import Cohort, Rendition, Upload
from readerstudy.cases.services import images, renditions
from readerstudy.cases.services.receiving import upload_folder
from readerstudy.cases.services.renditions import renditions_save
from readerstudy.cases.storage import room

from .conftest import stored_files
from .finished import stacks, take, values_of, write_arrays

__all__ = ["stacks"]

pytestmark = pytest.mark.django_db


def sent(cohort: Cohort, folder: Path, user: User) -> Upload:
    """The files, as if they had come from a browser."""
    upload = services.receiving_open(
        user=user, origin="browser", name="Mine", cohort=cohort
    )
    for path in folder.iterdir():
        services.file_add(upload=upload, name=path.name, content=path.read_bytes())
    services.receiving_finish(upload=upload, name="Mine", by=user)
    return upload


def test_images_that_find_no_room_are_kept_for_another_try(
    stacks, tmp_path, coordinator, monkeypatch
):
    upload = sent(stacks, write_arrays(stacks, tmp_path / "mine"), coordinator)
    with monkeypatch.context() as full:
        full.setattr(room, "KEPT_FREE_BYTES", 2**60)
        services.upload_scan(upload_id=upload.pk)
    upload.refresh_from_db()
    assert "no room" in upload.reason
    services.upload_retry(upload=upload)
    services.upload_scan(upload_id=upload.pk)
    upload.refresh_from_db()
    assert upload.state == "done"


def test_room_is_asked_for_all_before_any_is_stored(stacks, tmp_path, monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(images, "check_room", asked.append)
    take(stacks, write_arrays(stacks, tmp_path / "mine"))
    *each, together = asked
    assert len(each) == 2
    assert together == sum(each)


def test_a_worker_that_was_given_up_leaves_the_files_to_the_next(
    stacks, tmp_path, coordinator, monkeypatch
):
    upload = sent(stacks, write_arrays(stacks, tmp_path / "mine"), coordinator)

    def slow(**images):
        Upload.objects.filter(pk=upload.pk).update(claim="another")
        return renditions_save(**images)

    monkeypatch.setattr("readerstudy.cases.services.images.renditions_save", slow)
    services.upload_scan(upload_id=upload.pk)
    upload.refresh_from_db()
    assert upload.state == "scanning"
    assert list((upload_folder(upload) / "files").iterdir())


def test_what_fails_halfway_leaves_none(stacks, tmp_path, coordinator, monkeypatch):
    """The disk may be full after the first image."""
    upload = sent(stacks, write_arrays(stacks, tmp_path / "mine"), coordinator)
    before, save, written = set(stored_files()), renditions.save_file, []

    def fills(*args):
        if written:
            raise OSError("no space left")
        written.append(save(*args))
        return written[0]

    with monkeypatch.context() as patch:
        patch.setattr(renditions, "AT_ONCE", 1)
        patch.setattr(renditions, "save_file", fills)
        services.upload_scan(upload_id=upload.pk)
    upload.refresh_from_db()
    assert (upload.state, len(written)) == ("failed", 1)
    assert not Rendition.objects.filter(method="result-mine").exists()
    assert set(stored_files()) == before


def test_a_study_that_begins_to_read_meanwhile_gets_all_or_none(
    stacks, tmp_path, coordinator, monkeypatch
):
    take(stacks, write_arrays(stacks, tmp_path / "first"))
    (lost, kept) = Rendition.objects.filter(method="result-mine").order_by("pk")
    lost.delete()
    before = set(stored_files())
    other = write_arrays(stacks, tmp_path / "other", lambda values: values + 1)
    write = renditions.save_file

    def begun(*args):
        services.cohort_freeze(cohort=stacks)
        return write(*args)

    monkeypatch.setattr(renditions, "save_file", begun)
    with pytest.raises(services.ImagesRefusedError, match="being read in a study"):
        take(stacks, other)
    assert list(Rendition.objects.filter(method="result-mine")) == [kept]
    assert set(stored_files()) == before


def zipped(folder: Path) -> SimpleUploadedFile:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    return SimpleUploadedFile("mine.zip", file.getvalue())


def test_a_coordinator_brings_them_on_a_page_of_the_cohort(
    browser, other, stacks, tmp_path, django_capture_on_commit_callbacks
):
    address = f"/cohorts/{stacks.pk}/images/"
    folder = write_arrays(stacks, tmp_path / "mine")
    assert "(3, 40, 48)" in browser.get(address).content.decode()
    assert other.get(address).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        data = {"name": "Mine", "files": [zipped(folder)]}
        watched = browser.post(address, data).headers["Location"]
    assert browser.get(watched).headers["Location"] == f"/cohorts/{stacks.pk}/"
    assert Rendition.objects.filter(method="result-mine").count() == 2
    page = browser.get(address).content.decode()
    assert "result-mine" in page
    assert "2 / 2" in page
    assert Cohort.objects.count() == 1


def test_what_was_broken_off_goes_on_at_the_page_of_its_cohort(
    browser, coordinator, stacks
):
    services.upload_begin(user=coordinator, name="Mine", size=9, cohort=stacks)
    upload = Upload.objects.get()
    link = f'<a class="button" href="/cohorts/{stacks.pk}/images/">Choose the files'
    for address in ("/cohorts/upload/", f"/cohorts/uploads/{upload.pk}/"):
        assert link in browser.get(address).content.decode()


def test_who_may_bring_no_files_any_more_brings_no_images(
    browser, coordinator, stacks, tmp_path
):
    folder = write_arrays(stacks, tmp_path / "mine")
    link, page = f"/cohorts/{stacks.pk}/images/", f"/cohorts/{stacks.pk}/"
    assert link in browser.get(page).content.decode()
    coordinator.groups.clear()
    assert link not in browser.get(page).content.decode()
    data = {"name": "Mine", "files": [zipped(folder)]}
    assert browser.post(link, data).status_code == 403
    assert not Upload.objects.exists()


def test_whoever_sent_too_few_reads_which_are_missing(
    browser, stacks, tmp_path, django_capture_on_commit_callbacks
):
    folder = write_arrays(stacks, tmp_path / "mine")
    (folder / "C001_mine.npy").unlink()
    np.save(folder / "C009.npy", values_of(stacks.cases.first()))
    with django_capture_on_commit_callbacks(execute=True):
        data = {"name": "Mine", "files": [zipped(folder)]}
        response = browser.post(f"/cohorts/{stacks.pk}/images/", data)
    page = browser.get(response.headers["Location"]).content.decode()
    assert "Nothing was taken of these images." in page
    assert "Case C001 has no image." in page
    assert "C009.npy: it belongs to no case." in page
    upload = Upload.objects.get()
    assert "C009" not in upload.error  # a file's name may be a patient's
    assert upload.state == "failed"


def test_programs_send_them_as_any_upload(
    browser, other, stacks, tmp_path, django_capture_on_commit_callbacks
):
    folder = write_arrays(stacks, tmp_path / "mine")

    def send(client):
        data = {"name": "Mine", "cohort": stacks.pk, "files": [zipped(folder)]}
        csrf = {"X-CSRFToken": client.cookies.get("csrftoken", "")}
        with django_capture_on_commit_callbacks(execute=True):
            return client.post("/api/v1/uploads/", data, headers=csrf)

    assert send(other).status_code == 404
    response = send(browser)
    assert response.status_code == 201
    told = browser.get(f"/api/v1/uploads/{response.json()['id']}/").json()
    assert (told["state"], told["cohort"]) == ("done", stacks.pk)
    assert Rendition.objects.filter(method="result-mine").count() == 2
