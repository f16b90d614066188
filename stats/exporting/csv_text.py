"""How one value is written into a CSV cell."""

from datetime import UTC, datetime

from ..outcomes import NotEstimable

# A cell of a spreadsheet that begins with one of these is run as a formula, the
# full-width signs in East Asian editions. Numbers are written as numbers, so a
# negative one stays as it is. https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | float | bool | datetime | NotEstimable | None


class Written(str):
    """What cell_text has made of a value: the text of a cell, as it stands."""

    __slots__ = ()


def written(value: Cell) -> Written:
    """For a value that stands in several lines: its text, made once."""
    return value if isinstance(value, Written) else Written(cell_text(value))


def cell_text(value: Cell) -> str:
    """Missing and not estimable are empty: R reads NA, a spreadsheet nothing.

    Floats keep every digit they have; times are ISO 8601 in UTC to the millisecond;
    text cannot become a formula.
    """
    if value is None:
        return ""
    if isinstance(value, Written):
        return value
    if isinstance(value, str):
        return "'" + value if value.startswith(FORMULA_STARTS) else value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, NotEstimable):
        return ""
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return utc.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
