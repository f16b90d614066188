"""A study's twin in memory, to be read from the first read to the last.

Only what reading needs is copied, and nothing that was answered: the study as it
was at opening, with nothing before its reads or between them (no training, viewing
conditions or washout, and sessions that end with their last answer). The real
database is only read from, and is free for others meanwhile; image files are
shared, for they are only read, too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper

from readerstudy.cases.models import Case, Cohort, Rendition, Series

from ..models import (
    Amendment,
    Answer,
    Arm,
    ArmGuess,
    CodeBreak,
    Deviation,
    LeakOracleRun,
    Membership,
    Preferences,
    Read,
    Reopening,
    Score,
    Session,
    Study,
    TrainingAttempt,
    TrainingItem,
    TrainingRead,
    UnblindingApproval,
    ViewingCheck,
)

# What was drawn at opening, by the columns that were written then; every other
# column of the twin holds what it holds in a new row.
DRAWN: dict[type[models.Model], tuple[str, ...]] = {
    Arm: ("study", "position", "code", "title", "method", "role", "repeated"),
    Membership: ("study", "user", "role", "code"),
    Session: ("study", "reader", "number", "first_position", "size"),
    Read: (
        "session",
        "reader",
        "case",
        "arm",
        "repeat",
        "position",
        "token",
        "image_sha256",
        "second_arm",
        "second_sha256",
    ),
    ArmGuess: ("read", "token"),
}
# What was answered, decided or happened since, and training, which is no reading.
LEFT_OUT = (
    Amendment,
    Answer,
    CodeBreak,
    Deviation,
    LeakOracleRun,
    Preferences,
    Reopening,
    Score,
    TrainingAttempt,
    TrainingItem,
    TrainingRead,
    UnblindingApproval,
    ViewingCheck,
)


@contextmanager
def study_copy(study: Study) -> Iterator[Study]:
    """While this lasts, the program's database is one in memory with the twin."""
    rows = list(_rows(study))
    real = connections[DEFAULT_DB_ALIAS]
    twin = DatabaseWrapper(_settings(real.settings_dict), alias=DEFAULT_DB_ALIAS)
    connections[DEFAULT_DB_ALIAS] = twin
    ContentType.objects.clear_cache()
    try:
        _make_tables(twin)
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


def _make_tables(twin: DatabaseWrapper) -> None:
    """Every model's table, at once: migrating an empty database takes seconds."""
    with twin.constraint_checks_disabled(), twin.schema_editor() as editor:
        for model in apps.get_models():
            if model._meta.managed and not model._meta.proxy:
                editor.create_model(model)


def _rows(study: Study) -> Iterator[models.Model]:
    """The rows of the twin, those before that others point to."""
    readers = study.memberships.filter(role=Membership.Role.READER)
    yield from map(_who_may_log_in, User.objects.filter(memberships__in=readers))
    yield from Cohort.objects.filter(pk=study.cohort_id)
    cases = Case.objects.filter(cohort=study.cohort_id)
    yield from cases
    yield from Series.objects.filter(case__in=cases)  # their unit says how it is shown
    methods = study.arms.values("method")
    yield from Rendition.objects.filter(case__in=cases, method__in=methods)
    yield _opened(Study.objects.get(pk=study.pk))
    yield from map(_drawn, study.arms.all())
    yield from map(_drawn, readers)
    yield from map(_drawn, Session.objects.filter(study=study))
    reads = Read.objects.filter(reader__study=study)
    yield from map(_drawn, reads.iterator())
    yield from map(_drawn, ArmGuess.objects.filter(read__in=reads))


def _who_may_log_in(user: User) -> User:
    """Accounts of simulated readers, and of those who left, are not active."""
    user.is_active = True
    return user


def _opened(study: Study) -> Study:
    study.state = Study.State.OPEN
    study.closed_at = study.unblinded_at = None
    study.washout_days, study.asks_conditions = 0, False
    study.gate, study.gate_minimum = "", None
    study.answer_changes = Study.AnswerChanges.NEVER
    return study


def _drawn(row: models.Model) -> models.Model:
    """The row as new; a simulated reader becomes one who reads as people do."""
    kept = DRAWN[type(row)]
    columns = [f.attname for f in row._meta.concrete_fields if f.name in kept]
    return type(row)(pk=row.pk, **{name: getattr(row, name) for name in columns})
