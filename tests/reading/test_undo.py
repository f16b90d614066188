"""Taking the last answer back; and answers that come late or from elsewhere."""

import json

import pytest

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import (
    Answer,
    ArmGuess,
    Membership,
    Read,
    Reopening,
    Session,
)
from readerstudy.reading.pages.room import desk_of
from tests.cast import reader_membership

from .conftest import (
    GRADES,
    address,
    answer_next,
    answer_session,
    current,
    reopen,
    revisit,
)

CHANGED = {"grade": {"right": 4, "left": 4}}


def undo(reader):
    return services.read_undo(reader=reader)


def positions():
    """Position and version of every answer, in the order in which they came."""
    return list(Answer.objects.order_by("pk").values_list("read__position", "version"))


def test_the_last_answer_is_taken_back_and_given_again(until_session_ends):
    reader = until_session_ends
    answer_next(reader)
    second = answer_next(reader).read
    due = undo(reader)
    assert (due.state, due.read.pk) == ("read", second.pk)
    assert due.read.token != second.token
    assert due.reopening.by_reader
    assert due.following == Read.objects.get(reader=reader, position=3).token
    submitted = services.read_submit(
        token=due.read.token, reader=reader, answers=CHANGED, key="other"
    )
    assert submitted.due.read.position == 3
    assert positions() == [(1, 1), (2, 1), (2, 2)]
    assert Answer.objects.get(version=2).reason == Reopening.UNDONE


def test_taking_back_twice_reaches_no_further_than_the_last_answer(until_session_ends):
    reader = until_session_ends
    for _ in range(3):
        answer_next(reader)
    first = undo(reader)
    assert undo(reader) == first
    assert first.read.position == 3
    reader.refresh_from_db()
    assert reader.reopened == Reopening.objects.count() == 1
    assert AuditEvent.objects.filter(action="read.reopen").count() == 1


def test_an_answer_given_again_may_be_taken_back_again(until_session_ends):
    reader = until_session_ends
    answer_next(reader)
    for version in (2, 3):
        assert undo(reader).read.position == 1
        assert answer_next(reader, key=f"version {version}").version == version
    assert current(reader).position == 2


def test_before_the_first_answer_there_is_nothing_to_take_back(until_session_ends):
    current(until_session_ends)
    with pytest.raises(Refused, match="no answer to take back"):
        undo(until_session_ends)


def test_where_answers_never_change_none_is_taken_back(never):
    answer_next(never)
    with pytest.raises(Refused, match="can't be changed"):
        undo(never)
    assert Reopening.objects.count() == 0


def test_the_last_answer_of_a_session_is_taken_back_until_its_reader_ends_it(
    until_session_ends,
):
    reader = until_session_ends
    assert answer_session(reader).state == "review"
    size = Session.objects.get(reader=reader, number=1).size
    assert undo(reader).read.position == size
    assert answer_next(reader, key="again").due.state == "review"
    services.session_finish(reader=reader)
    with pytest.raises(Refused, match="session is over"):
        undo(reader)


def test_until_the_study_closes_even_an_ended_sessions_last_answer_is_taken_back(
    until_study_closes,
):
    """Such a session ends by itself with its last answer."""
    reader = until_study_closes
    answer_session(reader)
    session = Session.objects.get(reader=reader, number=1)
    assert session.finished_at is not None
    due = undo(reader)
    assert due.read.position == session.size
    assert answer_next(reader, key="again").due.read.session.number == 2


def test_once_the_study_is_closed_nothing_is_taken_back(cast, until_study_closes):
    answer_next(until_study_closes)
    services.study_close(study=until_study_closes.study, by=cast.coordinator)
    with pytest.raises(Refused, match="closed"):
        undo(until_study_closes)


def test_an_answer_after_which_the_arm_was_guessed_is_not_taken_back(cast, make_open):
    study = make_open(
        slug="guessed", guesses="after-grade", guess_percent=50, answer_changes="study"
    )
    reader = reader_membership(study, cast.reader)
    due = answer_next(reader).due
    while due.state != "guess":
        due = answer_next(reader).due
    services.guess_submit(
        token=due.guess.token,
        reader=reader,
        guess=ArmGuess.Guess.UNKNOWN,
        confidence=None,
    )
    with pytest.raises(Refused, match="locked"):
        undo(reader)


def test_what_a_coordinator_opened_meanwhile_comes_first_and_both_are_read(
    cast, until_session_ends
):
    reader = until_session_ends
    for _ in range(2):
        answer_next(reader)
    reopen(reader, cast.coordinator, 1)
    assert undo(reader).read.position == 1
    services.read_next(reader=reader)
    assert answer_next(reader, key="a").due.read.position == 2
    assert answer_next(reader, key="b").due.read.position == 3
    assert positions() == [(1, 1), (2, 1), (1, 2), (2, 2)]


def test_what_a_coordinator_opened_already_is_due_without_another_opening(
    cast, until_session_ends
):
    reader = until_session_ends
    answer_next(reader)
    reopen(reader, cast.coordinator, 1)
    due = undo(reader)
    assert due.read.position == 1
    assert not due.reopening.by_reader
    assert Reopening.objects.count() == 1


def test_the_answer_that_was_given_last_is_taken_back_not_the_furthest(
    until_session_ends,
):
    reader = until_session_ends
    for _ in range(3):
        answer_next(reader)
    revisit(reader, 1)
    answer_next(reader, key="again")
    assert undo(reader).read.position == 1


