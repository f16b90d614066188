"""Somebody with the database's password changes the log; the chain says where."""

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from readerstudy.audit import chain, selectors, triggers
from readerstudy.audit.models import AuditEvent
from readerstudy.audit.services import event_record
from tests.own_database import told_by

TABLE = triggers.TABLE


def write(number: int) -> list[AuditEvent]:
    return [
        event_record(
            action="study.close",
            actor=None,
            subject=("study", f"study-{n}"),
            study=f"study-{n}",
            before={"state": "open", "名": [1, None, True]},
            after={"state": "closed"},
            reason="Because.",
        )
        for n in range(number)
    ]


@pytest.fixture
def events(db: None) -> list[AuditEvent]:
    return write(6)


@pytest.fixture
def intruder(events: list[AuditEvent]):
    """Statements as one could run them who may also drop triggers."""

    def run(statement: str, *values: object) -> None:
        triggers.drop(connection)
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
        triggers.create(connection)

    return run


def verify(*anchors: str) -> None:
    call_command("verify_audit", anchor=list(anchors))


def test_the_first_event_follows_nothing_and_each_other_one_the_last(events):
    stored = list(AuditEvent.objects.all())
    assert [event.sequence for event in stored] == [1, 2, 3, 4, 5, 6]
    previous = chain.FIRST_PREVIOUS_HASH
    for event in stored:
        assert event.previous_hash == previous
        assert event.hash == event.expected_hash()
        previous = event.hash
    assert selectors.anchor() == selectors.Anchor(6, previous)


def test_an_empty_log_is_whole_and_has_an_anchor(db, capsys):
    assert selectors.anchor().events == 0
    verify(selectors.anchor().hash)
    assert "0 events" in capsys.readouterr().out


def test_a_whole_chain_is_called_whole_and_its_anchor_printed(events, capsys):
    hashes = (events[2].hash, events[5].hash.upper())
    call_command("verify_audit", *(f"--anchor={each}" for each in hashes))
    out = capsys.readouterr().out
    assert "whole: 6 events" in out
    assert events[5].hash in out


def test_the_hash_of_a_known_event_never_changes():
    """Computed from the text below by `printf %s TEXT | sha256sum` (coreutils 9.1):
    {"action":"study.close","actor_id":7,"actor_name":"k\\u00f6ln","after":{"a":[1,null]},
    "at":"2026-01-02T03:04:05.000006Z","before":null,"format":1,"previous_hash":"0…0",
    "reason":"","sequence":1,"study":"s","subject_key":"s","subject_type":"study"}
    without line ends, and 64 zeros.
    """
    from datetime import datetime, timedelta, timezone

    at = datetime(2026, 1, 2, 12, 4, 5, 6, tzinfo=timezone(timedelta(hours=9)))
    assert (
        chain.event_hash(
            sequence=1,
            at=at,
            actor_id=7,
            actor_name="köln",
            action="study.close",
            subject_type="study",
            subject_key="s",
            study="s",
            before=None,
            after={"a": [1, None]},
            reason="",
            previous_hash=chain.FIRST_PREVIOUS_HASH,
        )
        == "03143a72fb5ba7cef7fddd7ab7e7bf95d7258528372fc04c9714513838263d2f"
    )


CHANGES = {
    "at": "2026-01-01 00:00:00+00:00",
    "actor_id": 99,
    "actor_name": "somebody-else",
    "action": "study.open",
    "subject_type": "cohort",
    "subject_key": "another",
    "study": "another",
    "before": "{}",
    "after": '{"state": "open"}',
    "reason": "Another reason.",
    "previous_hash": "f" * 64,
    "hash": "f" * 64,
}


def test_every_column_but_the_number_is_tried_below():
    columns = {field.column for field in AuditEvent._meta.fields}
    assert columns == CHANGES.keys() | {"sequence"}


@pytest.mark.parametrize("column", CHANGES)
def test_an_altered_row_is_found_whatever_was_altered(intruder, column):
    intruder(f"UPDATE {TABLE} SET {column} = %s WHERE sequence = 4", CHANGES[column])
    with pytest.raises(CommandError, match="broken at event 4: it was altered"):
        verify()


def test_a_row_altered_together_with_its_hash_is_found_at_the_next(intruder):
    event = AuditEvent.objects.get(sequence=4)
    event.reason = "Forged."
    intruder(
        f"UPDATE {TABLE} SET reason = %s, hash = %s WHERE sequence = 4",
        event.reason,
        event.expected_hash(),
    )
    with pytest.raises(CommandError, match="event 5: it does not follow event 4"):
        verify()


@pytest.mark.parametrize("number", [1, 3])
def test_a_removed_row_is_named(intruder, number):
    intruder(f"DELETE FROM {TABLE} WHERE sequence = %s", number)
    with pytest.raises(CommandError, match=f"at event {number}: it is missing"):
        verify()


def test_a_removed_row_is_found_even_if_the_others_move_up(intruder):
    intruder(f"DELETE FROM {TABLE} WHERE sequence = 3")
    for number in (4, 5, 6):
        intruder(
            f"UPDATE {TABLE} SET sequence = %s WHERE sequence = %s", number - 1, number
        )
    with pytest.raises(CommandError, match="broken at event 3: it was altered"):
        verify()


