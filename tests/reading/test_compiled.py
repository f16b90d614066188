"""Queries put into SQL once find what a queryset would, each time anew."""

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from readerstudy.reading.models import Read
from readerstudy.reading.models.compiled import Columns, Compiled, Slot

from .conftest import answer_next

READ = Columns(Read, ("id", "position", "submitted_at"))
AT = Compiled(
    lambda: Read.objects.filter(
        reader=Slot("reader", models.IntegerField()),
        position=Slot("position", models.IntegerField()),
        session__study__slug=Slot("slug", models.CharField()),
        repeat__lt=2,
    ).values_list(*READ.paths)
)


def test_the_same_statement_finds_other_rows_with_other_values(cast, reader):
    answer_next(reader)
    slug = cast.study.slug
    for read in reader.reads.order_by("position")[:3]:
        [row] = AT.rows(slug=slug, position=read.position, reader=reader.pk)
        found = READ.instance(row)
        assert found == read
        # as Python has it, also where the database stores text
        assert found.submitted_at == read.submitted_at
    assert AT.rows(slug="no-such-study", position=1, reader=reader.pk) == []


def test_columns_that_were_left_out_are_fetched_when_asked_for(cast, reader):
    [row] = AT.rows(slug=cast.study.slug, position=1, reader=reader.pk)
    found = READ.instance(row)
    with CaptureQueriesContext(connection) as captured:
        assert found.token == reader.reads.get(position=1).token
    assert len(captured) == 2


def test_values_are_no_part_of_the_statement(cast, reader):
    for slug in ("' OR 1=1 --", "%s", "100 %"):
        assert AT.rows(slug=slug, position=1, reader=reader.pk) == []


def test_a_value_that_is_not_given_is_an_error(reader):
    with pytest.raises(KeyError, match="position"):
        AT.rows(slug="a", reader=reader.pk)
