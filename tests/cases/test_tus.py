"""Gigabytes in pieces: the tus protocol, as its own client and a stranger speak it."""

import base64
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.cases import services
from readerstudy.cases.models import Cohort, Upload, UploadFile
from readerstudy.cases.services import receiving
from readerstudy.cases.storage import room
from readerstudy.cases.storage.sealing import sealed_open
from readerstudy.cases.transfers import tus
from readerstudy.cases.transfers.line import SILENCE_S
from tests.cast import make_user

pytestmark = pytest.mark.django_db

CREATE = "/cohorts/uploads/files/"
SPEAKS = {"Tus-Resumable": "1.0.0"}


def metadata(**values: str) -> str:
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}"
        for key, value in values.items()
    )


class Sender:
    """A browser's script: logged in, and speaking tus."""

    def __init__(self, user, **options) -> None:
        self.client = Client(**options)
        self.client.force_login(user)

    def ask(self, method: str, path: str = CREATE, body: bytes = b"", **headers):
        headers = SPEAKS | {
            name.replace("_", "-"): str(value) for name, value in headers.items()
        }
        return self.client.generic(
            method, path, body, content_type=tus.CONTENT_TYPE, headers=headers
        )

    def create(self, length: object = 10, name: str = "First", **more: str):
        told = metadata(name=name, **more)
        return self.ask("POST", Upload_Length=length, Upload_Metadata=told)

    def begin(self, length: int = 10) -> str:
        return self.create(length)["Location"]

    def send(self, path: str, at: int, body: bytes, **headers):
        return self.ask("PATCH", path, body, Upload_Offset=at, **headers)

    def offset(self, path: str) -> str:
        return self.ask("HEAD", path)["Upload-Offset"]


@pytest.fixture
def sender(coordinator) -> Sender:
    return Sender(coordinator)


def content_of(path: str) -> bytes:
    """What lies sealed on disk of the file at that address."""
    token = path.rstrip("/").rsplit("/", 1)[1]
    file = UploadFile.objects.select_related("upload").get(token=token)
    with sealed_open(receiving.file_path(file)) as content:
        return content.read()


def test_the_server_says_what_it_speaks(sender, settings):
    settings.COHORT_UPLOAD_MAX_BYTES = 77
    response = sender.client.options(CREATE)
    assert response.status_code == 204
    assert response["Tus-Version"] == "1.0.0"
    assert response["Tus-Extension"] == "creation,termination,expiration"
    assert response["Tus-Max-Size"] == "77"


@pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0"])
def test_another_version_is_refused_before_anything_happens(sender, version):
    headers = {"Upload-Length": "10", "Upload-Metadata": metadata(name="First")}
    if version:
        headers["Tus-Resumable"] = version
    response = sender.client.generic("POST", CREATE, headers=headers)
    assert response.status_code == 412
    assert response["Tus-Version"] == "1.0.0"
    assert not Upload.objects.exists()


def test_what_is_sent_in_pieces_is_looked_through_when_it_is_whole(
    sender, archive, django_capture_on_commit_callbacks
):
    content = archive.read_bytes()
    path = sender.begin(len(content))
    middle = len(content) // 2
    response = sender.send(path, 0, content[:middle])
    assert (response.status_code, response["Upload-Offset"]) == (204, str(middle))
    assert response["Tus-Resumable"] == "1.0.0"
    assert "Upload-Expires" in response
    assert content_of(path) == content[:middle]
    asked = sender.ask("HEAD", path)
    assert (asked.status_code, asked["Upload-Offset"]) == (200, str(middle))
    assert asked["Upload-Length"] == str(len(content))
    assert asked["Cache-Control"] == "no-store"
    assert Upload.objects.get().state == Upload.State.RECEIVING
    with django_capture_on_commit_callbacks(execute=True):
        response = sender.send(path, middle, content[middle:])
    assert (response.status_code, response["Upload-Offset"]) == (204, str(len(content)))
    assert "Upload-Expires" not in response
    upload = Upload.objects.get()
    assert (upload.state, upload.name) == (Upload.State.READY, "First")
    assert len(services.uploads.upload_plan(upload).pairs) == 3


def test_a_sender_whose_line_broke_at_the_last_byte_learns_that_it_is_done(
    sender, archive, django_capture_on_commit_callbacks
):
    """The script would send gigabytes again if the server did not know them."""
    content = archive.read_bytes()
    path = sender.begin(len(content))
    with django_capture_on_commit_callbacks(execute=True):
        sender.send(path, 0, content)
    assert Upload.objects.get().state == Upload.State.READY
    asked = sender.ask("HEAD", path)
    assert asked["Upload-Offset"] == asked["Upload-Length"] == str(len(content))
    page = sender.client.get(path)
    assert page["Location"] == reverse(
        "cases:cohort-confirm", args=[Upload.objects.get().pk]
    )
    assert Upload.objects.count() == 1


