"""A read opened again while it is answered, and a session ended while one is opened."""

import pytest

from tests.own_database import told_once


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict:
    """What eight simultaneous acts gave, on a database with real locks."""
    return told_once(tmp_path_factory, "tests.reading.reopening_race")


def test_whoever_comes_first_no_answer_is_lost_and_what_is_open_is_counted_once(told):
    reopen = told["reopen"]
    assert set(reopen["ended"]) <= {"stored", "refused"}
    assert reopen["scores"] == 2
    assert reopen["open"] == reopen["counted"] <= 1
    assert reopen["the same read"]


def test_one_of_eight_tabs_answers_a_read_that_was_opened_again(told):
    reopen = told["reopen"]
    assert reopen["answers"] == ["refused"] * 7 + ["stored"]
    assert reopen["versions"] == [1, 1, 2, 2]
    assert reopen["left"] == 0


def test_a_read_is_opened_again_by_one_of_eight_tabs(told):
    assert told["revisit"]["ended"] == ["refused"] * 7 + ["stored"]
    assert told["revisit"]["counted"] == 1


def test_a_session_is_over_or_has_a_read_open_again_but_never_both(told):
    assert told["end"]["ended"] == ["refused", "stored"]
    assert told["end"]["over, open again"] in ([True, 0], [False, 1])
