"""A double click, two tabs: a pattern is judged once, a question has one answer."""

import pytest

from tests.own_database import told_once


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict:
    """What eight simultaneous answers gave, on a database with real locks."""
    return told_once(tmp_path_factory, "tests.reading.race_asking")


def test_pages_that_open_at_once_show_one_pattern(told):
    assert told["starts"] == ["stored"] * 8
    assert told["checks"] == 1


def test_a_pattern_answered_eight_times_at_once_is_judged_once(told):
    assert told["answers"] == ["stored"] * 8
    assert told["events"] == 1


def test_different_guesses_at_once_leave_the_first_one_standing(told):
    assert told["guesses"] == ["refused"] * 4 + ["stored"] * 4
    assert told["stored"] == 1
    assert told["guess events"] == 1
