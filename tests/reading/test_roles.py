"""Whoever has no part in a study, or another one, does not find its pages."""

import pytest

from .conftest import address, current

READER_ROUTES = (
    "read-next",
    "reading-pause",
    "read-submit",
    "read-pixels",
    "session-finish",
    "read-changes",
    "read-revisit",
    "read-undo",
)
COORDINATOR_ROUTES = (
    "study-detail",
    "study-edit",
    "study-open",
    "study-close",
    "unblinding-approve",
    "unblinding-withdraw",
    "study-progress",
    "study-conduct",
    "study-log",
    "member-appoint",
    "read-reopen",
    "washout-waive",
    "code-break",
)
STEPPING_IN = (
    "study-open",
    "study-close",
    "member-appoint",
    "read-reopen",
    "washout-waive",
    "code-break",
)
POSTED = {
    "read-submit",
    "session-finish",
    "read-revisit",
    "read-undo",
    "unblinding-approve",
    "unblinding-withdraw",
    *STEPPING_IN,
}


@pytest.mark.parametrize("name", READER_ROUTES + COORDINATOR_ROUTES)
@pytest.mark.parametrize(
    "person",
    ["stranger", "other_reader", "other_coordinator", "administrator"],
)
def test_whoever_has_no_part_in_a_study_finds_nothing(at, cast, reader, name, person):
    token = [current(reader).token] if name == "read-pixels" else []
    client = at(getattr(cast, person))
    ask = client.post if name in POSTED else client.get
    assert ask(address(name, cast.study.slug, *token)).status_code == 404


@pytest.mark.parametrize("name", COORDINATOR_ROUTES)
def test_a_reader_never_reaches_an_unblinded_page(at, cast, name):
    client = at(cast.reader)
    ask = client.post if name in POSTED else client.get
    assert ask(address(name, cast.study.slug)).status_code == 404
    assert client.get(address("study-list")).status_code == 404
    assert client.get(address("study-create")).status_code == 404


@pytest.mark.parametrize("name", READER_ROUTES)
@pytest.mark.parametrize("person", ["coordinator", "statistician"])
def test_nobody_reads_who_is_not_a_reader(at, cast, reader, name, person):
    token = [current(reader).token] if name == "read-pixels" else []
    client = at(getattr(cast, person))
    ask = client.post if name in POSTED else client.get
    assert ask(address(name, cast.study.slug, *token)).status_code == 404


def test_a_statistician_looks_but_does_not_act(at, cast):
    client = at(cast.statistician)
    page = client.get(address("study-detail", cast.study.slug))
    assert page.status_code == 200
    assert "Close the study" not in page.content.decode()
    for name in STEPPING_IN:
        assert client.post(address(name, cast.study.slug)).status_code == 404
