"""A large body is refused before it is read, except where uploads are asked for."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.cast import make_user

pytestmark = pytest.mark.django_db

LARGE = settings.REQUEST_MAX_BYTES + 1


def claim(client: Client, path: str, length: object, method: str = "POST") -> int:
    """Announce a body of that length; none is sent, for none may be waited for."""
    return client.generic(method, path, b"", CONTENT_LENGTH=str(length)).status_code


def test_a_visitor_cannot_fill_the_disk(client: Client) -> None:
    uploads = ("/cohorts/upload/", "/cohorts/uploads/files/a/", "/networks/upload/")
    for path in ("/login/", *uploads):
        assert claim(client, path, LARGE) == 413
    assert client.post("/login/", {"username": "x", "password": "y"}).status_code == 200


def test_who_has_logged_in_may_upload_where_uploads_are_asked_for(
    client: Client,
) -> None:
    client.force_login(make_user("coordinator", coordinator=True))
    assert claim(client, "/networks/upload/", LARGE) != 413
    assert claim(client, "/networks/upload/", 66 * 2**20) == 413
    assert claim(client, "/cohorts/uploads/files/a/", LARGE) == 413
    assert claim(client, "/studies/new/", LARGE) == 413
    assert claim(client, "/cohorts/uploads/1/take/", LARGE) == 413


def test_a_visitor_sends_no_more_than_a_login(client: Client) -> None:
    assert claim(client, "/login/", 257 * 2**10) == 413
    answer = client.generic("POST", "/login/", b"", CONTENT_LENGTH=str(LARGE))
    assert answer.content == b"This is larger than the 256 KB that are accepted here."


def test_a_reader_does_not_send_what_only_coordinators_upload(client: Client) -> None:
    """The token of the form would be looked for in all of it, before any view."""
    client.force_login(make_user("reader"))
    for path in settings.UPLOAD_MAX_BYTES:
        assert claim(client, path, LARGE) == 413


def test_a_form_larger_than_memory_takes_is_refused_in_words(client: Client) -> None:
    client.force_login(make_user("coordinator", coordinator=True))
    size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    kind = "application/x-www-form-urlencoded"
    answer = client.generic(
        "POST", "/studies/new/", b"a", kind, CONTENT_LENGTH=str(size)
    )
    assert answer.status_code == 413
    assert answer.content == b"This is larger than the 5 MB that are accepted here."


def test_a_program_is_told_as_programs_are(client: Client) -> None:
    answer = client.generic("POST", "/api/v1/cohorts/", b"", CONTENT_LENGTH=str(LARGE))
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 413


def test_who_sends_gigabytes_piece_by_piece_is_asked_by_the_view_itself(
    client: Client,
) -> None:
    """And told to log in again, where the session has ended meanwhile."""
    assert claim(client, "/cohorts/uploads/files/a/", LARGE, "PATCH") == 401


def test_a_length_that_is_no_number_is_refused(client: Client) -> None:
    assert claim(client, "/login/", "-5") == 413


def test_the_upload_addresses_are_those_of_the_pages() -> None:
    assert set(settings.UPLOAD_MAX_BYTES) == {
        reverse("cases:cohort-upload"),
        reverse("inference:weights-upload"),
    }
    assert f"PATCH {reverse('cases:file-create')}*" in settings.STREAMED_UPLOADS
