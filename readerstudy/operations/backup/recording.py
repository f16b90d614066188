"""What the audit log is told: that everything left the system, or came back."""

from django.db import transaction

from readerstudy.audit.models import AuditEvent
from readerstudy.audit.services import event_record

SYSTEM = ("system", "")


def backup_recorded(*, sealed: bool) -> AuditEvent:
    """Before the snapshot is taken: so the backup tells of itself."""
    with transaction.atomic():
        return event_record(
            action="system.backup", actor=None, subject=SYSTEM, after={"sealed": sealed}
        )


def restore_recorded(*, made_at: str) -> AuditEvent:
    """made_at: when the backup was made; all that came after it is not there."""
    with transaction.atomic():
        return event_record(
            action="system.restore",
            actor=None,
            subject=SYSTEM,
            after={"backup_made_at": made_at},
        )