def test_a_reader_takes_back_no_answer_but_their_own(
    cast, make_open, until_session_ends
):
    study = make_open(
        slug="both",
        answer_changes="session",
        readers=(cast.reader, cast.second_reader),
    )
    first, second = (
        reader_membership(study, u) for u in (cast.reader, cast.second_reader)
    )
    current(second)
    answer_next(first)
    with pytest.raises(Refused, match="no answer to take back"):
        undo(second)


def test_the_screen_is_told_what_is_due_again_and_the_answer_before(
    at, cast, until_session_ends
):
    reader = until_session_ends
    answer_next(reader, right=4)
    client = at(cast.reader)
    response = client.post(address("read-undo", reader.study.slug))
    assert response.headers["Cache-Control"] == "no-store"
    told = response.json()
    assert (told["state"], told["number"]) == ("read", 1)
    assert told["token"] == current(reader).token
    assert told["again"]["grades"] == {"grade-right": 4, "grade-left": 2}
    assert told["again"]["reason"] == "You took your answer back."


def test_a_refusal_is_told_in_words(at, cast, never):
    answer_next(never)
    response = at(cast.reader).post(address("read-undo", never.study.slug))
    assert response.status_code == 409
    assert response.json()["error"] == "This study's answers can't be changed."


def test_a_simulated_reader_takes_nothing_back(at, cast, until_session_ends):
    reader = until_session_ends
    answer_next(reader)
    Membership.objects.filter(pk=reader.pk).update(simulated=True)
    response = at(cast.reader).post(address("read-undo", reader.study.slug))
    assert response.status_code == 409


# Answers that a browser kept while it had no connection


def post(client, reader, read, *, key="late", **more):
    grades = {"grade-right": "3", "grade-left": "2"}
    posted = {"token": read.token, "key": key, **grades, **more}
    return client.post(address("read-submit", reader.study.slug), posted)


@pytest.fixture
def reads(reader):
    return list(Read.objects.filter(reader=reader).order_by("position"))


def test_the_read_fetched_ahead_is_answered_though_it_was_never_shown(
    at, cast, reader, reads
):
    """Stored without its acknowledgement, read 1; then read 2 was read offline."""
    services.read_next(reader=reader)
    client = at(cast.reader)
    for read in reads[:2]:
        response = post(client, reader, read, key=f"key {read.position}", held_ms=4000)
        assert response.status_code == 200
    assert response.json()["token"] == reads[2].token
    assert Answer.objects.get(read=reads[1]).held_ms == 4000


def test_no_later_read_is_answered_before_its_turn(at, cast, reader, reads):
    services.read_next(reader=reader)
    client = at(cast.reader)
    for read in reads[1:4]:
        response = post(client, reader, read)
        assert response.status_code == 404
        assert json.loads(response.content) == {
            "error": "This read is no longer before you."
        }
    assert Answer.objects.count() == 0


def test_a_session_that_has_not_begun_is_not_begun_by_an_answer(at, cast, reader):
    first = Read.objects.get(reader=reader, position=1)
    assert post(at(cast.reader), reader, first).status_code == 404
    assert Answer.objects.count() == 0


def test_no_read_is_answered_before_the_guess_that_comes_before_it(at, cast, make_open):
    study = make_open(slug="guessed", guesses="after-grade", guess_percent=100)
    reader = reader_membership(study, cast.reader)
    answer_next(reader)
    second = Read.objects.get(reader=reader, position=2)
    assert post(at(cast.reader), reader, second).status_code == 404
    assert Answer.objects.count() == 1


def test_another_readers_read_is_not_answered(at, cast, reader, reads):
    services.read_next(reader=reader)
    assert post(at(cast.second_reader), reader, reads[0]).status_code == 404
    assert Answer.objects.count() == 0


def test_what_one_reader_kept_is_not_refused_for_good_when_another_sends_it(
    at, cast, reader, reads
):
    """Their browser keeps on keeping what no sentence of ours refuses."""
    services.read_next(reader=reader)
    desk = desk_of(cast.reader.pk, cast.study.slug)
    for person in ("second_reader", "stranger"):
        response = post(at(getattr(cast, person)), reader, reads[0], desk=desk)
        assert response.status_code == 404
        assert response.headers["Content-Type"].startswith("text/html")
    assert post(at(cast.reader), reader, reads[0], desk=desk).status_code == 200
    undo_address = address("read-undo", cast.study.slug)
    client = at(cast.second_reader)
    assert client.post(undo_address, {"desk": desk}).status_code == 404


def test_a_desk_is_one_readers_in_one_study(cast):
    desks = {
        desk_of(user.pk, study.slug)
        for user in (cast.reader, cast.second_reader)
        for study in (cast.study, cast.other_study)
    }
    assert len(desks) == 4


def test_a_late_answer_that_waited_is_no_long_pause(cast, reader, reads):
    services.read_next(reader=reader)
    Read.objects.filter(pk=reads[0].pk).update(
        first_shown_at=reads[0].session.study.opened_at
    )
    observed = services.Observed(held_ms=999_999_999)
    services.read_submit(
        token=reads[0].token,
        reader=reader,
        answers=GRADES,
        key="late",
        observed=observed,
    )
    assert not reader.deviations.exists()
