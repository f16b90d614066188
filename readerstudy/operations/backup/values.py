"""One row as a line of JSON that no database engine has a say in, and back.

Which JSON a value becomes is told by its column's kind, which the archive names:

    integer, boolean, text   as they are
    float                    as it is; "nan", "inf", "-inf"
    json                     [value]; so that null in it is not a missing value
    binary                   base64
    datetime, date, time     ISO 8601, datetimes in UTC
    duration                 microseconds
    decimal, uuid            text

What is missing (NULL) is null.
"""

import json
import math
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignKey

from readerstudy.imaging.errors import Refused

KINDS = {
    "integer": (
        *("AutoField", "BigAutoField", "SmallAutoField", "IntegerField"),
        *("BigIntegerField", "SmallIntegerField", "PositiveIntegerField"),
        *("PositiveBigIntegerField", "PositiveSmallIntegerField"),
    ),
    "boolean": ("BooleanField",),
    "text": (
        *("CharField", "TextField", "SlugField", "FileField", "FilePathField"),
        "GenericIPAddressField",
    ),
    "float": ("FloatField",),
    "json": ("JSONField",),
    "binary": ("BinaryField",),
    "datetime": ("DateTimeField",),
    "date": ("DateField",),
    "time": ("TimeField",),
    "duration": ("DurationField",),
    "decimal": ("DecimalField",),
    "uuid": ("UUIDField",),
}
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names}
AS_THEY_ARE = ("integer", "boolean", "text")

AnyField: TypeAlias = "Field[Any, Any]"
Change = Callable[[Any], Any]


def stored_field(field: AnyField) -> AnyField:
    """The field whose values the column holds: of a foreign key, what it points at."""
    while isinstance(field, ForeignKey):
        field = field.target_field
    return field


def kind_of(field: AnyField) -> str:
    kind = KIND_OF.get(stored_field(field).get_internal_type())
    if kind is None:
        raise Refused(
            f"The column {field.model._meta.db_table}.{field.column} holds a kind of "
            f"value that no backup knows: {type(field).__name__}."
        )
    return kind


def _float_out(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _datetime_out(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _duration_out(value: timedelta) -> int:
    return value // timedelta(microseconds=1)


# How a value leaves Django, and how it comes back to Python.
OUT: dict[str, Change] = {
    "float": _float_out,
    "json": lambda text: [json.loads(text)],  # read as text: see `snapshot`
    "binary": lambda value: b64encode(bytes(value)).decode(),
    "datetime": _datetime_out,
    "date": date.isoformat,
    "time": time.isoformat,
    "duration": _duration_out,
    "decimal": str,
    "uuid": str,
}
BACK: dict[str, Change] = {
    "float": float,
    "json": lambda held: json.dumps(held[0]),
    "binary": lambda text: b64decode(text, validate=True),
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "duration": lambda number: timedelta(microseconds=number),
    "decimal": Decimal,
    "uuid": UUID,
}


def row_writer(kinds: Sequence[str]) -> Callable[[Sequence[Any]], bytes]:
    """Makes a row of the database to its line, without the line's end."""
    changes = [(place, OUT[kind]) for place, kind in enumerate(kinds) if kind in OUT]

    def line(row: Sequence[Any]) -> bytes:
        values = list(row)
        for place, change in changes:
            if values[place] is not None:
                values[place] = change(values[place])
        return json.dumps(values, separators=(",", ":"), allow_nan=False).encode()

    return line


def row_reader(
    fields: Sequence[AnyField], connection: BaseDatabaseWrapper
) -> Callable[[bytes], list[Any]]:
    """Makes a line to what this database takes for a row of these columns."""
    changes = [
        (place, _taken(field, connection))
        for place, field in enumerate(fields)
        if kind_of(field) not in AS_THEY_ARE
    ]

    def row(line: bytes) -> list[Any]:
        values: list[Any] = json.loads(line)
        for place, change in changes:
            if values[place] is not None:
                values[place] = change(values[place])
        return values

    return row


def _taken(field: AnyField, connection: BaseDatabaseWrapper) -> Change:
    kind, stored = kind_of(field), stored_field(field)
    back = BACK[kind]
    if kind in ("json", "binary", "float"):  # both databases take them so
        return back
    return lambda value: stored.get_db_prep_value(back(value), connection)


# Numbers in JSON that PostgreSQL, which keeps decimals, tells otherwise than they
# were given: 1e+16 as 10000000000000000, -0.0 as 0.0.
ODD_NUMBER = re.compile(rb"\d[eE]\+?\d|-0\.0")


def comparable(line: bytes, kinds: Sequence[str]) -> bytes:
    """The same for two rows that hold the same, in whichever database they are."""
    if "json" not in kinds:
        return line
    values = json.loads(line)
    if ODD_NUMBER.search(line):
        for place, kind in enumerate(kinds):
            if kind == "json":
                values[place] = _plain(values[place])
    return json.dumps(values, separators=(",", ":"), sort_keys=True).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        text = repr(value)
        return int(Decimal(text)) if "e+" in text else value + 0.0  # no -0.0
    return value
