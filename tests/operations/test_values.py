"""A value is the same in the archive and out of it, whichever database it was in."""

import json
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection, models
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.imaging.errors import Refused
from readerstudy.operations.backup.tables import LEFT_OUT, Table
from readerstudy.operations.backup.values import (
    BACK,
    OUT,
    comparable,
    kind_of,
    row_reader,
    row_writer,
)


def through(kind: str, value: object) -> object:
    """Out into a line of text, and back."""
    held = json.loads(json.dumps(OUT[kind](value)))
    return BACK[kind](held)


@given(st.floats(allow_nan=False))
def test_a_float_keeps_every_bit(value):
    again = through("float", value)
    assert again == value
    assert math.copysign(1, again) == math.copysign(1, value)


def test_what_is_no_number_stays_none():
    assert math.isnan(through("float", math.nan))


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_keeps_its_microsecond(value):
    assert through("datetime", value) == value
    elsewhere = timezone(timedelta(hours=9))
    if date(2, 1, 1) < value.date() < date(9998, 1, 1):
        assert through("datetime", value.astimezone(elsewhere)) == value


@given(st.binary(), st.decimals(allow_nan=False, allow_infinity=False))
def test_bytes_and_decimals_are_exact(content, number):
    assert through("binary", memoryview(content)) == content
    assert str(through("decimal", number)) == str(number)


@given(st.dates(), st.times(), st.timedeltas(), st.uuids())
def test_days_times_and_spans_are_exact(day: date, at: time, span: timedelta, it: UUID):
    assert through("date", day) == day
    assert through("time", at) == at
    assert through("duration", span) == span
    assert through("uuid", it) == it


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(json_values)
def test_json_keeps_its_numbers_order_and_null(value):
    text = json.dumps(value, allow_nan=True)
    if "Infinity" not in text:
        assert through("json", text) == text


def test_null_in_json_is_not_a_missing_value():
    line = row_writer(["json"])
    assert line(["null"]) == b"[[null]]"
    assert line([None]) == b"[null]"


def test_rows_that_say_the_same_are_comparable_in_both_databases():
    """PostgreSQL sorts keys by their length and writes no exponents, no -0.0."""
    sqlite = b'[7,[{"bb":1e+22,"a":-0.0,"c":3.0}]]'
    postgresql = b'[7,[{"a":0.0,"c":3.0,"bb":10000000000000000000000}]]'
    kinds = ["integer", "json"]
    assert comparable(sqlite, kinds) == comparable(postgresql, kinds)
    assert comparable(sqlite, kinds) != comparable(b'[7,[{"bb":1,"a":0}]]', kinds)


def test_a_row_is_what_the_database_takes():
    fields = [models.DecimalField(max_digits=4, decimal_places=3), models.TextField()]
    line = row_writer(["decimal", "text"])([Decimal("0.100"), '線\x85 \\ "'])
    row = row_reader(fields, connection)
    assert [str(value) for value in row(line)] == ["0.100", '線\x85 \\ "']
    assert row(line[: line.index(b",")] + b",null]")[1] is None
    with pytest.raises(ValueError, match="isoformat"):
        row_reader([models.DateTimeField()], connection)(b'["yesterday"]')


def test_every_table_is_in_a_backup_or_it_is_said_why_not():
    labels = set()
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            labels.add(model._meta.label_lower)
            assert Table(model).columns
    assert {"sessions.session", "inference.worker", "stats.reportwork"} <= labels
    assert all(reason for reason in LEFT_OUT.values())


def test_a_kind_of_value_that_nobody_foresaw_is_refused_by_name():
    class Odd(models.Field):
        def get_internal_type(self) -> str:
            return "OddField"

    field = Odd()
    field.model, field.column = apps.get_model("reading.Study"), "odd"
    with pytest.raises(Refused, match=r"reading_study\.odd holds a kind of value"):
        kind_of(field)


def test_the_latest_moment_that_there_is_fits():
    last = datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)
    assert through("datetime", last) == last
