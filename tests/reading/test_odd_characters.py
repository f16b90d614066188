"""A NUL, which no text of PostgreSQL may hold, is bad input like any other."""

import pytest

from readerstudy.reading import services
from readerstudy.reading.models import Score
from tests.cast import reader_membership

from .conftest import GRADES, address, answer_next, current

ANSWER = {f"grade-{side}": value for side, value in GRADES["grade"].items()}
NUL = "a\0b"


@pytest.mark.parametrize("name", ["read-pixels", "guess-pixels", "training-pixels"])
def test_a_token_with_a_nul_is_nonsense(cast, at, name: str):
    reader = at(cast.reader)
    nonsense = reader.get(address(name, cast.study.slug, "nonsense"))
    assert nonsense.status_code == 404
    odd = reader.get(
        address(name, cast.study.slug, "nonsense").replace("nonsense", "a%00b")
    )
    assert (odd.status_code, odd.content) == (404, nonsense.content)


@pytest.mark.parametrize("name", ["read-submit", "training-submit", "guess-submit"])
def test_an_answer_with_a_nul_in_its_token_is_for_nothing(cast, at, name: str):
    sent = {**ANSWER, "token": NUL, "key": "k", "guess": "unknown"}
    answered = at(cast.reader).post(address(name, cast.study.slug), sent)
    assert answered.status_code == 404


def test_an_answer_whose_key_has_a_nul_is_taken(cast, at, reader):
    """The key only tells one sending from another."""
    read = current(reader)
    sent = {**ANSWER, "token": read.token, "key": NUL}
    for _ in range(2):
        answered = at(cast.reader).post(address("read-submit", cast.study.slug), sent)
        assert answered.status_code == 200
    assert Score.objects.filter(answer__read=read).count() == 2


def test_a_reason_with_a_nul_is_kept_without_it(make_open, cast, at):
    study = make_open(answer_changes="session", slug="odd")
    read = answer_next(reader_membership(study, cast.reader)).read
    sent = {"read": "1/1", "reason": "A\0 wrong key"}
    answered = at(cast.reader).post(address("read-revisit", study.slug), sent)
    assert answered.status_code == 302
    assert read.reopenings.get().reason == "A wrong key"


@pytest.mark.parametrize("screen", [NUL, "a screen", "1920x1080\n", "9" * 5000])
def test_what_is_no_screen_counts_as_not_told(make_open, cast, at, screen: str):
    study = make_open(asks_conditions=True, slug="odd-screen")
    reader = reader_membership(study, cast.reader)
    check = services.check_start(reader=reader)
    told = {
        "attempt": "1",
        "display": "office",
        "room_light": "dim",
        "dark_number": check.dark_number,
        "bright_number": check.bright_number,
        "screen": screen,
    }
    answered = at(cast.reader).post(address("conditions", study.slug), told)
    assert answered.status_code == 302
    check.refresh_from_db()
    assert (check.passed, check.screen, check.device) == (True, "", "")
