"""What the client does when a site is busy, says no, or is not there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from readerstudy_client import (
    Client,
    ConflictError,
    Due,
    Image,
    InvalidError,
    NotFoundError,
    NotSignedInError,
    ProblemError,
    TooManyRequestsError,
    UnreachableError,
    transport,
)

pytestmark = pytest.mark.pure
SECRET = "rs_very-secret"


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Site:
    """Answers what it was told to, in turn; the last answer again and again."""

    address: str = ""
    answers: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def will(self, status: int, body: Any = None, **headers: str) -> "Site":
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self.answers.append((status, body, named))
        return self

    def client(self, **options: Any) -> Client:
        return Client(self.address, SECRET, **options)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(transport.time, "sleep", lambda seconds: None)
    it = Site()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length)
            body = json.loads(sent) if sent else None
            it.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            status, told, headers = it.answers[0]
            if len(it.answers) > 1:
                it.answers.pop(0)
            content = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    it.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield it
    server.shutdown()
    server.server_close()


def test_the_token_goes_in_its_header_and_nowhere_else(site: Site) -> None:
    client = site.will(200, {"username": "somebody"}).client()
    assert client.me() == {"username": "somebody"}
    [asked] = site.asked
    assert asked.path == "/api/v1/me/"
    assert asked.headers["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in repr(client.transport)


def test_a_token_is_not_sent_in_the_clear_to_another_machine() -> None:
    with pytest.raises(ValueError, match="https"):
        Client("http://studies.example.org", SECRET)
    with pytest.raises(ValueError, match="not the address"):
        Client("studies.example.org", SECRET)


def test_a_token_follows_no_redirect(site: Site) -> None:
    site.will(302, None, Location="http://127.0.0.1:1/elsewhere/")
    with pytest.raises(ProblemError):
        site.client().me()
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidError),
        (401, NotSignedInError),
        (404, NotFoundError),
        (409, ConflictError),
    ],
)
def test_what_is_refused_says_why_and_is_not_asked_again(
    site: Site, status: int, kind: type[ProblemError]
) -> None:
    errors = [{"field": "title", "detail": "It is too long."}]
    site.will(status, {"detail": "It cannot be.", "errors": errors})
    with pytest.raises(
        kind, match=r"It cannot be\.\n  title: It is too long"
    ) as raised:
        site.client().me()
    assert raised.value.status == status
    assert raised.value.errors[0].field == "title"
    assert len(site.asked) == 1


def test_a_busy_site_is_asked_again_with_the_same_key(site: Site) -> None:
    site.will(503, b"").will(429, b"", Retry_After="1").will(200, {"slug": "s"} | STUDY)
    study = site.client().studies.create({"slug": "s"})
    assert study.slug == "s"
    keys = {asked.headers["Idempotency-Key"] for asked in site.asked}
    assert (len(site.asked), len(keys)) == (3, 1)


STUDY = {"title": "A title", "state": "draft"}


def test_a_site_that_stays_busy_is_given_up(site: Site) -> None:
    site.will(429, b"not even a problem", Retry_After="1")
    with pytest.raises(TooManyRequestsError):
        site.client(tries=3).me()
    assert len(site.asked) == 3


def test_a_site_that_is_not_there_is_unreachable(site: Site) -> None:
    with pytest.raises(UnreachableError):
        Client("http://127.0.0.1:9", SECRET, tries=2).me()


def test_an_answer_that_is_no_json_is_not_taken_for_one(site: Site) -> None:
    with pytest.raises(UnreachableError):
        site.will(200, b"<html>").client().me()


def test_a_list_is_followed_to_its_last_page_on_the_same_site(site: Site) -> None:
    """The site may know itself by another name, behind a proxy."""
    first = {"results": [{**STUDY, "slug": "a"}]}
    second = {"results": [{**STUDY, "slug": "b"}], "next": None}
    site.will(200, {**first, "next": "http://inside/api/v1/studies/?page=2"})
    studies = list(site.will(200, second).client().studies)
    assert [study.slug for study in studies] == ["a", "b"]
    assert [asked.path for asked in site.asked] == [
        "/api/v1/studies/?page_size=500",
        "/api/v1/studies/?page=2",
    ]


def test_a_name_is_one_part_of_an_address(site: Site) -> None:
    with pytest.raises(NotFoundError):
        site.will(404, {}).client().studies.get("../me")
    assert site.asked[0].path == "/api/v1/studies/..%2Fme/"


def test_an_answer_of_a_reader_keeps_its_key_over_every_try(site: Site) -> None:
    site.will(502, b"").will(200, {"state": "pause"})
    reading = site.client().reading("a-study")
    due = reading.submit("token", {"grade": {"right": 3, "left": 2}})
    assert due == Due("pause")
    keys = {asked.body["key"] for asked in site.asked}
    assert (len(site.asked), len(keys)) == (2, 1)


def test_fields_of_a_newer_site_are_left_out(site: Site) -> None:
    site.will(200, {"state": "read", "token": "t", "number": 1, "of": 2, "new": 1})
    due = site.client().reading("a-study").next()
    assert (due.token, due.number, due.of, due.ahead) == ("t", 1, 2, None)


def test_an_image_has_a_right_and_a_left_half() -> None:
    row = bytes(32) + bytes([255]) * 32  # bright on the screen's right
    image = Image(row * 64 * 3)
    assert set(image.half("right")) == {0}
    assert set(image.half("left")) == {255}
    with pytest.raises(ValueError, match="12288"):
        Image(b"short")
