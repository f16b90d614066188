"""A study's part of the audit log, as its coordinators and statisticians read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from readerstudy.audit.actions import ACTIONS, SUBJECTS
from readerstudy.audit.models import AuditEvent

from ..models import Membership, Study
from .conduct import Words, reason_told

ANSWERS = ("read.submit", "guess.submit")  # by far the most events of a study


@dataclass(frozen=True)
class LogLine:
    sequence: int
    at: datetime
    actor: str  # empty for the program itself
    words: Words
    subject: str
    reason: Words
    hash: str


def log_lines(study: Study, events: Iterable[AuditEvent]) -> list[LogLine]:
    """Events in words. A reader's reason may name a grade: not before unblinding."""
    readers: set[int] = set()
    if study.state != Study.State.UNBLINDED:
        members = study.memberships.filter(role=Membership.Role.READER)
        readers = set(members.values_list("user", flat=True))
    return [
        LogLine(
            sequence=event.sequence,
            at=event.at,
            actor=event.actor_name,
            words=ACTIONS.get(event.action, event.action),
            subject=SUBJECTS.get(event.subject_type, "%s") % event.subject_key,
            reason=reason_told(event.reason, kept=event.actor_id in readers),
            hash=event.hash,
        )
        for event in events
    ]
