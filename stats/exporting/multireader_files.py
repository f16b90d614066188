"""Exported files: arms compared over all readers."""

from collections.abc import Callable, Iterator

from readerstudy.reading.models import Study

from ..reporting.report import Report
from .lines import Line
from .shared_columns import Column

FILES: dict[str, tuple[Column, ...]] = {}
ROWS: dict[str, Callable[[Study, Report], Iterator[Line]]] = {}
