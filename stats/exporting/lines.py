"""Parts that lines of several exported files share."""

from collections.abc import Mapping
from typing import Any

from ..outcomes import Interval, NotEstimable
from ..reporting.arms import ArmName
from ..reporting.report import Report
from .csv_text import Cell

Line = dict[str, Cell]
Bounded = Mapping[str, Interval | NotEstimable | None]  # name of each interval


def head(report: Report, arm: ArmName) -> Line:
    return {
        "study": report.slug,
        "protocol_sha256": report.protocol_sha256,
        "simulated": report.simulated,
        "arm": arm.code,
        "arm_title": arm.title,
    }


def reasons(values: dict[str, Any]) -> str:
    """`kappa: why; p: why`, of those that are not estimable."""
    return "; ".join(
        f"{name}: {value.reason.value}"
        for name, value in values.items()
        if isinstance(value, NotEstimable)
    )


def interval_cells(interval: Interval | NotEstimable | None) -> Line:
    """None: of a number that never has one."""
    names = ("low", "high", "level", "df", "method")
    values: tuple[Cell, ...] = (None,) * len(names)
    if isinstance(interval, Interval):
        values = (
            interval.low,
            interval.high,
            interval.level,
            interval.degrees_of_freedom,
            interval.method,
        )
    return {f"interval_{name}": v for name, v in zip(names, values, strict=True)}


def limit_cells(intervals: Bounded) -> Line:
    """name_low, name_high of each; empty where there is none."""
    cells: Line = {}
    for name, one in intervals.items():
        there = one if isinstance(one, Interval) else None
        cells[f"{name}_low"] = there.low if there else None
        cells[f"{name}_high"] = there.high if there else None
    return cells
