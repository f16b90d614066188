"""What was done. Rows are only ever added; the database refuses everything else."""

from django.db import models

from . import chain


class AuditEvent(models.Model):
    """One act. People and things are named, not pointed at: no row ever changes."""

    sequence = models.PositiveBigIntegerField(primary_key=True)  # 1 … n, no gap
    at = models.DateTimeField()
    # who did it, as they were called then; neither for the program itself
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150, blank=True)
    action = models.CharField(max_length=40)  # a key of actions.ACTIONS
    # what it was done to, e.g. ("cohort", its name); nothing of a patient
    subject_type = models.CharField(max_length=20)
    subject_key = models.CharField(max_length=200, blank=True)
    study = models.CharField(max_length=50, blank=True, db_index=True)  # its slug
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    # unique: two events cannot follow the same one, so the chain never forks
    previous_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action} {self.subject_key}".strip()

    def expected_hash(self) -> str:
        """The hash of what the row says now."""
        return chain.event_hash(
            sequence=self.sequence,
            at=self.at,
            actor_id=self.actor_id,
            actor_name=self.actor_name,
            action=self.action,
            subject_type=self.subject_type,
            subject_key=self.subject_key,
            study=self.study,
            before=self.before,
            after=self.after,
            reason=self.reason,
            previous_hash=self.previous_hash,
        )
