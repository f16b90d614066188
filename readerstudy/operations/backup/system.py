"""The database that a backup is put into: whether it is empty, and as it was then."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from readerstudy.imaging.errors import Refused

from .tables import (
    LEFT_OUT,
    OF_MIGRATIONS,
    Node,
    Table,
    all_tables,
    applied_nodes,
    existing,
    leaves,
)

MIGRATIONS = "django_migrations"
NAMED = 4  # tables, where a system is not empty


@contextmanager
def one_transaction() -> Iterator[None]:
    """All of it or nothing, changes of tables included.

    SQLite changes a table only where it does not watch foreign keys, and that can be
    said outside a transaction only; they are looked at before its end.
    """
    with connection.constraint_checks_disabled(), transaction.atomic():
        yield
        check_references()


def check_references() -> None:
    """Every row points at one that is there. On PostgreSQL from now on at once, so that
    tables can be changed."""
    try:
        connection.check_constraints()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as error:
        raise Refused(
            f"The backup does not fit together: {str(error).splitlines()[0]}"
        ) from error


def loader() -> MigrationLoader:
    return MigrationLoader(connection)


def check_empty() -> None:
    """Refused if anything is in the database but what `migrate` itself puts there."""
    loader = MigrationLoader(connection)
    tables = existing(connection, all_tables(loader, applied_nodes(loader)))
    filled = []
    for table in tables:
        if table.label in OF_MIGRATIONS or table.label in LEFT_OUT:
            continue
        if rows := table.model._base_manager.count():
            filled.append((rows, table.name))
    if filled:
        most = sorted(filled, reverse=True)[:NAMED]
        told = ", ".join(f"{name} has {rows} rows" for rows, name in most)
        raise Refused(
            f"This system is not empty: {told}. A backup is only restored into a new "
            "one, before its first start; nothing was changed."
        )


def make_tables(nodes: list[Node]) -> MigrationLoader:
    """All tables anew, as they were when the database had seen these migrations, and
    without the rows that migrations put into them."""
    loader = MigrationLoader(connection)
    _drop(existing(connection, all_tables(loader, applied_nodes(loader))))
    executor = MigrationExecutor(connection)
    executor.migrate(leaves(executor.loader, nodes))
    loader = MigrationLoader(connection)
    _empty(all_tables(loader, nodes))
    if connection.vendor == "postgresql":  # some migrations ask for references at once
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return loader


def _drop(tables: Iterable[Table]) -> None:
    quote = connection.ops.quote_name
    cascade = " CASCADE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in [*(table.name for table in tables), MIGRATIONS]:
            cursor.execute(f"DROP TABLE IF EXISTS {quote(name)}{cascade}")


def _empty(tables: Iterable[Table]) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            if table.model._base_manager.exists():
                name = connection.ops.quote_name(table.name)
                cursor.execute(f"DELETE FROM {name}")


def migrate_forward() -> None:
    """To this version of the program, as `migrate` does."""
    call_command("migrate", verbosity=0, interactive=False)
