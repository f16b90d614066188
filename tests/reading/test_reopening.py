"""Answering a read once more: by its reader's wish or its coordinator's."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import (
    ArmGuess,
    Read,
    Reopening,
    Score,
    Study,
)
from readerstudy.reading.services.reopening import REASON_LENGTH
from tests.cast import reader_membership

from .conftest import GRADES, address, answer_next, answer_session, reopen, revisit

CHANGED = {"grade": {"right": 4, "left": 4}}
WHY = "The other key."


def versions(read):
    rows = Score.objects.filter(answer__read=read).order_by("answer__version", "side")
    return list(rows.values_list("answer__version", "side", "value", "answer__reason"))


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
    assert Score.objects.filter(answer__read=read).count() == 4
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
    assert Score.objects.filter(answer__read=first.read).count() == 2


def test_a_read_is_not_answered_again_before_it_is_shown_again(until_session_ends):
    reader = until_session_ends
    read = answer_next(reader).read
    revisit(reader)
    read.refresh_from_db()
    with pytest.raises(Read.DoesNotExist):
        services.read_submit(
            token=read.token, reader=reader, answers=CHANGED, key="again"
        )
    assert Score.objects.filter(answer__read=read).count() == 2


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


def test_a_coordinators_reason_never_reaches_the_reader(never, cast, at):
    read = answer_next(never).read
    reopen(never, cast.coordinator, reason=f"{read.arm.title} of {read.case.code}")
    page = at(cast.reader).get(address("read-next", never.study.slug))
    assert "once more" in page.content.decode()
    for name in (read.arm.title, read.case.code):
        assert name not in page.content.decode()
