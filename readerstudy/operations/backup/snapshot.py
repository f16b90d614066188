"""One moment of the database, read for as long as it takes, while others go on writing.

SQLite: a transaction that only reads; in WAL mode it sees the database as it was at its
first look. PostgreSQL: REPEATABLE READ, read only, which does the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, JSONField, TextField
from django.db.models.functions import Cast
from django.db.models.query import QuerySet

from .tables import Table
from .values import row_writer

ALIAS = "backup"
# What a batch of rows should come to; a row may be longer than that.
BATCH_BYTES = 4 * 2**20
FIRST_BATCH, MOST_ROWS = 4, 20_000


@contextmanager
def snapshot() -> Iterator[str]:
    """The name of a connection that sees one moment until the block ends."""
    connections.databases[ALIAS] = _settings_of(connections["default"])
    try:
        with transaction.atomic(using=ALIAS), connections[ALIAS].cursor() as cursor:
            if connections[ALIAS].vendor == "postgresql":
                cursor.execute(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
                )
            cursor.execute("SELECT COUNT(*) FROM django_migrations")  # the moment
            yield ALIAS
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.databases[ALIAS]


def _settings_of(connection: BaseDatabaseWrapper) -> dict[str, Any]:
    settings = dict(connection.settings_dict)
    if connection.vendor == "sqlite":  # asks for no lock: nobody waits for it
        options = {**settings["OPTIONS"], "transaction_mode": "DEFERRED"}
        settings["OPTIONS"] = options
    return settings


def batches(table: Table, alias: str) -> Iterator[list[bytes]]:
    """All rows as lines, by their primary key, some megabytes at a time."""
    line = row_writer(table.kinds)
    rows: QuerySet[Any] = QuerySet(table.model, using=alias).order_by("pk")
    key = table.model._meta.pk
    place = [field.attname for field in table.fields].index(key.attname)
    columns = [_read_as(field) for field in table.fields]
    wanted, last = FIRST_BATCH, None
    while True:
        ahead = rows if last is None else rows.filter(pk__gt=last)
        found = list(ahead.values_list(*columns)[:wanted])
        if found:
            lines = [line(row) for row in found]
            yield lines
            last = found[-1][place]
            mean = sum(map(len, lines)) // len(lines)
            # never many times as much as the last: rows may grow
            most = min(MOST_ROWS, wanted * 8)
            enough, wanted = len(found) < wanted, BATCH_BYTES // max(mean, 1)
            wanted = max(1, min(wanted, most))
        if not found or enough:
            return


def _read_as(field: Any) -> Any:
    """JSON as its text, which is exact and tells null from what is missing."""
    if isinstance(field, JSONField):
        return Cast(F(field.attname), TextField())
    return F(field.attname)


def row_count(table: Table, alias: str) -> int:
    return QuerySet(table.model, using=alias).count()


def last_number(table: Table, alias: str) -> int | None:
    """The last number that the database gave to a row, even if that row is gone."""
    if table.counter is None:
        return None
    connection = connections[alias]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = %s", [table.name]
            )
            found = cursor.fetchone()
            return int(found[0]) if found else None
        quote = connection.ops.quote_name
        cursor.execute(
            "SELECT pg_get_serial_sequence(%s, %s)", [quote(table.name), table.counter]
        )
        (sequence,) = cursor.fetchone()
        if sequence is None:
            return None
        cursor.execute(f"SELECT last_value, is_called FROM {sequence}")
        value, is_called = cursor.fetchone()
        return int(value) if is_called else None
