"""What takes long to make is made once, and put into an empty database again."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.db import connection, models, transaction
from django.db.backends.base.creation import BaseDatabaseCreation
from django.db.models.sql import InsertQuery

MIGRATED = (ContentType, Permission, Group, Group.permissions.through)
ROWS_AT_ONCE = 20  # SQLite takes 999 values in one statement, where it is old


@dataclass
class Kept:
    """A dataclass of rows, with all that its making left in database and storage.

    Rows come back with the keys that they had: PostgreSQL's counters are past these
    already, and SQLite's go on from there. Triggers and constraints see them as new.
    """

    made: Any
    groups: list[tuple[int, str]]
    statements: list[tuple[str, Sequence[object]]]
    files: dict[str, bytes]

    def fits(self) -> bool:
        return is_empty() and self.groups == groups()

    def put_back(self) -> Any:
        with transaction.atomic(), connection.cursor() as cursor:
            for sql, values in self.statements:
                cursor.execute(sql, values)
        for name, content in self.files.items():
            path = Path(default_storage.path(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return fresh(self.made)


def fresh(made: Any) -> Any:
    """As its rows are now."""
    told = {one.name: getattr(made, one.name) for one in fields(made)}
    for name, value in told.items():
        if isinstance(value, models.Model):
            told[name] = type(value)._base_manager.get(pk=value.pk)
        elif is_dataclass(value):
            told[name] = fresh(value)
    return replace(made, **told)


def keep(make: Callable[[], Any]) -> Kept:
    """Call `make` in the empty database, which is empty again afterwards."""
    with transaction.atomic():
        assert is_empty()
        if not groups():  # a test before it emptied all tables
            connection.creation.deserialize_db_from_string(
                connection._test_serialized_contents
            )
        kept = Kept(
            made=make(),
            groups=groups(),
            statements=[one for model in tables() for one in insertions(model)],
            files=dict(one for model in tables() for one in files_of(model)),
        )
        transaction.set_rollback(True)
    return kept


def tables() -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        if model not in MIGRATED and model._meta.managed:
            yield model


def is_empty() -> bool:
    quoted = (connection.ops.quote_name(model._meta.db_table) for model in tables())
    any_row = " OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in quoted)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 WHERE {any_row}")
        return cursor.fetchone() is None


def groups() -> list[tuple[int, str]]:
    """Rows point at the groups that migrations made, which a test may have remade."""
    return list(Group.objects.order_by("pk").values_list("pk", "name"))


def insertions(model: type[models.Model]) -> Iterator[tuple[str, Sequence[object]]]:
    """SQL that puts the table's rows into it as they are, moments included."""
    rows = list(model._base_manager.order_by("pk"))
    columns = [one for one in model._meta.concrete_fields if not one.generated]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        query = InsertQuery(model)
        query.insert_values(columns, rows[start : start + ROWS_AT_ONCE], raw=True)
        yield from query.get_compiler(connection=connection).as_sql()


def files_of(model: type[models.Model]) -> Iterable[tuple[str, bytes]]:
    names = [
        f.name for f in model._meta.concrete_fields if isinstance(f, models.FileField)
    ]
    for row in model._base_manager.all() if names else ():
        for file in (getattr(row, name) for name in names):
            if file and file.storage.exists(file.name):
                yield file.name, file.storage.open(file.name).read()


def quick_restoring() -> Callable[[BaseDatabaseCreation, str], None]:
    """For Django's, which asks for every row that migrations made whether it is there,
    after each test that emptied the database."""
    restore = BaseDatabaseCreation.deserialize_db_from_string
    kept: list[tuple[str, Sequence[object]]] = []

    def put_back(creation: BaseDatabaseCreation, data: str) -> None:
        if not kept or any(one.objects.exists() for one in MIGRATED):
            restore(creation, data)
            kept[:] = [one for model in MIGRATED for one in insertions(model)]
            return
        with transaction.atomic(), creation.connection.cursor() as cursor:
            for sql, values in kept:
                cursor.execute(sql, values)

    return put_back
