"""Where every mark of a figure stands, in SVG units; templates draw them.

Colours, fonts and the dark theme are in static/css/report.css by class. Series also
differ in shape, so that no figure needs colour to be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..outcomes import Interval, NotEstimable, estimated
from ..reporting.report import MetricTable, Report

WIDTH = 760
LABEL_WIDTH = 240
RIGHT_MARGIN = 30
TOP = 10
AXIS_HEIGHT = 46

# One symbol a series around (0, 0), about 9 units wide.
SYMBOLS = (
    "M-4.5,0A4.5,4.5 0 1,0 4.5,0A4.5,4.5 0 1,0 -4.5,0Z",
    "M-4,-4H4V4H-4Z",
    "M0,-5L5,4H-5Z",
    "M0,-5.5L5.5,0L0,5.5L-5.5,0Z",
    "M0,5L5,-4H-5Z",
    "M-4.5,-1.5H-1.5V-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5Z",
)


@dataclass(frozen=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` on the plot's width."""

    low: float
    high: float

    def x(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(LABEL_WIDTH + share * (WIDTH - LABEL_WIDTH - RIGHT_MARGIN), 1)

    def ticks(self) -> tuple[Tick, ...]:
        step = tick_step(self.high - self.low)
        first, last = np.ceil(self.low / step - 1e-9), np.floor(self.high / step + 1e-9)
        digits = max(0, -int(np.floor(np.log10(step) + 1e-9)))
        places = [step * k for k in range(int(first), int(last) + 1)]
        return tuple(
            Tick(self.x(at), f"{at:.{digits}f}".replace("-", "−")) for at in places
        )


def tick_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, so that 3 to 7 ticks fit."""
    power = 10.0 ** np.floor(np.log10(span / 4))
    return float(
        min((k * power for k in (1, 2, 5, 10)), key=lambda step: abs(span / step - 5))
    )


@dataclass(frozen=True)
class ReaderMark:
    series: int
    symbol: str
    reader: str
    x: float | None  # None: not estimable
    low: float | None
    high: float | None
    y: float


@dataclass(frozen=True)
class ReaderRow:
    title: str
    top: float
    middle: float
    height: float
    marks: tuple[ReaderMark, ...]
    mean: float | None
    is_control: bool


@dataclass(frozen=True)
class ReaderFigure:
    width: int
    height: float
    axis: float  # y of the axis
    left: float
    right: float
    ticks: tuple[Tick, ...]
    rows: tuple[ReaderRow, ...]
    legend: tuple[tuple[int, str, str], ...]  # series, symbol, reader


@dataclass(frozen=True)
class MarkLine:
    """One row to draw: each reader's value and interval, and one over all of them."""

    title: str
    readers: tuple[tuple[str, float | NotEstimable, Interval | NotEstimable], ...]
    mean: float | NotEstimable
    is_control: bool


def kappa_figure(report: Report) -> ReaderFigure | None:
    """A dot and its interval for each arm and reader; None without arms or readers."""
    lines = [
        MarkLine(
            title=line.arm.title,
            readers=tuple(
                (one.reader, one.both.kappa, one.both.interval) for one in line.readers
            ),
            mean=line.mean,
            is_control=report.control == line.arm,
        )
        for line in report.kappa
    ]
    return _mark_figure(lines, report.readers, Scale(_lowest(report), 1.0))


def blinding_figure(report: Report) -> ReaderFigure | None:
    """Bang's index of each reader in each arm; None where none can be drawn."""
    if report.blinding is None or not report.blinding.answered:
        return None
    lines = [
        MarkLine(
            title=line.arm.title,
            readers=tuple(
                (one.reader, one.index.index, one.interval) for one in line.readers
            ),
            mean=line.pooled.index.index,
            is_control=line.arm == report.reference,
        )
        for line in report.blinding.arms
        if line.arm
    ]
    return _mark_figure(lines, report.readers, Scale(-1.0, 1.0))


def _mark_figure(
    lines: Sequence[MarkLine], readers: Sequence[str], scale: Scale
) -> ReaderFigure | None:
    if not lines or not readers:
        return None
    height = 15.0 * len(readers) + 11
    rows = []
    for place, line in enumerate(lines):
        top = TOP + place * height
        mean = estimated(line.mean)
        rows.append(
            ReaderRow(
                title=line.title,
                top=top,
                middle=top + height / 2,
                height=height,
                marks=tuple(
                    _mark(scale, series, *one, y=round(top + 13 + 15 * series, 1))
                    for series, one in enumerate(line.readers)
                ),
                mean=None if mean is None else scale.x(mean),
                is_control=line.is_control,
            )
        )
    axis = TOP + height * len(rows)
    return ReaderFigure(
        width=WIDTH,
        height=axis + AXIS_HEIGHT,
        axis=axis,
        left=scale.x(scale.low),
        right=scale.x(scale.high),
        ticks=scale.ticks(),
        rows=tuple(rows),
        legend=tuple(
            (series % len(SYMBOLS), SYMBOLS[series % len(SYMBOLS)], reader)
            for series, reader in enumerate(readers)
        ),
    )


def _mark(
    scale: Scale,
    series: int,
    reader: str,
    value: float | NotEstimable,
    interval: Interval | NotEstimable,
    *,
    y: float,
) -> ReaderMark:
    x, span = estimated(value), estimated(interval)
    return ReaderMark(
        series=series % len(SYMBOLS),
        symbol=SYMBOLS[series % len(SYMBOLS)],
        reader=reader,
        x=None if x is None else scale.x(x),
        low=None if span is None else scale.x(span.low),
        high=None if span is None else scale.x(span.high),
        y=y,
    )


def _lowest(report: Report) -> float:
    """0, or a multiple of 0.2 below every interval."""
    ends = [0.0]
    for line in report.kappa:
        for one in line.readers:
            ends.append(estimated(one.both.kappa) or 0.0)
            if isinstance(one.both.interval, Interval):
                ends.append(one.both.interval.low)
    return float(np.floor(min(ends) * 5) / 5)


@dataclass(frozen=True)
class StripRow:
    """One arm: a dot a patient; box from first to third quartile, bar the median."""

    title: str
    middle: float
    dots: tuple[tuple[float, float], ...]
    box: tuple[float, float, float] | None  # first quartile, median, third quartile
    is_control: bool


@dataclass(frozen=True)
class StripFigure:
    table: MetricTable
    width: int
    height: float
    axis: float
    left: float
    right: float
    ticks: tuple[Tick, ...]
    rows: tuple[StripRow, ...]


STRIP_HEIGHT = 34.0


def strip_figure(table: MetricTable) -> StripFigure | None:
    """Distribution of patient means in each arm; None where nothing was measured."""
    everything = [value for arm in table.arms for value in arm.patient_means]
    if not everything:
        return None
    low, high = min(everything), max(everything)
    margin = (high - low) * 0.04 or 0.5
    scale = Scale(low - margin, high + margin)
    rows = []
    for place, arm in enumerate(table.arms):
        middle = TOP + (place + 0.5) * STRIP_HEIGHT
        quartiles = None
        if arm.patient_means:
            first, median, third = np.percentile(arm.patient_means, (25, 50, 75))
            quartiles = (scale.x(first), scale.x(median), scale.x(third))
        rows.append(
            StripRow(
                title=arm.arm.title,
                middle=middle,
                dots=spread_dots(
                    [scale.x(value) for value in arm.patient_means], middle=middle
                ),
                box=quartiles,
                is_control=arm.against_control is None and _has_control(table),
            )
        )
    axis = TOP + STRIP_HEIGHT * len(rows)
    return StripFigure(
        table=table,
        width=WIDTH,
        height=axis + AXIS_HEIGHT,
        axis=axis,
        left=scale.x(scale.low),
        right=scale.x(scale.high),
        ticks=scale.ticks(),
        rows=tuple(rows),
    )


def _has_control(table: MetricTable) -> bool:
    return any(arm.against_control is not None for arm in table.arms)


def spread_dots(
    places: Sequence[float], *, middle: float
) -> tuple[tuple[float, float], ...]:
    """Dots that would lie on one another step up and down from the middle."""
    taken: dict[int, int] = {}
    dots = []
    for x in places:
        column = round(x / 5)
        rank = taken[column] = taken.get(column, -1) + 1
        step = (rank + 1) // 2 * (1 if rank % 2 else -1)
        dots.append((x, round(middle + max(-3, min(3, step)) * 4.0, 1)))
    return tuple(dots)


@dataclass(frozen=True)
class GradeBar:
    grade: int
    step: int  # 1 = lowest grade; its colour
    count: int
    x: float
    width: float


@dataclass(frozen=True)
class GradeRow:
    title: str
    middle: float
    bars: tuple[GradeBar, ...]
    total: int


@dataclass(frozen=True)
class GradeFigure:
    width: int
    height: float
    left: float
    right: float
    rows: tuple[GradeRow, ...]


def grade_figure(report: Report) -> GradeFigure | None:
    """Shares of the grades in each arm as stacked bars, lowest grade first."""
    if not any(sum(line.counts) for line in report.grades):
        return None
    scale = Scale(0.0, 1.0)
    rows = []
    for place, line in enumerate(report.grades):
        total, before, bars = sum(line.counts), 0, []
        for step, count in enumerate(line.counts):
            if count:
                start, end = scale.x(before / total), scale.x((before + count) / total)
                grade = report.categories[step]
                bars.append(
                    GradeBar(grade, step + 1, count, start, round(end - start, 1))
                )
            before += count
        middle = TOP + (place + 0.5) * 30
        rows.append(GradeRow(line.arm.title, middle, tuple(bars), total))
    return GradeFigure(
        width=WIDTH,
        height=TOP + 30 * len(rows) + 6,
        left=scale.x(0),
        right=scale.x(1),
        rows=tuple(rows),
    )
