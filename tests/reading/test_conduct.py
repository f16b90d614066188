"""Reading: what is due, what is stored, and what is refused."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Answer, Read, Score, Session, Study
from tests.cast import reader_membership

from .conftest import GRADES, answer_next

OTHER_GRADES = {"grade": {"right": 1, "left": 1}}


def read_session(reader):
    """Answer reads until the session is over; return how many."""
    number = 0
    while answer_next(reader).due.state == "read":
        number += 1
    return number + 1


def test_the_next_read_is_the_first_one_without_an_answer(reader):
    first = services.read_next(reader=reader).read
    assert first.position == 1
    assert first.first_shown_at is not None
    answer_next(reader)
    assert services.read_next(reader=reader).read.position == 2


def test_a_read_stays_next_until_it_is_answered_and_keeps_its_first_time(reader):
    first = services.read_next(reader=reader).read
    again = services.read_next(reader=reader).read
    assert (again.pk, again.first_shown_at) == (first.pk, first.first_shown_at)


def test_scores_are_stored_by_the_patients_side(reader):
    read = answer_next(reader, right=1, left=4).read
    stored = Score.objects.filter(answer__read=read).values_list(
        "question", "side", "value"
    )
    assert sorted(stored) == [("grade", "left", 4), ("grade", "right", 1)]


def test_the_same_answer_sent_twice_is_stored_once(reader):
    first = answer_next(reader, key="a")
    again = services.read_submit(
        token=first.read.token, reader=reader, answers=GRADES, key="a"
    )
    assert again == first
    assert Score.objects.filter(answer__read=first.read).count() == 2


def test_the_same_grades_under_another_key_are_no_new_version(reader):
    first = answer_next(reader, key="a")
    again = services.read_submit(
        token=first.read.token, reader=reader, answers=GRADES, key="b"
    )
    assert again.version == 1
    assert Score.objects.filter(answer__read=first.read).count() == 2


def test_a_key_used_again_for_other_grades_is_refused(reader):
    first = answer_next(reader, key="a")
    with pytest.raises(Refused, match="sent before with other grades"):
        services.read_submit(
            token=first.read.token, reader=reader, answers=OTHER_GRADES, key="a"
        )


def test_other_grades_for_an_answered_read_are_refused(reader):
    first = answer_next(reader)
    with pytest.raises(Refused, match="already answered"):
        services.read_submit(
            token=first.read.token, reader=reader, answers=OTHER_GRADES, key="b"
        )
    assert set(
        Score.objects.filter(answer__read=first.read).values_list(
            "side", "value", "answer__version"
        )
    ) == {
        ("right", 3, 1),
        ("left", 2, 1),
    }


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({}, "do not belong"),
        ({"mood": {"right": 1, "left": 1}}, "do not belong"),
        ({"grade": {"right": 1}}, "Both sides"),
        ({"grade": {"right": 1, "left": 9}}, "9 is not one of the answers"),
        ({"grade": {"right": 0, "left": 1}}, "0 is not one of the answers"),
        ({"grade": {"right": 1, "left": 1, "top": 1}}, "neither the right nor"),
    ],
)
def test_an_answer_that_is_none_is_refused_and_not_stored(reader, answers, reason):
    read = services.read_next(reader=reader).read
    with pytest.raises(Refused, match=reason):
        services.read_submit(
            token=read.token, reader=reader, answers=answers, key="key"
        )
    assert not Score.objects.exists()
    assert services.read_next(reader=reader).read.pk == read.pk


@pytest.mark.parametrize("key", ["", "k" * 65])
def test_an_answer_without_a_proper_key_is_refused(reader, key):
    read = services.read_next(reader=reader).read
    with pytest.raises(Refused, match="key"):
        services.read_submit(token=read.token, reader=reader, answers=GRADES, key=key)


def test_a_read_that_was_not_shown_cannot_be_answered(reader):
    services.read_next(reader=reader)
    future = Read.objects.get(reader=reader, position=2)
    with pytest.raises(Read.DoesNotExist):
        services.read_submit(
            token=future.token, reader=reader, answers=GRADES, key="key"
        )


def test_another_readers_read_cannot_be_answered(reader, cast):
    read = services.read_next(reader=reader).read
    other = reader_membership(cast.study, cast.second_reader)
    with pytest.raises(Read.DoesNotExist):
        services.read_submit(token=read.token, reader=other, answers=GRADES, key="key")


def test_a_server_whose_clock_was_set_back_takes_the_answer(reader):
    read = services.read_next(reader=reader).read
    ahead = timezone.now() + timedelta(hours=1)
    Read.objects.filter(pk=read.pk).update(first_shown_at=ahead)
    following = answer_next(reader).due.read
    read.refresh_from_db()
    assert read.submitted_at == ahead
    assert following.position == 2
    assert answer_next(reader).read == following


def test_a_session_ends_with_its_last_read_and_the_next_one_starts(reader):
    session = Session.objects.get(reader=reader, number=1)
    assert read_session(reader) == session.size
    session.refresh_from_db()
    assert session.finished_at is not None
    upcoming = services.read_next(reader=reader).read
    assert upcoming.session.number == 2
    assert upcoming.session.started_at is not None


def test_the_next_session_opens_only_after_the_washout(make_open, cast):
    study = make_open(sessions=2, washout_days=28)
    reader = reader_membership(study, cast.reader)
    read_session(reader)
    finished_at = Session.objects.get(reader=reader, number=1).finished_at
    due = services.read_next(reader=reader)
    assert due.state == "pause"
    assert due.opens_at == finished_at + timedelta(days=28)
    assert Session.objects.get(reader=reader, number=2).started_at is None

    almost = timezone.now() - timedelta(days=27, hours=23)
    Session.objects.filter(reader=reader, number=1).update(
        started_at=almost, finished_at=almost
    )
    assert services.read_next(reader=reader).state == "pause"
    over = timezone.now() - timedelta(days=28, seconds=1)
    Session.objects.filter(reader=reader, number=1).update(
        started_at=over, finished_at=over
    )
    assert services.read_next(reader=reader).read.session.number == 2


def test_after_the_last_read_nothing_is_left(make_open, cast):
    reader = reader_membership(make_open(), cast.reader)
    while (last := answer_next(reader)).due.state == "read":
        pass
    assert last.due.state == "finished"
    assert services.read_next(reader=reader).state == "finished"
    assert not Read.objects.filter(reader=reader, submitted_at=None).exists()


def test_a_closed_study_shows_nothing_and_takes_no_answer(reader, cast):
    read = services.read_next(reader=reader).read
    services.study_close(study=cast.study, by=cast.coordinator)
    assert services.read_next(reader=reader).state == "closed"
    with pytest.raises(Refused, match="study is closed"):
        services.read_submit(token=read.token, reader=reader, answers=GRADES, key="key")
    assert not Score.objects.exists()


def test_an_answer_that_was_stored_is_still_acknowledged_after_closing(reader, cast):
    first = answer_next(reader, key="a")
    services.study_close(study=cast.study, by=cast.coordinator)
    again = services.read_submit(
        token=first.read.token, reader=reader, answers=GRADES, key="a"
    )
    assert again.version == 1
    assert again.due.state == "closed"


def test_nobody_but_a_reader_reads(cast):
    for user in (cast.coordinator, cast.statistician):
        membership = cast.study.memberships.get(user=user)
        with pytest.raises(type(membership).DoesNotExist):
            services.read_next(reader=membership)


def refused_by_the_database(row):
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_the_database_refuses_grade_9_and_a_third_side(reader, cast):
    read = services.read_next(reader=reader).read
    now = timezone.now()
    answer = {"read": read, "shown_at": now, "at": now, "by": cast.reader}
    refused_by_the_database(Answer(**answer, version=2))  # a change without a reason
    refused_by_the_database(Answer(**answer, window_low=9, window_high=9))
    refused_by_the_database(Answer(**answer, window_low=9))
    stored = Answer.objects.create(**answer)
    refused_by_the_database(Answer(**answer))
    score = {"answer": stored, "question": "grade", "side": "right", "value": 4}
    refused_by_the_database(Score(**{**score, "value": 9}))
    refused_by_the_database(Score(**{**score, "side": "top"}))
    refused_by_the_database(Score(**{**score, "value": None}))
    refused_by_the_database(Score(**{**score, "unassessable": "Motion."}))
    Score(**score).save()
    refused_by_the_database(Score(**score))


def test_the_database_refuses_a_read_answered_before_it_was_shown(reader):
    read = Read.objects.get(reader=reader, position=1)
    read.submitted_at = timezone.now()
    refused_by_the_database(read)
    read.first_shown_at = read.submitted_at + timedelta(seconds=1)
    refused_by_the_database(read)


def test_the_database_refuses_an_open_study_without_a_frozen_protocol(cast):
    study = Study.objects.get(pk=cast.study.pk)
    study.protocol_sha256 = ""
    refused_by_the_database(study)


def test_the_database_refuses_a_session_that_ended_before_it_began(reader):
    session = Session.objects.get(reader=reader, number=2)
    session.finished_at = timezone.now()
    refused_by_the_database(session)
