"""Sending files without scripts, watching what becomes of them, and the inbox."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.cases import services
from readerstudy.cases.models import Cohort, Upload, UploadFile
from readerstudy.cases.services import receiving
from tests.cast import make_user

from .conftest import send_files

pytestmark = pytest.mark.django_db
UPLOAD = "/cohorts/upload/"


@pytest.fixture
def send(browser, archive, django_capture_on_commit_callbacks):
    """Send the form; a worker looks through the files at once."""

    def send(**fields):
        with django_capture_on_commit_callbacks(execute=True):
            file = SimpleUploadedFile("cohort.zip", archive.read_bytes())
            data = {"name": "First", "files": [file]} | fields
            return browser.post(UPLOAD, data)

    return send


@pytest.fixture
def inbox(folder) -> Upload:
    """Two scans that a scanner sent to the node."""
    upload = services.receiving_open(user=None, origin="node", peer="GAMMA_1")
    for scan in "AB":
        content = (folder / "Abe-1" / scan).read_bytes()
        services.file_add(
            upload=upload, name=scan, content=content, sop_uid=f"1.2.{scan}"
        )
    return upload


def test_a_cohort_goes_from_files_to_a_page_of_images(
    browser, send, django_capture_on_commit_callbacks
):
    response = send()
    confirm = response.headers["Location"]
    page = browser.get(confirm).content.decode()
    assert not Cohort.objects.exists()
    assert "25.0 min" in page
    assert "5.0 min" in page
    assert "truth.csv" in page
    assert "It is not a DICOM file." in page
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(confirm, {"name": "First"}).status_code == 302
    detail = browser.get(confirm, follow=True)
    assert detail.redirect_chain[-1][0] == f"/cohorts/{Cohort.objects.get().pk}/"
    assert "First" in browser.get("/cohorts/").content.decode()


def test_a_forms_files_never_lie_in_clear(browser, folder, settings, monkeypatch):
    """Django would keep large files as they are until the request has ended."""
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    settings.FILE_UPLOAD_TEMP_DIR = temporary = settings.VAR_DIR / "tmp"
    temporary.mkdir(parents=True)
    seen = []
    write = receiving.Parcel.finish

    def looked_at(parcel):
        seen.extend(path for path in settings.VAR_DIR.rglob("*") if path.is_file())
        write(parcel)

    monkeypatch.setattr(receiving.Parcel, "finish", looked_at)
    files = [
        SimpleUploadedFile(f"Abe^Shinzo-{scan}", b"PN^CANARY" * 100_000)
        for scan in "AB"
    ]
    response = browser.post(UPLOAD, {"name": "First", "files": files})
    assert response.status_code == 302
    assert len(seen) == 1
    assert not list(temporary.iterdir())
    after = [path for path in Path(settings.VAR_DIR).rglob("*") if path.is_file()]
    for path in (*seen, *after):
        assert b"CANARY" not in path.read_bytes()
        assert b"Abe^Shin" not in path.read_bytes()
        assert b"Shinzo" not in path.read_bytes()
    names = [name for name, _ in receiving.sealed_files(Upload.objects.get())]
    assert names == ["Abe^Shinzo-A", "Abe^Shinzo-B"]


def test_scans_of_other_pixel_sizes_are_taken_if_one_says_so(browser, send):
    send(resampling="on")
    assert Upload.objects.get().resampling


def test_an_upload_without_files_is_told_on_the_page(browser):
    response = browser.post(UPLOAD, {"name": "First"})
    assert response.status_code == 422
    assert "Please choose a zip file" in response.content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(("name", "status"), [("Taken", 422), ("", 200)])
def test_a_form_that_is_refused_leaves_nothing(
    browser, name, status, settings, django_capture_on_commit_callbacks
):
    Cohort.objects.create(name="Taken")
    file = SimpleUploadedFile("a", b"x")
    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post(UPLOAD, {"name": name, "files": [file]})
    assert response.status_code == status
    assert not Upload.objects.exists()
    assert not list(receiving.uploads_folder().iterdir())


def test_too_large_an_upload_is_refused_unread(browser, settings):
    settings.COHORT_UPLOAD_MAX_BYTES = 2**20
    file = SimpleUploadedFile("big", bytes(2**20 + 1))
    response = browser.post(UPLOAD, {"name": "First", "files": [file]})
    assert response.status_code == 413
    assert "larger than 1 MB" in response.content.decode()
    assert not Upload.objects.exists()


def test_too_many_files_for_a_form_are_told_in_words(
    browser, settings, django_capture_on_commit_callbacks
):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    files = [SimpleUploadedFile("a", b"x") for _ in range(3)]
    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post(UPLOAD, {"name": "First", "files": files})
    assert response.status_code == 413
    assert "more than 2 files" in response.content.decode()
    assert not Upload.objects.exists()


def test_an_upload_needs_the_token_of_the_form(
    coordinator, django_capture_on_commit_callbacks
):
    """Without it nothing is kept, though the files were read to look for it."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(coordinator)
    file = SimpleUploadedFile("a", b"x")
    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post(UPLOAD, {"name": "First", "files": [file]})
    assert response.status_code == 403
    assert not Upload.objects.exists()
    assert not list(receiving.uploads_folder().iterdir())