@pytest.mark.parametrize("at", [0, 3, 7])
def test_a_piece_goes_only_where_the_file_ends(sender, at):
    path = sender.begin()
    sender.send(path, 0, b"12345")
    response = sender.send(path, at, b"678")
    assert response.status_code == 409
    assert sender.offset(path) == "5"
    assert content_of(path) == b"12345"


def test_what_is_whole_takes_no_more(
    sender, archive, django_capture_on_commit_callbacks
):
    """A second tab sends the same files: it learns that it is done."""
    content = archive.read_bytes()
    path = sender.begin(len(content))
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            response = sender.send(path, 0, content)
    assert response.status_code == 409
    assert sender.offset(path) == str(len(content))


def test_two_cannot_write_to_one_file_at_once(sender):
    path = sender.begin()
    file = UploadFile.objects.get()
    with receiving._alone(file):
        response = sender.send(path, 0, b"12345")
    assert response.status_code == 423
    assert sender.offset(path) == "0"
    assert sender.send(path, 0, b"12345").status_code == 204


def test_a_slow_line_holds_nobody_up_and_cannot_overwrite(sender):
    """Its page was reloaded: a second line has sent on, the first gives its rest."""
    sender.begin(20 * 2**20)
    file, same = UploadFile.objects.get(), UploadFile.objects.get()

    def dripping():
        yield b"12345" * 2**20
        services.file_receive(file=same, at=5 * 2**20, chunks=[b"other"])
        yield b"67890"

    with pytest.raises(receiving.WrongOffsetError):
        services.file_receive(file=file, at=0, chunks=dripping())
    with sealed_open(receiving.file_path(file)) as content:
        assert content.read().endswith(b"12345other")


class DeadLine:
    """A connection that gives some bytes, and then nothing more."""

    def __init__(self, content: bytes) -> None:
        self.content = BytesIO(content)
        self.patience: list[float | None] = []

    def settimeout(self, seconds: float | None) -> None:
        self.patience.append(seconds)

    def read(self, size: int) -> bytes:
        if content := self.content.read(size):
            return content
        assert self.patience == [SILENCE_S]
        raise TimeoutError

    readline = read


def test_of_a_line_that_dies_counts_what_it_gave_and_no_thread_waits(sender):
    path = sender.begin(6 * 2**20)
    line = DeadLine(b"12345" * 2**20)
    response = sender.client.generic(
        "PATCH",
        path,
        headers=SPEAKS | {"Upload-Offset": "0"},
        CONTENT_TYPE=tus.CONTENT_TYPE,
        CONTENT_LENGTH=str(6 * 2**20),
        **{"wsgi.input": line, "gunicorn.socket": line},
    )
    assert response.status_code == 204, response.content
    assert response["Upload-Offset"] == str(5 * 2**20)
    assert line.patience == [SILENCE_S, None]
    assert content_of(path) == b"12345" * 2**20


@pytest.mark.parametrize("length", ["-1", "", "ten", "1e3", "٣", "9" * 19])
def test_a_length_that_is_no_number_of_bytes_is_refused(sender, length):
    response = sender.create(length)
    assert response.status_code == 400
    assert "Upload-Length" in response.content.decode()
    assert not Upload.objects.exists()


def test_too_much_is_refused_in_words_before_it_is_sent(sender, settings):
    settings.COHORT_UPLOAD_MAX_BYTES = 5 * 2**20
    response = sender.create(6 * 2**20)
    assert response.status_code == 413
    assert response.content.decode() == "The files are larger than 5 MB together."
    assert not Upload.objects.exists()


def test_a_disk_without_room_is_told_before_anything_is_sent(sender, monkeypatch):
    monkeypatch.setattr(room, "KEPT_FREE_BYTES", 2**60)
    response = sender.create()
    assert response.status_code == 507
    assert "no room" in response.content.decode()


