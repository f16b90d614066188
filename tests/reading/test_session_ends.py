"""When a session is over: with its last answer, or when its reader says so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import (
    Answer,
    Session,
)
from tests.cast import reader_membership

from .conftest import answer_next, answer_session, revisit


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
    Answer.objects.update(at=long_ago)
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
