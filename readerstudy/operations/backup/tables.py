"""Which tables a backup holds, by the migrations that the database has seen.

The models are those of that state, not today's: so a database can be backed up before
it is migrated, and an older one is read into tables as they were.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.models import AutoField, FileField, Model

from readerstudy.imaging.errors import Refused

from .values import AnyField, kind_of

Node = tuple[str, str]  # app label, name of a migration

# Not in a backup, and why.
LEFT_OUT = {
    "sessions.session": "logins of browsers: people log in again",
    "usersessions.usersession": "lists of logins: people log in again",
    "inference.worker": "workers that were alive then: they say so again",
    "stats.reportwork": "who was just computing a report: it is asked for again",
}
# Filled by `migrate` itself: a system with nothing else is empty.
OF_MIGRATIONS = {
    "contenttypes.contenttype",
    "auth.permission",
    "auth.group",
    "auth.group_permissions",
    "sites.site",
}


@dataclass(frozen=True)
class Table:
    """One table: its model as of the state, and its columns in their order."""

    model: type[Model]

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def label(self) -> str:
        return self.model._meta.label_lower

    @property
    def fields(self) -> list[AnyField]:
        return [f for f in self.model._meta.concrete_fields if not f.generated]

    @property
    def columns(self) -> list[tuple[str, str]]:
        """(name, kind) of each."""
        return [(str(field.column), kind_of(field)) for field in self.fields]

    @property
    def kinds(self) -> list[str]:
        return [kind for _, kind in self.columns]

    @property
    def file_places(self) -> list[tuple[int, FileField]]:
        """Where in a row the names of files are, and whose storage has them."""
        return [
            (place, field)
            for place, field in enumerate(self.fields)
            if isinstance(field, FileField)
        ]

    @property
    def counter(self) -> str | None:
        """The column that the database numbers by itself."""
        key = self.model._meta.pk
        return str(key.column) if isinstance(key, AutoField) else None


def all_tables(loader: MigrationLoader, nodes: Iterable[Node]) -> list[Table]:
    """Every table that these migrations make."""
    state = loader.project_state(leaves(loader, nodes)).apps
    found: Iterator[type[Model]] = (
        model
        for model in state.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    )
    return sorted(map(Table, found), key=lambda table: table.name)


def carried_tables(loader: MigrationLoader, nodes: Iterable[Node]) -> list[Table]:
    tables = all_tables(loader, nodes)
    return [table for table in tables if table.label not in LEFT_OUT]


def applied_nodes(loader: MigrationLoader) -> list[Node]:
    """What the database has seen. Refused if it is newer than this program."""
    applied = sorted(loader.applied_migrations or ())
    check_known(loader, applied, whose="The database")
    return applied


def check_known(loader: MigrationLoader, nodes: Iterable[Node], *, whose: str) -> None:
    unknown = [node for node in nodes if node not in loader.disk_migrations]
    if unknown:
        app, name = unknown[0]
        raise Refused(
            f"{whose} is of a newer version of this program, or of one with other "
            f"parts: it has seen the migration {app}.{name}, which is not known here. "
            "Use the version that it was made with, or a newer one."
        )


def leaves(loader: MigrationLoader, nodes: Iterable[Node]) -> list[Node]:
    """The last ones of each app: what to migrate to, to arrive at these."""
    wanted = set(nodes) & set(loader.graph.nodes)
    return sorted(
        node
        for node in wanted
        if not any(
            child.key in wanted and child.key[0] == node[0]
            for child in loader.graph.node_map[node].children
        )
    )


def existing(connection: BaseDatabaseWrapper, tables: Iterable[Table]) -> list[Table]:
    there = set(connection.introspection.table_names())
    return [table for table in tables if table.name in there]
