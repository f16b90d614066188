"""What several files of one export are made of: made once, gone with its report."""

import weakref
from collections.abc import Callable
from typing import TypeVar

from readerstudy.reading.models import Study

from .. import selectors
from ..readings import Readings
from ..reporting.report import Report

Value = TypeVar("Value")
Made = Callable[[Study, Report], Value]


def once_per_report(make: Made[Value]) -> Made[Value]:
    """A million reads take seconds to fetch, and half a dozen files need them."""
    kept: dict[int, tuple[weakref.ref[Report], Value]] = {}

    def made(study: Study, report: Report) -> Value:
        key = id(report)
        if key not in kept or kept[key][0]() is not report:
            gone = weakref.ref(report, lambda _: kept.pop(key, None))
            kept[key] = gone, make(study, report)
        return kept[key][1]

    return made


@once_per_report
def readings_of(study: Study, report: Report) -> Readings:
    return selectors.readings(study)
