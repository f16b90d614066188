"""What goes out of a cohort is recorded."""

from django.contrib.auth.models import User
from django.db import transaction

from readerstudy.audit.services import event_record

from ..models import Cohort


@transaction.atomic
def cohort_export_record(*, cohort: Cohort, cases: int, by: User) -> None:
    """Somebody was given the table of this cohort as CSV, with so many cases."""
    event_record(
        action="cohort.export",
        actor=by,
        subject=("cohort", cohort.name),
        after={"cases": cases},
    )
