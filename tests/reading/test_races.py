"""Two tabs, two devices, an impatient finger: one read has one answer."""

import pytest

from tests.own_database import told_once


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict:
    """What eight simultaneous answers gave, on a database with real locks."""
    return told_once(tmp_path_factory, "tests.reading.race")


def test_identical_answers_at_once_are_one_score_a_side(told):
    assert told["identical"] == ["stored"] * 8
    assert told["identical scores"] == 2


def test_different_answers_at_once_leave_the_first_one_standing(told):
    assert told["different"] == ["refused"] * 7 + ["stored"]
    assert told["different scores"] == 2


def test_tabs_that_ask_for_the_next_read_at_once_get_the_same_one(told):
    assert told["starts"] == ["stored"] * 8
    assert told["shown"] == 3
    assert told["sessions"] == 1


def test_attempts_at_the_training_begun_at_once_are_one(told):
    assert told["attempts"] == ["stored"] * 8
    assert told["attempts begun"] == 1


def test_different_last_answers_of_a_training_at_once_judge_it_once(told):
    assert told["last answers"] == ["refused"] * 7 + ["stored"]
    assert told["judged"] == 1


def test_amendments_at_once_follow_one_another(told):
    assert told["amendments"] == ["stored"] * 8
    assert told["numbers"] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert told["in a row"]
    assert told["amendments of what was seen"] == ["refused"] * 7 + ["stored"]
