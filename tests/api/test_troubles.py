"""The machine fails us: what people and programs are told, and that they may go on."""

import errno

import pytest
from django.db import OperationalError
from django.test import RequestFactory

from readerstudy.api.troubles import server_error

AWAY = OperationalError("connection refused")
FULL_DISK = OSError(errno.ENOSPC, "No space left on device")
FULL_SQLITE = OperationalError("database or disk is full")
FAULT = ZeroDivisionError("a case code")


def told_of(error: Exception, path: str = "/read/study/submit/"):
    """As Django calls it: while the error is being handled."""
    try:
        raise error
    except type(error):
        return server_error(RequestFactory().get(path))


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (AWAY, 503, "The database does not answer"),
        (FULL_DISK, 507, "The server&#x27;s disk is full"),
        (FULL_SQLITE, 507, "The server&#x27;s disk is full"),
        (FAULT, 500, "The error has been written to the log"),
    ],
)
def test_people_are_told_plainly_and_nothing_of_the_error(error, status, words):
    response = told_of(error)
    content = response.content.decode()
    assert response.status_code == status
    assert words in content
    assert "Nothing that was acknowledged before is lost" in content
    assert str(error) not in content
    assert ("Retry-After" in response) == (status != 500)


def test_programs_are_told_the_same_as_problem_details():
    response = told_of(AWAY, "/api/v1/cohorts/")
    assert response.status_code == 503
    assert response["Content-Type"] == "application/problem+json"
    assert b"The database does not answer" in response.content


@pytest.mark.django_db
def test_a_page_that_breaks_shows_it(client, monkeypatch):
    def broken(*args: object) -> None:
        raise AWAY

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", broken)
    client.raise_request_exception = False
    response = client.get("/healthz")
    assert response.status_code == 503
    assert "The database does not answer" in response.content.decode()
