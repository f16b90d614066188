"""A study's twin in memory, to be read from the first read to the last.

Only what reading needs is copied, and nothing that was answered: the study as it
was at opening, without washout. The real database is only read from, and is free
for others meanwhile; image files are shared, for they are only read, too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper

from readerstudy.cases.models import Case, Cohort, Rendition

from ..models import Arm, Membership, Read, Session, Study


@contextmanager
def study_copy(study: Study) -> Iterator[Study]:
    """While this lasts, the program's database is one in memory with the twin."""
    rows = list(_rows(study))
    real = connections[DEFAULT_DB_ALIAS]
    twin = DatabaseWrapper(_settings(real.settings_dict), alias=DEFAULT_DB_ALIAS)
    connections[DEFAULT_DB_ALIAS] = twin
    ContentType.objects.clear_cache()
    try:
        call_command("migrate", verbosity=0, interactive=False)
        with twin.constraint_checks_disabled():
            for row in rows:
                type(row)._base_manager.bulk_create([row])
        yield Study.objects.get(pk=study.pk)
    finally:
        connections[DEFAULT_DB_ALIAS] = real
        ContentType.objects.clear_cache()
        BaseDatabaseWrapper.close(twin)  # its own close() keeps what is in memory


def _settings(real: dict[str, Any]) -> dict[str, Any]:
    return {
        **real,
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        "OPTIONS": {},
    }


def _rows(study: Study) -> Iterator[models.Model]:
    """The rows of the twin, those before that others point to."""
    readers = study.memberships.filter(role=Membership.Role.READER)
    yield from User.objects.filter(memberships__in=readers)
    yield from Cohort.objects.filter(pk=study.cohort_id)
    cases = Case.objects.filter(cohort=study.cohort_id)
    yield from cases
    methods = study.arms.values("method")
    yield from Rendition.objects.filter(case__in=cases, method__in=methods)
    twin = Study.objects.get(pk=study.pk)
    twin.state, twin.washout_days = Study.State.OPEN, 0
    twin.closed_at = twin.unblinded_at = None
    yield twin
    yield from Arm.objects.filter(study=study)
    for reader in readers:
        reader.simulated = False  # the twin is read as a person reads
        yield reader
    for session in Session.objects.filter(study=study):
        session.started_at = session.finished_at = None
        yield session
    for read in Read.objects.filter(reader__study=study).iterator():
        read.first_shown_at = read.submitted_at = None
        yield read