def test_only_who_may_upload_sees_the_form(client):
    assert client.get(UPLOAD).status_code == 302
    client.force_login(make_user("reader"))
    assert client.get(UPLOAD).status_code == 403
    assert client.get("/cohorts/").status_code == 403


def test_progress_is_a_fragment_that_ends_with_a_fresh_page(browser, send):
    confirm = send().headers["Location"]
    done = browser.get(confirm, headers={"hx-request": "true"})
    assert done.headers["HX-Refresh"] == "true"
    Upload.objects.update(
        state=Upload.State.SCANNING, done=3, total=7, heartbeat_at=timezone.now()
    )
    fragment = browser.get(confirm, headers={"hx-request": "true"}).content.decode()
    assert 'max="7" value="3"' in fragment
    assert "every 1s" in fragment
    assert "<html" not in fragment
    assert "Try again" not in fragment


def test_a_dead_worker_is_told_and_can_be_replaced(
    browser, coordinator, archive, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks():  # the message is lost
        upload = send_files(coordinator, "First", archive)
    Upload.objects.update(called_at=timezone.now() - timedelta(minutes=5))
    confirm = f"/cohorts/uploads/{upload.pk}/"
    assert "Try again" in browser.get(confirm).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"{confirm}retry/")
    assert Upload.objects.get().state == Upload.State.READY


def test_what_failed_for_no_fault_of_its_files_is_tried_again(
    browser, coordinator, archive, monkeypatch, django_capture_on_commit_callbacks
):
    def fail(*args, **kwargs):
        raise OSError("the disk was full")

    with monkeypatch.context() as patch:
        patch.setattr(services.uploads, "scan_source", fail)
        with django_capture_on_commit_callbacks(execute=True):
            upload = send_files(coordinator, "First", archive)
    confirm = f"/cohorts/uploads/{upload.pk}/"
    page = browser.get(confirm).content.decode()
    assert "Something unexpected went wrong" in page
    assert "Try again" in page
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"{confirm}retry/")
    upload.refresh_from_db()
    assert (upload.state, upload.error) == (Upload.State.READY, "")


