"""A cohort's table as CSV: one line a case, safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from ..selectors.table import TableRow
from .columns import COLUMNS, Cell

# What a spreadsheet would run as a formula; numbers are written as numbers.
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"  # without it Excel takes UTF-8 for something else


def csv_lines(rows: Iterable[TableRow], *, excel: bool = False) -> Iterator[str]:
    """The header, then a line for each row. excel: with a byte order mark."""
    yield (BOM if excel else "") + _line([column.name for column in COLUMNS])
    for row in rows:
        yield _line([cell_text(column.value(row)) for column in COLUMNS])


def cell_text(value: Cell) -> str:
    """Missing is empty; floats keep every digit; text cannot become a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, int):
        return str(value)
    return "'" + value if value.startswith(FORMULA_STARTS) else value


def _line(cells: list[str]) -> str:
    text = StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
