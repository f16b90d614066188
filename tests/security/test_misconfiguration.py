"""OWASP A02, security misconfiguration: what every answer says, whoever asks for it."""

import pytest
from django.test import Client

from tests.security.two_hospitals import Hospital, make_hospital, own_addresses


@pytest.fixture
def hospital(db: None) -> Hospital:
    return make_hospital("own")


def test_every_answer_forbids_what_it_does_not_need(hospital: Hospital) -> None:
    for who in (None, hospital.coordinator, hospital.reader):
        client = Client(raise_request_exception=False)
        if who:
            client.force_login(who)
        for name, path in own_addresses(hospital):
            response = client.get(path)
            policy = response.headers["Content-Security-Policy"]
            assert "unsafe" not in policy, name
            assert "default-src 'self'" in policy, name
            assert "http:" not in policy, name
            assert "https:" not in policy, name
            assert "*" not in policy, name
            assert response.headers["X-Content-Type-Options"] == "nosniff", name
            assert response.headers["X-Frame-Options"] == "DENY", name
            assert response.headers["Referrer-Policy"] == "same-origin", name
            assert "Server" not in response.headers
            assert "X-Powered-By" not in response.headers


def test_no_page_of_an_error_shows_what_is_inside(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    from readerstudy.reading import selectors

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the arm is unet-l4")

    monkeypatch.setattr(selectors, "study_progress", broken)
    client = Client(raise_request_exception=False)
    client.force_login(hospital.coordinator)
    for path in ("/studies/{}/progress/", "/api/v1/studies/{}/progress/"):
        response = client.get(path.format(hospital.study.slug))
        assert response.status_code == 500
        said = response.content.decode()
        assert "Traceback" not in said
        assert "unet-l4" not in said


def test_cookies_are_for_this_site_and_no_script(hospital: Hospital) -> None:
    client = Client()
    given = {"username": "own-coordinator", "password": "correct horse battery"}
    response = client.post("/login/", given)
    assert response.status_code == 302
    cookie = response.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] in ("Lax", "Strict")
