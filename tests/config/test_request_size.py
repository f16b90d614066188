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
