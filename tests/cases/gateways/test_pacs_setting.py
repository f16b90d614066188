"""PACS and PACS_FILE: what an administrator may write, and what is said of the rest."""

import json
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from readerstudy.cases.gateways.pacs import Server
from readerstudy.config.pacs import pacs_of

pytestmark = pytest.mark.pure


def test_nothing_is_configured_by_itself() -> None:
    assert pacs_of({}) == {}
    assert pacs_of({"PACS": " "}) == {}


def test_a_server_may_have_its_password_in_a_mounted_secret(tmp_path: Path) -> None:
    secret, listed = tmp_path / "secret", tmp_path / "pacs.json"
    secret.write_text("the password\n")
    server = {"name": "Archive", "url": "https://pacs/dicom-web", "username": "us"}
    listed.write_text(json.dumps([server | {"password_file": str(secret)}]))
    found = pacs_of({"PACS_FILE": str(listed)})
    assert found["Archive"] == {**server, "password": "the password", "ca_file": ""}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "not valid JSON"),
        ('{"name": "A"}', "not a list"),
        ('["A"]', "not a list"),
        ('[{"url": "http://a"}]', "Entry 1 of PACS: name"),
        ('[{"name": "A", "url": "ftp://a"}]', "url does not begin"),
        ('[{"name": "A", "url": "http://"}]', "url does not begin"),
        ('[{"name": "A", "url": "http://me:secret@a"}]', "url may hold no account"),
        ('[{"name": "A", "url": "http://a", "pasword": "x"}]', "pasword is not known"),
        ('[{"name": "A", "url": "http://a", "password": 1}]', "not all values"),
        (
            '[{"name": "A", "url": "http://a"}, {"name": "A", "url": "http://b"}]',
            "same name",
        ),
        (
            '[{"name": "A", "url": "http://a", "password_file": "/nowhere"}]',
            "/nowhere, which PACS needs, cannot be read",
        ),
    ],
)
def test_what_is_wrong_is_said_plainly(given: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        pacs_of({"PACS": given})


def test_an_account_stands_in_no_message() -> None:
    assert "secret" not in repr(Server("A", "http://a", ("us", "secret")))
