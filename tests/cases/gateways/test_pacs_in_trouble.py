"""What is said where a server is not there, is no PACS, or leads elsewhere."""

import http.server
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from readerstudy.cases.gateways import pacs
from readerstudy.config.pacs import pacs_of
from tests.servers import free_port


class _Answer(http.server.BaseHTTPRequestHandler):
    """A server that is no PACS."""

    status, headers_, body = 200, {}, b""
    asked_for: list[str] = []

    def do_GET(self) -> None:
        self.asked_for.append(self.path)
        self.send_response(self.status)
        for name, value in self.headers_.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(status: int, body: bytes = b"", **headers: str) -> Iterator[tuple]:
    handler = type(
        "Answer",
        (_Answer,),
        {"status": status, "headers_": headers, "body": body, "asked_for": []},
    )
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, handler.asked_for
    finally:
        server.shutdown()
        server.server_close()


def search(settings, port: int, scheme: str = "http") -> str:
    """What a search there is answered with."""
    url = f"{scheme}://127.0.0.1:{port}/dicom-web"
    settings.PACS = pacs_of({"PACS": f'[{{"name": "Elsewhere", "url": "{url}"}}]'})
    with (
        pytest.raises(pacs.PacsError) as refused,
        pacs.Remote(pacs.server_named("Elsewhere")) as remote,
    ):
        remote.studies(pacs.Query(patient_id="Secret-9"))
    return str(refused.value)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, b"", "does not let this platform in"),
        (404, b"", "does not know what it was asked for"),
        (500, b"", "answers with the error 500"),
        (200, b"<html>", "not DICOMweb"),
        (200, b'"a text"', "not DICOMweb"),
        (200, b"[1, 2]", "not DICOMweb"),
    ],
)
def test_an_error_is_told_in_words_and_without_what_was_looked_for(
    settings, caplog, status: int, body: bytes, said: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(status, body, **{"Content-Type": "application/dicom+json"}) as (
        port,
        asked_for,
    ):
        told = search(settings, port)
    assert told.startswith("Elsewhere ")
    assert said in told
    assert "Secret-9" in asked_for[0]
    logged = [r.getMessage() for r in caplog.records if r.name.startswith("reader")]
    assert "Secret-9" not in told + "".join(logged)


def test_a_server_that_sends_us_elsewhere_is_not_followed(settings) -> None:
    """Or it could make the platform ask whatever stands inside the hospital."""
    with serving(200, b"[]") as (inside, reached):
        there = f"http://127.0.0.1:{inside}/"
        with serving(302, Location=there) as (port, _asked):
            assert "elsewhere" in search(settings, port)
        assert reached == []


def test_a_server_that_is_not_there_is_told(settings) -> None:
    assert "cannot be reached" in search(settings, free_port())


def test_a_server_without_its_certificate_is_told(settings) -> None:
    with serving(200, b"[]") as (port, _asked):
        told = search(settings, port, scheme="https")
    assert "certificate" in told or "cannot be reached" in told


def test_a_server_that_always_tells_the_same_comes_to_an_end(
    settings, monkeypatch
) -> None:
    monkeypatch.setattr(pacs, "PAGE", 1)
    row = {
        tag: {"vr": "UI", "Value": ["1.2.3"]} for tag in (pacs.SERIES, pacs.INSTANCE)
    }
    with serving(200, json.dumps([row]).encode()) as (port, asked_for):
        url = f"http://127.0.0.1:{port}"
        settings.PACS = pacs_of({"PACS": f'[{{"name": "Same", "url": "{url}"}}]'})
        with pacs.Remote(pacs.server_named("Same")) as remote:
            assert len(list(remote.instances("1.2"))) == 1
    assert len(asked_for) == 2
