"""A coordinator lets a session begin before its washout is over, with a reason."""

from datetime import timedelta

import pytest
from django.utils import timezone

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import Deviation, Session
from readerstudy.reading.services import washout_waive

from .conftest import answer_next

REASON = "Leaves the department tomorrow."


@pytest.fixture
def awaiting(make_open):
    """The reader of a study of two sessions, in the washout after the first."""
    study = make_open(sessions=2, washout_days=28)
    reader = study.memberships.get(role="reader")
    while services.read_next(reader=reader).state == "read":
        answer_next(reader)
    return reader


def second_session(cast, awaiting, /, **changed):
    call = {"reader": "A", "session": 2, "reason": REASON, "by": cast.coordinator}
    return {"study": awaiting.study, **call, **changed}


def test_the_session_begins_early_and_that_is_a_deviation(cast, awaiting):
    assert services.read_next(reader=awaiting).state == "pause"
    session = washout_waive(**second_session(cast, awaiting))
    assert (session.waived_by, session.waived_reason) == (cast.coordinator, REASON)
    assert not Deviation.objects.exists()
    assert services.read_next(reader=awaiting).state == "read"
    deviation = Deviation.objects.get()
    assert (deviation.kind, deviation.session) == ("washout", session)
    assert 28 * 24 - 1 <= deviation.amount <= 28 * 24


def test_its_event_says_which_session_and_why(cast, awaiting):
    washout_waive(**second_session(cast, awaiting))
    event = AuditEvent.objects.get(action="session.waive")
    assert (event.subject_type, event.subject_key) == ("session", "A/2")
    assert (event.actor_name, event.reason) == ("coordinator", REASON)
    assert event.study == awaiting.study.slug


def test_only_a_coordinator_waives_and_with_a_reason(cast, awaiting):
    for user in (cast.statistician, cast.reader, cast.other_coordinator):
        with pytest.raises(Refused, match="Only a coordinator"):
            washout_waive(**second_session(cast, awaiting, by=user))
    with pytest.raises(Refused, match="A reason is needed"):
        washout_waive(**second_session(cast, awaiting, reason=" "))
    for nowhere in ({"reader": "B"}, {"session": 3}):
        with pytest.raises(Refused, match="has no"):
            washout_waive(**second_session(cast, awaiting, **nowhere))


def test_there_must_be_a_washout_to_waive(cast, awaiting):
    with pytest.raises(Refused, match="Session 1 has begun already"):
        washout_waive(**second_session(cast, awaiting, session=1))
    earlier = timezone.now() - timedelta(days=29)
    first = Session.objects.filter(reader=awaiting, number=1)
    first.update(started_at=earlier, finished_at=earlier)
    with pytest.raises(Refused, match="The washout of session 2 is over"):
        washout_waive(**second_session(cast, awaiting))


def test_the_session_before_must_be_finished(cast, make_open):
    reader = make_open(sessions=2, washout_days=28).memberships.get(role="reader")
    answer_next(reader)
    with pytest.raises(Refused, match="before session 2 is not finished"):
        washout_waive(**second_session(cast, reader))


def test_it_is_waived_once_and_only_while_the_study_is_open(cast, awaiting):
    washout_waive(**second_session(cast, awaiting))
    with pytest.raises(Refused, match="waived already"):
        washout_waive(**second_session(cast, awaiting))
    services.study_close(study=awaiting.study, by=cast.coordinator)
    with pytest.raises(Refused, match="The study is not open"):
        washout_waive(**second_session(cast, awaiting))