def test_files_that_cannot_become_a_cohort_are_not_kept(
    browser, coordinator, archive, monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(*args, folder, **kwargs):
        (folder / "0.npy").write_bytes(b"voxels")
        raise receiving.Refused("The zip file is a bomb.")

    monkeypatch.setattr(services.uploads, "scan_source", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        upload = send_files(coordinator, "First", archive)
    page = browser.get(f"/cohorts/uploads/{upload.pk}/").content.decode()
    assert "The zip file is a bomb." in page
    assert "Try again" not in page
    left = receiving.upload_folder(upload).rglob("*")
    assert not [path for path in left if path.is_file()]


def test_an_upload_is_its_uploaders_alone(browser, other, send):
    confirm = send().headers["Location"]
    assert browser.get(confirm).status_code == 200
    assert other.get(confirm).status_code == 404
    for act in ("", "discard/", "retry/", "take/"):
        assert other.post(f"{confirm}{act}", {"name": "x"}).status_code == 404
    assert Upload.objects.filter(state=Upload.State.READY).exists()


def test_discarding_leads_back_to_the_list(browser, send):
    confirm = send().headers["Location"]
    assert browser.post(f"{confirm}discard/").headers["Location"] == "/cohorts/"
    assert not Upload.objects.exists()


def test_what_was_broken_off_is_told_with_how_far_it_came(browser, coordinator):
    file = services.upload_begin(user=coordinator, name="Half", size=4 * 2**20)
    services.file_receive(file=file, at=0, chunks=[bytes(2**20)])
    for address in ("/cohorts/", UPLOAD, f"/cohorts/uploads/{file.upload_id}/"):
        page = browser.get(address).content.decode().replace("\xa0", " ")
        assert "1.0 MB of 4.0 MB came" in page, address
    assert "choose the same files again" in page


def test_every_coordinator_sees_what_a_node_received(browser, other, inbox):
    for client in (browser, other):
        page = client.get("/cohorts/").content.decode()
        assert "GAMMA_1" in page
        assert "received by the DICOM node" in page
        page = client.get(f"/cohorts/uploads/{inbox.pk}/").content.decode()
        assert "Take these files" in page


def test_an_empty_inbox_is_not_shown(browser):
    services.receiving_open(user=None, origin="node", peer="GAMMA_1")
    assert "GAMMA_1" not in browser.get("/cohorts/").content.decode()


def test_a_coordinator_makes_a_cohort_of_what_a_node_received(
    browser, other, inbox, coordinator, django_capture_on_commit_callbacks
):
    address = f"/cohorts/uploads/{inbox.pk}/"
    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post(f"{address}take/", {"name": "From the ward"})
    assert response.headers["Location"] == address
    inbox.refresh_from_db()
    assert inbox.uploaded_by == coordinator
    assert (inbox.name, inbox.state) == ("From the ward", Upload.State.READY)
    assert len(services.uploads.upload_plan(inbox).pairs) == 1
    assert "GAMMA_1" not in other.get("/cohorts/").content.decode()
    assert other.get(address).status_code == 404
    assert other.post(f"{address}take/", {"name": "Too late"}).status_code == 404


def test_of_two_who_take_the_same_files_one_gets_them(
    inbox, coordinator, other_coordinator
):
    same = Upload.objects.get(pk=inbox.pk)
    services.upload_take(upload=inbox, name="Mine", by=coordinator)
    with pytest.raises(receiving.Refused, match="complete already"):
        services.upload_take(upload=same, name="Too late", by=other_coordinator)
    inbox.refresh_from_db()
    assert (inbox.uploaded_by, inbox.name) == (coordinator, "Mine")


@pytest.mark.parametrize("name", ["", "Taken"])
def test_taking_needs_a_name_of_its_own(browser, inbox, name):
    Cohort.objects.create(name="Taken")
    page = browser.post(
        f"/cohorts/uploads/{inbox.pk}/take/", {"name": name}, follow=True
    )
    assert page.redirect_chain[-1][0] == "/cohorts/"
    assert "name" in page.content.decode()
    inbox.refresh_from_db()
    assert inbox.uploaded_by is None


def test_what_a_dying_node_left_half_is_left_away(inbox, coordinator):
    services.file_expect(upload=inbox, name="C", size=10, sop_uid="1.2.C")
    services.upload_take(upload=inbox, name="Mine", by=coordinator)
    assert {bytes(file.sealed_name) != b"" for file in inbox.files.all()} == {True}
    assert inbox.files.count() == 2


def test_an_instance_that_comes_twice_is_kept_once(inbox):
    for _ in range(2):
        services.file_add(upload=inbox, name="C", content=b"12", sop_uid="1.2.C")
    assert inbox.files.count() == 3
    half = services.file_expect(upload=inbox, name="D", size=2, sop_uid="1.2.D")
    whole = services.file_add(upload=inbox, name="D", content=b"12", sop_uid="1.2.D")
    assert whole.is_whole
    assert not UploadFile.objects.filter(pk=half.pk).exists()


def test_what_nobody_wants_is_discarded_from_the_inbox(
    browser, inbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"/cohorts/uploads/{inbox.pk}/discard/")
    assert not Upload.objects.exists()
    assert not receiving.upload_folder(inbox).exists()


def test_a_reader_sees_no_inbox(client, inbox):
    client.force_login(make_user("reader"))
    for act in ("", "take/", "discard/"):
        assert client.get(f"/cohorts/uploads/{inbox.pk}/{act}").status_code in (
            403,
            405,
        )
        answer = client.post(f"/cohorts/uploads/{inbox.pk}/{act}", {"name": "x"})
        assert answer.status_code == 403


def test_that_nobody_fetches_any_more_is_told_at_the_first_look(browser, coordinator):
    """Also without scripts, which would ask again."""
    now = timezone.now()
    upload = Upload.objects.create(
        uploaded_by=coordinator,
        origin=Upload.Origin.PULL,
        folder="fetching",
        state=Upload.State.RECEIVING,
        heartbeat_at=now,
    )
    address = f"/cohorts/uploads/{upload.pk}/"
    assert "does not answer" not in browser.get(address).content.decode()
    Upload.objects.update(heartbeat_at=now - timedelta(hours=1))
    page = browser.get(address).content.decode()
    assert "The worker does not answer." in page
    assert reverse("cases:pacs-retry", args=[upload.pk]) in page
