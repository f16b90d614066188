"""Exported files: agreement among the readers of an arm."""

from collections.abc import Callable, Iterator

from readerstudy.reading.models import Study

from ..reporting.report import Report
from .lines import Line
from .shared_columns import Column

FILES: dict[str, tuple[Column, ...]] = {}
ROWS: dict[str, Callable[[Study, Report], Iterator[Line]]] = {}
