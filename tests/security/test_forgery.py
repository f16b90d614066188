"""Forged requests, open redirects and hosts that are not ours (OWASP A01)."""

import pytest
from django.test import Client

from readerstudy.accounts import tokens
from readerstudy.accounts.scopes import SCOPES
from tests.security.two_hospitals import Hospital, make_hospital, own_addresses

# who asks says so in the request itself; a cookie counts for nothing there
NO_COOKIE = ("/dicom-web/",)
EVIL = "https://evil.example/"


@pytest.fixture
def hospital(db: None) -> Hospital:
    return make_hospital("own")


def test_no_page_of_another_site_can_post_in_somebodys_name(hospital: Hospital) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(hospital.coordinator)
    asked = 0
    for name, path in own_addresses(hospital):
        if path.startswith(NO_COOKIE):
            continue
        status = client.post(path, {}).status_code
        assert status in (403, 405), f"{path} ({name}) took a post without a token"
        asked += status == 403
    assert asked > 60


def test_a_program_needs_no_csrf_token_because_its_own_is_no_cookie(
    hospital: Hospital,
) -> None:
    _token, secret = tokens.token_make(
        user=hospital.coordinator, name="script", scopes=SCOPES, days=1
    )
    client = Client(
        enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"}
    )
    path = f"/api/v1/cohorts/{hospital.cohort.pk}/jobs/"
    assert (
        client.post(path, {"method": "bilateral"}, "application/json").status_code
        == 202
    )


@pytest.mark.parametrize("evil", [EVIL, "//evil.example/", "javascript:alert(1)"])
def test_neither_login_nor_language_sends_anybody_to_another_site(
    evil: str, hospital: Hospital
) -> None:
    client = Client()
    asked = client.post("/language/", {"language": "ja", "next": evil})
    assert "evil" not in asked["Location"]
    assert "javascript" not in asked["Location"]
    page = client.get("/login/", {"next": evil})
    given = {"username": "own-coordinator", "password": "correct horse battery"}
    done = client.post(page.request["PATH_INFO"], {**given, "next": evil})
    assert done.status_code == 302
    assert "evil" not in done["Location"]
    assert "javascript" not in done["Location"]


def test_a_host_that_is_not_ours_is_refused(client: Client) -> None:
    assert client.get("/login/", headers={"host": "evil.example"}).status_code == 400
