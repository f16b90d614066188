"""The description of the doors is whole, valid, and made for who reads it."""

import json

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from readerstudy.accounts.scopes import SCOPES
from readerstudy.api.own import schema
from tests.api.programs import Program
from tests.cast import Cast

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def described() -> dict:
    return json.loads(json.dumps(schema("en")))


def operations(described: dict):
    for path, item in described["paths"].items():
        for method in METHODS & set(item):
            yield f"{method.upper()} {path}", item[method]


def test_it_is_valid_and_nothing_had_to_be_guessed(tmp_path):
    call_command(
        "spectacular",
        validate=True,
        fail_on_warn=True,
        file=str(tmp_path / "schema.yaml"),
    )


def test_it_is_openapi_3_1(described):
    assert described["openapi"].startswith("3.1")


def test_every_operation_says_what_a_token_needs_and_what_may_go_wrong(described):
    for name, operation in operations(described):
        token = next(one for one in operation["security"] if "token" in one)
        assert set(token["token"]) <= set(SCOPES), name
        assert {"400", "401", "403", "404", "409", "429"} <= set(
            operation["responses"]
        ), name
        assert operation.get("description"), f"say what {name} does"


def test_every_write_takes_a_key_or_has_means_of_its_own(described):
    without = {
        name
        for name, operation in operations(described)
        if not name.startswith("GET")
        and "Idempotency-Key"
        not in {one["name"] for one in operation.get("parameters", ())}
    }
    # tus has offsets; a search writes nothing; the reading loop has the answer's own
    # key, and keeps of a read's image and token nothing anywhere else
    others = ("/uploads/files/", "/pacs/search/", "/reading/{slug}/", "/preferences/")
    assert not [n for n in without if not any(part in n for part in others)]


def test_operations_have_names_of_their_own(described):
    names = [operation["operationId"] for _, operation in operations(described)]
    assert len(names) == len(set(names))


def test_a_program_gets_it_with_any_token(cast: Cast):
    told = Program(cast.reader, "reads:write").get("schema/").json()
    assert told["info"]["title"] == "Reader study"


@pytest.mark.parametrize("page", ["api:swagger", "api:redoc"])
def test_its_pages_are_for_who_has_logged_in_and_load_nothing_of_others(
    cast: Cast, page: str
):
    client = Client()
    assert client.get(reverse(page)).status_code == 302
    client.force_login(cast.reader)
    shown = client.get(reverse(page))
    assert shown.status_code == 200
    assert "unsafe" not in shown["Content-Security-Policy"]
    html = shown.content.decode()
    assert "http://" not in html and "https://" not in html
    assert "<style" not in html and "<script>" not in html
