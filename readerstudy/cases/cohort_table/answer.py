"""The table as a file that is sent while it is written, to pages and programs alike."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.text import slugify

from ..models import Case, Cohort
from ..selectors.table import TableRow
from .as_csv import csv_lines

READ_AT_ONCE = 500


def csv_answer(
    cohort: Cohort, wanted: QuerySet[Case], methods: list[str], *, excel: bool
) -> StreamingHttpResponse:
    name = slugify(cohort.name) or "cohort"
    return StreamingHttpResponse(
        csv_lines(_rows(wanted, methods), excel=excel),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _rows(wanted: QuerySet[Case], methods: list[str]) -> Iterator[TableRow]:
    cases = wanted.select_related("cohort").prefetch_related("renditions", "series")
    for case in cases.iterator(chunk_size=READ_AT_ONCE):
        yield TableRow(case, methods)
