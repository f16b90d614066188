"""The one act of this app: writing down what was done."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import connection, transaction
from django.utils import timezone

from . import chain
from .actions import ACTIONS
from .models import AuditEvent

# Any number that nothing else in the database uses as an advisory lock.
CHAIN_LOCK = 0x5EAD_A0D1

Actor = User | AnonymousUser | None


def event_record(
    *,
    action: str,
    actor: Actor,
    subject: tuple[str, str],
    study: str = "",
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> AuditEvent:
    """Append an event to the chain, in the transaction of the act that it is about.

    actor: who did it; None for the program itself or its command line.
    subject: what kind of thing, and its name. No identifier of a patient.
    study: slug. While a study is blinded, no event of it may tell an arm or a case.
    before, after: JSON of whole numbers and text.

    Until the transaction ends, others wait at this line: call it last.
    """
    if action not in ACTIONS:
        raise ValueError(f"{action} is not among audit.actions.ACTIONS")
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            f"{action} must be recorded in the transaction of the act"
        )
    _wait_for_turn()
    last = AuditEvent.objects.order_by("-sequence").values_list("sequence", "hash")
    sequence, previous_hash = last.first() or (0, chain.FIRST_PREVIOUS_HASH)
    subject_type, subject_key = subject
    event = AuditEvent(
        sequence=sequence + 1,
        at=timezone.now(),
        actor_id=actor.pk if actor else None,
        actor_name=actor.get_username() if actor else "",
        action=action,
        subject_type=subject_type,
        subject_key=subject_key,
        study=study,
        before=chain.plain_json(before),
        after=chain.plain_json(after),
        reason=reason,
        previous_hash=previous_hash,
    )
    event.hash = event.expected_hash()
    event.save(force_insert=True)
    return event


def _wait_for_turn() -> None:
    """One writer at a time, or two events would follow the same one.

    SQLite has one writer anyway, from BEGIN IMMEDIATE on. On PostgreSQL the next
    statement sees what whoever held the lock has committed.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
