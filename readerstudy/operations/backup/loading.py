"""Rows back into tables, with the keys that they had."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.core.files.storage import Storage
from django.db import DatabaseError, connection

from readerstudy.imaging.errors import Refused

from .tables import Table
from .values import comparable, row_reader

AT_ONCE = 500  # rows


class Sum:
    """Of rows, whatever their order: databases sort text differently."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, row: bytes) -> None:
        digest = hashlib.sha256(row).digest()
        self._sum = (self._sum + int.from_bytes(digest, "big")) % 2**256

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sum) and other._sum == self._sum

    __hash__ = None  # type: ignore[assignment]


class Loading:
    """One table. files: names that its rows have for files, and where these belong.
    sum: of what its rows mean, in whichever database."""

    def __init__(self, table: Table, told: dict[str, Any]) -> None:
        self.table, self.rows, self.sum = table, 0, Sum()
        self.files: dict[str, Storage] = {}
        self.expected = told["rows"]
        self._digest, self._last_number = hashlib.sha256(), told["last_number"]
        if [list(column) for column in table.columns] != told["columns"]:
            raise Refused(
                f"The table {table.name} of the backup has other columns than its "
                "migrations make. The archive was altered, or a migration was."
            )
        self._row = row_reader(table.fields, connection)

    def load(self, lines: Iterable[bytes]) -> None:
        """More rows, in the order of their keys."""
        try:
            _insert(self.table, self._rows_of(lines))
        except DatabaseError as error:
            raise Refused(
                f"The database does not take the rows of {self.table.name}: "
                f"{str(error).splitlines()[0]}"
            ) from error

    def _rows_of(self, lines: Iterable[bytes]) -> Iterator[Sequence[Any]]:
        kinds, places = self.table.kinds, self.table.file_places
        for line in lines:
            self._digest.update(line + b"\n")
            self.sum.add(comparable(line, kinds))
            self.rows += 1
            try:
                row = self._row(line)
            except (ValueError, TypeError, ArithmeticError, LookupError) as error:
                raise Refused(
                    f"A row of {self.table.name} in the archive cannot be read."
                ) from error
            for place, file in places:
                if row[place]:
                    self.files[row[place]] = file.storage
            yield row

    def told(self) -> tuple[int, str]:
        """Rows, and SHA-256 of their lines."""
        return self.rows, self._digest.hexdigest()

    def finish(self) -> None:
        """The database numbers on from where it was."""
        if self.table.counter and self._last_number:
            set_last_number(self.table, int(self._last_number))


def _insert(table: Table, rows: Iterator[Sequence[Any]]) -> None:
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name, _ in table.columns)
    into = f"{quote(table.name)} ({names})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            copying = cursor.cursor.copy(f"COPY {into} FROM STDIN")
            with connection.wrap_database_errors, copying as copy:
                for row in rows:
                    copy.write_row(row)
            return
        places = ", ".join(["%s"] * len(table.columns))
        statement = f"INSERT INTO {into} VALUES ({places})"
        while some := list(islice(rows, AT_ONCE)):
            cursor.executemany(statement, some)


def set_last_number(table: Table, number: int) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            name = connection.ops.quote_name(table.name)
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, %s), %s)",
                [name, table.counter, number],
            )
            return
        cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
        cursor.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)",
            [table.name, number],
        )