def test_a_disk_that_fills_up_meanwhile_is_told(sender, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    path = sender.begin()
    monkeypatch.setattr(receiving, "sealed_append", full)
    response = sender.send(path, 0, b"12345")
    assert response.status_code == 507
    assert sender.offset(path) == "0"


def test_more_than_was_announced_is_not_taken(sender):
    path = sender.begin(10)
    assert sender.send(path, 0, b"x" * 11).status_code == 413
    assert sender.offset(path) == "0"
    file = UploadFile.objects.get()
    with pytest.raises(receiving.TooLongError):  # if the announced length was a lie
        services.file_receive(file=file, at=0, chunks=[b"12345", b"678901"])
    assert content_of(path) == b"12345"


def test_a_piece_must_say_what_it_is(sender):
    path = sender.begin()
    response = sender.client.generic(
        "PATCH",
        path,
        b"12345",
        content_type="application/octet-stream",
        headers=SPEAKS | {"Upload-Offset": "0"},
    )
    assert response.status_code == 415
    assert sender.ask("PATCH", path, b"12345").status_code == 400  # and where it goes
    assert sender.offset(path) == "0"


def test_a_proxy_that_knows_no_patch_is_got_around(sender):
    path = sender.begin()
    response = sender.ask(
        "POST", path, b"12345", Upload_Offset=0, X_HTTP_Method_Override="PATCH"
    )
    assert (response.status_code, response["Upload-Offset"]) == (204, "5")


@pytest.mark.parametrize("broken", ["name !!!", "name", "name /w==", "name =="])
def test_metadata_that_cannot_be_read_is_refused(sender, broken):
    response = sender.ask("POST", Upload_Length=10, Upload_Metadata=broken)
    assert response.status_code in (400, 422)
    assert not Upload.objects.exists()


def test_a_cohort_without_a_name_or_with_one_that_is_taken_is_refused(sender):
    Cohort.objects.create(name="Taken")
    for name, words in (("", "give the cohort a name"), ("Taken", "already")):
        response = sender.create(name=name)
        assert response.status_code == 422
        assert words in response.content.decode()
    assert not Upload.objects.exists()


def test_what_is_given_up_is_removed(sender, django_capture_on_commit_callbacks):
    path = sender.begin()
    sender.send(path, 0, b"12345")
    folder = receiving.upload_folder(Upload.objects.get())
    with django_capture_on_commit_callbacks(execute=True):
        assert sender.ask("DELETE", path).status_code == 204
    assert not Upload.objects.exists()
    assert not folder.exists()
    assert sender.ask("HEAD", path).status_code == 404
    assert sender.send(path, 5, b"678").status_code == 404


def test_what_waited_for_too_long_is_gone(sender):
    path = sender.begin()
    day = timedelta(days=1)
    Upload.objects.update(created_at=timezone.now() - 4 * day)
    for method in ("HEAD", "PATCH"):
        assert sender.ask(method, path, Upload_Offset=0).status_code == 410
    Upload.objects.update(received_at=timezone.now() - 2 * day)  # but some came
    assert sender.offset(path) == "0"


def test_what_is_discarded_while_it_comes_is_not_written_on(
    sender, coordinator, django_capture_on_commit_callbacks
):
    path = sender.begin()
    file = UploadFile.objects.get()
    folder = receiving.upload_folder(file.upload)

    def interrupted():
        with django_capture_on_commit_callbacks(execute=True):
            services.upload_discard(upload=file.upload, by=coordinator)
        yield b"12345"

    with pytest.raises(receiving.GoneError):
        services.file_receive(file=file, at=0, chunks=interrupted())
    assert not folder.exists()
    assert sender.ask("HEAD", path).status_code == 404


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE", "GET"])
def test_another_coordinator_finds_nothing_there(sender, other_coordinator, method):
    path = sender.begin()
    response = Sender(other_coordinator).ask(method, path, b"x", Upload_Offset=0)
    assert response.status_code == 404
    assert sender.offset(path) == "0"


def test_who_is_logged_out_meanwhile_is_told_so_and_goes_on(sender, coordinator):
    path = sender.begin()
    sender.client.logout()
    response = sender.send(path, 0, b"x" * 10)
    assert response.status_code == 401
    assert "log in" in response.content.decode()
    sender.client.force_login(coordinator)
    assert sender.send(path, 0, b"12345").status_code == 204


def test_who_may_not_upload_is_refused():
    response = Sender(make_user("reader")).create()
    assert response.status_code == 403
    assert not Upload.objects.exists()


def test_another_site_cannot_send_in_somebodys_name(coordinator):
    sender = Sender(coordinator, enforce_csrf_checks=True)
    assert sender.create().status_code == 403
    sender.client.get("/cohorts/upload/")
    token = sender.client.cookies["csrftoken"].value
    told = metadata(name="First")
    made = sender.ask("POST", Upload_Length=10, Upload_Metadata=told, X_CSRFToken=token)
    assert made.status_code == 201
    path = made["Location"]
    for method in ("PATCH", "DELETE"):
        assert sender.ask(method, path, b"12345", Upload_Offset=0).status_code == 403
    response = sender.send(path, 0, b"12345", X_CSRFToken=token)
    assert response.status_code == 204


def test_nothing_of_it_lies_in_clear(sender, settings):
    path = sender.begin(5 * 2**20)
    sender.send(path, 0, b"PN^CANARY" * 2**19)
    assert UploadFile.objects.get().received > 4 * 2**20
    for one in Path(settings.VAR_DIR).rglob("*"):
        if one.is_file():
            assert b"CANARY" not in one.read_bytes()
