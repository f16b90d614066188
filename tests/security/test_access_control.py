"""OWASP A01, broken access control; API1, broken object level authorization.

Addresses are guessed: every route is asked for every object of another hospital, also
beside an object of one's own (my cohort, their job). The permission table asks who may
reach a route; this asks whether its numbers and tokens open what is not yours.
"""

import pytest
from django.test import Client

from readerstudy.accounts import tokens
from readerstudy.accounts.scopes import SCOPES
from tests.security.two_hospitals import Hospital, addresses, make_hospital
from tests.watching import lift_primary_keys

REFUSED = {401, 403, 404, 405}
METHODS = ("get", "post", "patch", "put", "delete")
TUS = {"Tus-Resumable": "1.0.0"}  # without it nothing is looked at


@pytest.fixture
def own(db: None) -> Hospital:
    lift_primary_keys()  # no number is the key of two things
    return make_hospital("own")


@pytest.fixture
def theirs(own: Hospital) -> Hospital:
    return make_hospital("other")


def test_no_number_and_no_token_opens_what_is_another_hospitals(
    own: Hospital, theirs: Hospital
) -> None:
    for who in (own.coordinator, own.statistician, own.reader):
        client = Client(raise_request_exception=False, headers=TUS)
        client.force_login(who)
        asked = 0
        for name, path in addresses(theirs, own):
            for method in METHODS if "/api/" in path else ("get", "post"):
                status = getattr(client, method)(path).status_code
                assert status in REFUSED, f"{who}: {method} {path} ({name})"
                asked += 1
        assert asked > 300


def test_nor_by_a_token_of_every_scope(own: Hospital, theirs: Hospital) -> None:
    _token, secret = tokens.token_make(
        user=own.coordinator, name="script", scopes=SCOPES, days=1
    )
    client = Client(
        raise_request_exception=False,
        headers={**TUS, "Authorization": f"Bearer {secret}"},
    )
    assert client.get("/api/v1/cohorts/").status_code == 200
    for name, path in addresses(theirs, own):
        if "/api/" not in path:
            continue
        for method in METHODS:
            status = getattr(client, method)(path).status_code
            assert status in REFUSED, f"{method} {path} ({name})"


def test_the_probe_would_see_an_open_door(own: Hospital, theirs: Hospital) -> None:
    """Asked by their owner, most of the same addresses open."""
    client = Client(raise_request_exception=False)
    client.force_login(theirs.coordinator)
    opened = {
        name
        for name, path in addresses(theirs, own)
        if client.get(path).status_code not in REFUSED
    }
    assert len(opened) > 25
