"""Queries that run with every answer: put into SQL once, not each time anew.

Django takes several times as long to write such a statement as the database takes to
answer it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models import Expression, QuerySet

M = TypeVar("M", bound=models.Model)


class Slot(Expression):
    """Where a value goes that is known only when the query runs."""

    def __init__(self, name: str, field: "models.Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]


class Columns(Generic[M]):
    """Some columns of a model; anything else is fetched when it is asked for."""

    def __init__(self, model: type[M], names: Iterable[str] = (), at: str = "") -> None:
        """names: all of them if none is given; at: the way there, as in a filter."""
        wanted = set(names)
        every = [field.attname for field in model._meta.concrete_fields]
        self.model = model
        self.names = [name for name in every if not wanted or name in wanted]
        self.paths = [at + name for name in self.names]

    def instance(self, values: Sequence[Any]) -> M:
        return self.model.from_db(connection.alias, self.names, values)


class Compiled:
    """A queryset of values_list, with slots for what differs from call to call.

    Values of slots go to the database as they are: whole numbers and text only.
    """

    def __init__(self, build: Callable[[], "QuerySet[Any, Any]"]) -> None:
        self._build = build
        self._made: dict[str, tuple[Any, str, list[Any], Any]] = {}  # by vendor

    def rows(self, **values: int | str) -> list[Sequence[Any]]:
        if connection.vendor not in self._made:
            self._made[connection.vendor] = self._compile()
        query, sql, parameters, converters = self._made[connection.vendor]
        given = [values[p.name] if isinstance(p, Slot) else p for p in parameters]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            rows = cursor.fetchall()
        compiler = query.get_compiler(connection=connection)
        return list(compiler.apply_converters(rows, converters))

    def _compile(self) -> tuple[Any, str, list[Any], Any]:
        query = self._build().query
        compiler = query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([one for one, *_ in compiler.select])
        return query, sql, list(parameters), converters
