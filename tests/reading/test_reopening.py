"""Answering a read once more: by its reader's wish or its coordinator's."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import (
    ArmGuess,
    Membership,
    Read,
    Reopening,
    Score,
    Session,
    Study,
)
from readerstudy.reading.services.reopening import REASON_LENGTH
from tests.cast import reader_membership

from .conftest import GRADES, answer_next

CHANGED = {"grade": {"right": 4, "left": 4}}
WHY = "The other key."


@pytest.fixture
def until_session_ends(make_open, cast) -> Membership:
    """The reader of a study whose answers may be changed until the session ends."""
    study = make_open(sessions=2, answer_changes="session", slug="until-session-ends")
    return reader_membership(study, cast.reader)


@pytest.fixture
def until_study_closes(make_open, cast) -> Membership:
    study = make_open(sessions=2, answer_changes="study", slug="until-study-closes")
    return reader_membership(study, cast.reader)


@pytest.fixture
def never(make_open, cast) -> Membership:
    return reader_membership(make_open(slug="no-change"), cast.reader)


def revisit(reader, number=1, *, session=1, reason=WHY):
    return services.read_revisit(
        reader=reader, session=session, number=number, reason=reason
    )


def reopen(reader, by, number=1, *, session=1, reason="Please look again."):
    return services.read_reopen(
        study=reader.study,
        reader=reader.code,
        session=session,
        number=number,
        reason=reason,
        by=by,
    )


def answer_session(reader, number=1):
    """Answer the first `number` sessions to their last read."""
    last = Session.objects.get(reader=reader, number=number)
    while True:
        due = services.read_next(reader=reader)
        if due.read is None or due.read.session.number > last.number:
            return due
        answer_next(reader)


def versions(read):
    rows = read.scores.order_by("version", "side")
    return list(rows.values_list("version", "side", "value", "reason"))


def test_a_reader_changes_an_answer_and_every_version_stays(until_session_ends):
    reader = until_session_ends
    read = answer_next(reader).read
    revisit(reader)
    due = services.read_next(reader=reader)
    assert due.read.pk == read.pk
    assert due.reopening.by_reader
    changed = services.read_submit(
        token=due.read.token, reader=reader, answers=CHANGED, key="again"
    )
    assert changed.version == 2
    assert versions(read) == [
        (1, "left", 2, ""),
        (1, "right", 3, ""),
        (2, "left", 4, WHY),
        (2, "right", 4, WHY),
    ]
    assert changed.due.read.position == 2
    assert changed.due.reopening is None


def test_the_same_grades_once_more_are_a_version_too(until_session_ends):
    """Who read it again and came to the same has said something."""
    read = answer_next(until_session_ends).read
    revisit(until_session_ends)
    assert answer_next(until_session_ends, key="again").version == 2
    assert [v[:3] for v in versions(read)][2:] == [(2, "left", 2), (2, "right", 3)]


def test_a_changed_answer_sent_twice_is_stored_once(until_session_ends):
    reader = until_session_ends
    read = answer_next(reader).read
    revisit(reader)
    token = services.read_next(reader=reader).read.token
    sent = [
        services.read_submit(token=token, reader=reader, answers=CHANGED, key="again")
        for _ in range(2)
    ]
    assert sent[0] == sent[1]
    assert read.scores.count() == 4
    with pytest.raises(Refused, match="already answered"):
        services.read_submit(token=token, reader=reader, answers=GRADES, key="third")
    reader.refresh_from_db()
    assert reader.reopened == 0


def test_a_read_that_is_opened_again_gets_a_new_token(until_session_ends):
    """A late copy of the first answer finds nothing that it could undo."""
    reader = until_session_ends
    first = answer_next(reader, key="a")
    revisit(reader)
    with pytest.raises(Read.DoesNotExist):
        services.read_submit(
            token=first.read.token, reader=reader, answers=CHANGED, key="a"
        )
    assert Read.objects.get(pk=first.read.pk).token != first.read.token
    assert first.read.scores.count() == 2


def test_a_read_is_not_answered_again_before_it_is_shown_again(until_session_ends):
    reader = until_session_ends
    read = answer_next(reader).read
    revisit(reader)
    read.refresh_from_db()
    with pytest.raises(Read.DoesNotExist):
        services.read_submit(
            token=read.token, reader=reader, answers=CHANGED, key="again"
        )
    assert read.scores.count() == 2


def test_what_was_before_the_reader_is_not_lost_by_opening_another(cast, reader):
    """Another tab still shows read 2 while the coordinator opens read 1 again."""
    answer_next(reader)
    second = services.read_next(reader=reader).read
    reopen(reader, cast.coordinator)
    submitted = services.read_submit(
        token=second.token, reader=reader, answers=GRADES, key="second"
    )
    assert submitted.version == 1
    assert submitted.due.read.position == 1
    assert submitted.due.reopening.reason == "Please look again."


def test_reads_opened_again_come_in_the_order_of_opening_and_then_reading_goes_on(
    until_session_ends,
):
    reader = until_session_ends
    for _ in range(3):
        answer_next(reader)
    revisit(reader, 3)
    revisit(reader, 1)
    first = services.read_next(reader=reader)
    assert (first.read.position, first.following) == (3, None)
    second = answer_next(reader, key="x").due
    assert second.read.position == 1
    assert second.following == Read.objects.get(reader=reader, position=4).token
    assert answer_next(reader, key="y").due.read.position == 4


@pytest.mark.parametrize(
    ("session", "number"), [(1, 2), (1, 0), (1, -1), (2, 1), (9, 1), (1, 10**30)]
)
def test_only_an_answered_read_is_opened_again(until_session_ends, session, number):
    answer_next(until_session_ends)
    with pytest.raises(Refused, match="not answered yet"):
        revisit(until_session_ends, number, session=session)


@pytest.mark.parametrize(
    ("reason", "said"), [(" \n", "A reason is needed"), ("x" * 1001, "too long")]
)
def test_a_read_is_opened_again_with_a_reason_only(until_session_ends, reason, said):
    assert REASON_LENGTH == 1000
    answer_next(until_session_ends)
    with pytest.raises(Refused, match=said):
        revisit(until_session_ends, reason=reason)
    assert not Reopening.objects.exists()


def test_a_read_is_not_opened_twice_at_a_time(until_session_ends, cast):
    answer_next(until_session_ends)
    revisit(until_session_ends)
    for again in (
        lambda: revisit(until_session_ends),
        lambda: reopen(until_session_ends, cast.coordinator),
    ):
        with pytest.raises(Refused, match="open again already"):
            again()


def test_where_the_protocol_says_never_only_a_coordinator_opens_a_read(never, cast):
    answer_next(never)
    with pytest.raises(Refused, match="can't be changed"):
        revisit(never)
    reopen(never, cast.coordinator)
    due = services.read_next(reader=never)
    assert (due.read.position, due.reopening.by_reader) == (1, False)


def test_until_the_session_ends_means_until_its_reader_ends_it(until_session_ends):
    reader = until_session_ends
    assert answer_session(reader).state == "review"
    revisit(reader)
    assert answer_next(reader, key="again").due.state == "review"
    services.session_finish(reader=reader)
    with pytest.raises(Refused, match="session is over"):
        revisit(reader)


def test_until_the_study_closes_means_any_session(until_study_closes, cast):
    reader = until_study_closes
    assert answer_session(reader).read.session.number == 2
    revisit(reader)
    assert answer_next(reader, key="again").version == 2
    revisit(reader, 2)
    services.study_close(study=reader.study, by=cast.coordinator)
    with pytest.raises(Refused, match="study is closed"):
        revisit(reader, 3)
    assert services.read_next(reader=reader).state == "closed"


def test_nobody_else_opens_a_read_again(never, cast):
    answer_next(never)
    for user in (cast.statistician, cast.reader, cast.other_coordinator):
        with pytest.raises(Refused, match="Only a coordinator"):
            reopen(never, user)
    with pytest.raises(Refused, match="no reader Z"):
        services.read_reopen(
            study=never.study,
            reader="Z",
            session=1,
            number=1,
            reason="x",
            by=cast.coordinator,
        )


def test_a_grade_is_locked_once_its_arm_was_guessed(make_open, cast):
    study = make_open(
        slug="guessing",
        answer_changes="study",
        guesses="after-grade",
        guess_percent=100,
    )
    reader = reader_membership(study, cast.reader)
    due = answer_next(reader).due
    assert due.state == "guess"
    ArmGuess.objects.filter(pk=due.guess.pk).update(
        guess="unknown", guessed_at=timezone.now()
    )
    with pytest.raises(Refused, match="locked"):
        revisit(reader)
    with pytest.raises(Refused, match="locked"):
        reopen(reader, cast.coordinator)


def test_opening_and_answering_again_are_in_the_log(until_session_ends, cast):
    reader = until_session_ends
    answer_next(reader)
    revisit(reader)
    answer_next(reader, key="again")
    reopen(reader, cast.coordinator)
    answer_next(reader, key="third")
    events = AuditEvent.objects.filter(subject_type="read", study=reader.study.slug)
    assert list(events.values_list("action", "actor_name", "reason")) == [
        ("read.submit", "reader", ""),
        ("read.reopen", "reader", WHY),
        ("read.submit", "reader", WHY),
        ("read.reopen", "coordinator", "Please look again."),
        ("read.submit", "reader", "Please look again."),
    ]
    assert set(events.values_list("subject_key", flat=True)) == {"A/1"}


# --- the end of a session


def test_a_session_that_may_be_changed_ends_when_its_reader_ends_it(
    until_session_ends,
):
    reader = until_session_ends
    due = answer_session(reader)
    assert (due.state, due.session.number) == ("review", 1)
    session = Session.objects.get(reader=reader, number=1)
    assert session.finished_at is None
    assert services.read_next(reader=reader).state == "review"
    assert services.session_finish(reader=reader) == session
    assert services.read_next(reader=reader).read.session.number == 2


def test_the_washout_counts_from_the_last_answer_however_late_the_session_is_ended(
    make_open, cast
):
    study = make_open(sessions=2, answer_changes="session", washout_days=28)
    reader = reader_membership(study, cast.reader)
    answer_session(reader)
    long_ago = timezone.now() - timedelta(days=27)
    Session.objects.filter(reader=reader, number=1).update(started_at=long_ago)
    Score.objects.update(scored_at=long_ago)
    services.session_finish(reader=reader)
    due = services.read_next(reader=reader)
    assert due.state == "pause"
    assert due.opens_at == long_ago + timedelta(days=28)


def test_a_session_with_unanswered_reads_is_not_ended(until_session_ends):
    reader = until_session_ends
    assert services.session_finish(reader=reader) is None  # nothing has begun
    answer_next(reader)
    with pytest.raises(Refused, match="not answered yet"):
        services.session_finish(reader=reader)


def test_a_session_is_not_ended_while_a_read_of_it_is_open_again(until_session_ends):
    reader = until_session_ends
    answer_session(reader)
    revisit(reader)
    with pytest.raises(Refused, match="waits for your answer"):
        services.session_finish(reader=reader)
    answer_next(reader, key="again")
    assert services.session_finish(reader=reader).number == 1
    assert services.session_finish(reader=reader) is None


def test_the_last_session_is_reviewed_too(until_session_ends):
    reader = until_session_ends
    answer_session(reader)
    services.session_finish(reader=reader)
    assert answer_session(reader, 2).state == "review"
    services.session_finish(reader=reader)
    assert services.read_next(reader=reader).state == "finished"


def test_a_closed_studys_session_is_not_ended(until_session_ends, cast):
    answer_session(until_session_ends)
    services.study_close(study=until_session_ends.study, by=cast.coordinator)
    with pytest.raises(Refused, match="study is closed"):
        services.session_finish(reader=until_session_ends)


def test_a_session_with_conditions_begins_on_its_readers_wish_only(make_open, cast):
    """The end of one session is not at once the question before the next."""
    study = make_open(sessions=2, asks_conditions=True, slug="conditions")
    reader = reader_membership(study, cast.reader)
    assert services.read_next(reader=reader).state == "conditions"
    first = Session.objects.get(reader=reader, number=1)
    now = timezone.now()
    first.checks.create(
        dark_number="123",
        bright_number="456",
        shown_at=now,
        answered_at=now,
        passed=True,
        device="d" * 64,
    )
    for _ in range(first.size):
        last = answer_next(reader)
    assert last.due.state == "pause"
    first.refresh_from_db()
    assert first.device == "d" * 64
    assert services.read_next(reader=reader).state == "conditions"


def test_the_database_refuses_two_open_reopenings_of_one_read_and_one_without_reason(
    until_session_ends,
):
    read = answer_next(until_session_ends).read
    one = {"read": read, "by": until_session_ends.user, "at": timezone.now()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Reopening.objects.create(**one, reason="")
    Reopening.objects.create(**one, reason="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        Reopening.objects.create(**one, reason="y")
    assert Study.objects.get(pk=until_session_ends.study_id).state == "open"


@pytest.mark.parametrize("kind", ["title", "code", "method", "case"])
def test_a_reason_that_the_reader_is_shown_names_no_arm_and_no_case(
    never, cast, kind: str
):
    read = answer_next(never).read
    name = read.case.code if kind == "case" else getattr(read.arm, kind)
    for said in (f"This is {name.upper()}: look again.", f"これは{name}です。"):
        with pytest.raises(Refused, match="names an arm or a case"):
            reopen(never, cast.coordinator, reason=said)
    assert not Reopening.objects.exists()
    assert not AuditEvent.objects.filter(action="read.reopen").exists()


def test_a_reason_may_hold_a_word_that_only_contains_an_arm(never, cast):
    """“short” is an arm of this study."""
    answer_next(never)
    reopen(never, cast.coordinator, reason="Shortly before, read 1 was shown twice.")
    assert Reopening.objects.exists()


def ends(reader):
    found = AuditEvent.objects.filter(action="session.finish", study=reader.study.slug)
    return list(found.values_list("subject_key", "actor_name").order_by("sequence"))


def test_the_log_has_the_end_of_a_session_that_its_reader_ended(
    until_session_ends, cast
):
    answer_session(until_session_ends)
    assert ends(until_session_ends) == []
    for _ in range(2):
        services.session_finish(reader=until_session_ends)
    assert ends(until_session_ends) == [("A/1", cast.reader.username)]


def test_the_log_has_the_end_of_a_session_that_ended_by_itself(never, cast):
    answer_session(never)
    services.read_next(reader=never)
    assert ends(never) == [("A/1", cast.reader.username)]
