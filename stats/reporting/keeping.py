"""A report as text that is kept, and back: the same report, whichever way."""

from dataclasses import MISSING, fields
from functools import cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from .report import Report

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@cache
def _adapter() -> "TypeAdapter[Report]":
    # here and not above: a process that shows no report need not load it
    from pydantic import TypeAdapter

    return TypeAdapter(Report)


def report_json(report: Report) -> str:
    """JSON of every field, numbers to the last bit.

    What a study does not have is left out, so that a report which was frozen before
    there was such a thing has the same text as ever.

    ValueError for what would not come back the same, as a NaN or a list would not:
    such a report is not kept at all.
    """
    text = _adapter().dump_json(report, exclude=_absent(report)).decode()
    if _adapter().validate_json(text) != report:
        raise ValueError("the report does not come back from JSON as it was")
    return text


def _absent(report: Report) -> set[str]:
    """Fields that say that there is nothing of their kind."""
    return {
        field.name
        for field in fields(report)
        if field.default is not MISSING and getattr(report, field.name) == field.default
    }


def report_read(text: str) -> Report:
    """The report of report_json; Refused for one of another version of the program."""
    from pydantic import ValidationError

    try:
        return _adapter().validate_json(text)
    except ValidationError as error:
        raise Refused(
            _(
                "This report was frozen by a version of the program that had other "
                "tables. Its file report.json holds all of it."
            )
        ) from error