def test_a_cut_tail_shows_against_an_anchor_and_only_so(intruder, events):
    intruder(f"DELETE FROM {TABLE} WHERE sequence > 4")
    verify()
    verify(events[3].hash)
    with pytest.raises(CommandError, match=r"event 5: the anchor .* were cut off"):
        verify(events[5].hash)


def test_a_chain_written_wholly_anew_shows_against_an_anchor(intruder, events):
    anchor = selectors.anchor().hash
    intruder(f"DELETE FROM {TABLE}")
    write(6)
    verify()
    with pytest.raises(CommandError, match="all written anew"):
        verify(anchor)


def test_a_mistyped_anchor_is_not_taken_for_a_cut_tail(events):
    with pytest.raises(CommandError, match="64 hexadecimal digits"):
        call_command("verify_audit", f"--anchor={events[5].hash[:-1]}")


def test_the_command_ends_with_1_when_the_chain_is_broken(intruder):
    intruder(f"DELETE FROM {TABLE} WHERE sequence = 2")
    with pytest.raises(CommandError) as refusal:
        verify()
    assert refusal.value.returncode == 1


REFUSED = {
    "an update": f"UPDATE {TABLE} SET reason = 'x' WHERE sequence = 2",
    "a removal": f"DELETE FROM {TABLE} WHERE sequence = 2",
    "emptying": f"DELETE FROM {TABLE}",
}
POSTGRESQL = {
    "truncation": f"TRUNCATE {TABLE}",
    "a change on conflict": f"INSERT INTO {TABLE} SELECT * FROM {TABLE} "
    "WHERE sequence = 2 ON CONFLICT (sequence) DO UPDATE SET reason = 'x'",
    "a replica's update": "SET LOCAL session_replication_role = replica; "
    f"UPDATE {TABLE} SET reason = 'x'",
}
SQLITE = {
    "a replacement": f"INSERT OR REPLACE INTO {TABLE} SELECT * FROM {TABLE} "
    "WHERE sequence = 2",
    "a replacement by hash": f"INSERT OR REPLACE INTO {TABLE} SELECT 7, at, actor_id, "
    "actor_name, action, subject_type, subject_key, study, before, after, reason, "
    f"'x', hash FROM {TABLE} WHERE sequence = 2",
    "a fork": f"INSERT INTO {TABLE} SELECT 7, at, actor_id, "
    "actor_name, action, subject_type, subject_key, study, before, after, reason, "
    f"previous_hash, 'x' FROM {TABLE} WHERE sequence = 2",
    "a gap": f"INSERT INTO {TABLE} SELECT 8, at, actor_id, "
    "actor_name, action, subject_type, subject_key, study, before, after, reason, "
    f"'y', 'x' FROM {TABLE} WHERE sequence = 2",
}


@pytest.mark.parametrize("what", [*REFUSED, *POSTGRESQL, *SQLITE])
def test_the_database_refuses(events, what):
    own = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    statement = {**REFUSED, **own}.get(what)
    if statement is None:
        pytest.skip("this database does not know the statement")
    before = list(AuditEvent.objects.values())
    with (
        pytest.raises(IntegrityError, match=r"an audit event is (never|only)"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert list(AuditEvent.objects.values()) == before


def test_a_missing_trigger_is_noticed(events):
    triggers.drop(connection)
    with pytest.raises(CommandError, match="no longer refuses"):
        verify()
    triggers.create(connection)
    verify()


def test_writers_at_once_neither_fork_the_chain_nor_leave_a_gap(tmp_path):
    told = told_by("tests.audit.race", tmp_path)
    assert told["ended"] == {"given up": 24, "written": 72}
    assert told["events"] == told["whole"] == 72
    assert told["writers"] == 8
    assert told["broken at"] is None


def test_an_act_that_fails_leaves_no_event(events):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write(1)
        1 / 0  # noqa: B018
    write(1)
    assert selectors.chain_verify().anchor.events == 7


def test_an_unknown_action_is_not_recorded(db):
    with pytest.raises(ValueError, match=r"study\.wish"):
        event_record(action="study.wish", actor=None, subject=("study", "s"))


@pytest.mark.parametrize("value", [0.5, float("nan")])
def test_a_number_that_a_database_might_change_is_not_recorded(db, value):
    with pytest.raises(ValueError, match="whole numbers"):
        event_record(
            action="study.close", actor=None, subject=("s", "s"), after={"x": value}
        )


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_event_outside_the_transaction_of_its_act_is_an_error():
    with pytest.raises(transaction.TransactionManagementError, match="transaction of"):
        write(1)
    with transaction.atomic():
        write(2)
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")
    assert selectors.chain_verify().anchor.events == 2


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_log_of_an_earlier_test_is_gone_and_the_triggers_are_back():
    assert not AuditEvent.objects.exists()
    assert triggers.missing(connection) == []


def test_checking_takes_few_queries_and_constant_memory(
    db, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(selectors, "CHUNK", 3)
    write(10)
    with django_assert_max_num_queries(1):
        assert selectors.chain_verify().anchor.events == 10
