"""In an emergency one read's arm and case are told; nothing else is."""

import pytest

from readerstudy.audit.models import AuditEvent
from readerstudy.imaging.errors import Refused
from readerstudy.reading import services
from readerstudy.reading.models import CodeBreak
from readerstudy.reading.services import code_break
from tests.factory import unblind

from .conftest import answer_next

REASON = "The scan shows something that the ward must know."


@pytest.fixture
def shown(reader):
    """The reader's first read, answered."""
    return answer_next(reader, right=1, left=4).read


def first_read(cast, **changed):
    call = {"reader": "A", "session": 1, "number": 1, "reason": REASON}
    return {"study": cast.study, "by": cast.coordinator, **call, **changed}


def test_a_coordinator_breaks_one_code_with_a_reason(cast, shown):
    broken = code_break(**first_read(cast, reason=f"  {REASON}\n"))
    assert (broken.read, broken.by, broken.reason) == (shown, cast.coordinator, REASON)
    cast.study.refresh_from_db()
    assert cast.study.state == "open"


def test_its_event_holds_the_reason_and_neither_arm_nor_case(cast, shown):
    code_break(**first_read(cast))
    event = AuditEvent.objects.get(action="read.break_code")
    assert (event.actor_name, event.study) == ("coordinator", cast.study.slug)
    assert (event.subject_type, event.subject_key) == ("read", "A/1")
    assert event.reason == REASON
    assert (event.before, event.after) == (None, None)


def test_nobody_else_breaks_a_code(cast, shown):
    for user in (cast.statistician, cast.reader, cast.other_coordinator):
        with pytest.raises(Refused, match="Only a coordinator"):
            code_break(**first_read(cast, by=user))
    assert not CodeBreak.objects.exists()


def test_a_read_that_nobody_saw_keeps_its_code(cast, shown):
    for nowhere in (
        {"number": 3},  # the second is before the reader now
        {"number": 0},
        {"number": 10_000},
        {"session": 2},
        {"reader": "B"},
        {"reader": "Z"},
    ):
        with pytest.raises(Refused, match="was not shown read"):
            code_break(**first_read(cast, **nowhere))


def test_numbers_do_not_run_on_into_the_next_session(cast, reader):
    size = reader.sessions.get(number=1).size
    for _ in range(size + 1):
        answer_next(reader)
    with pytest.raises(Refused, match="was not shown read"):
        code_break(**first_read(cast, number=size + 1))
    assert code_break(**first_read(cast, session=2)).read.position == size + 1


def test_a_reason_is_needed_and_one_break_is_enough(cast, shown):
    with pytest.raises(Refused, match="A reason is needed"):
        code_break(**first_read(cast, reason=" "))
    code_break(**first_read(cast))
    with pytest.raises(Refused, match="broken already"):
        code_break(**first_read(cast))


def test_a_closed_study_still_has_emergencies_an_unblinded_one_none(cast, shown):
    services.study_close(study=cast.study, by=cast.coordinator)
    code_break(**first_read(cast))
    unblind(cast.study)
    with pytest.raises(Refused, match="while a study is open or closed"):
        code_break(**first_read(cast))


def test_a_draft_has_no_codes(cast, make_draft):
    with pytest.raises(Refused, match="while a study is open or closed"):
        code_break(**first_read(cast, study=make_draft()))


def test_who_knows_the_arm_of_a_read_cannot_have_it_answered_again(cast, shown):
    code_break(**first_read(cast))
    with pytest.raises(Refused, match="code of this read is broken"):
        services.read_reopen(**first_read(cast, reason="Please look again."))
    assert not shown.reopenings.exists()
