"""A forest of marks: rows, in each a value and its interval for every series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..outcomes import Interval, NotEstimable, estimated
from .axes import (
    AXIS_HEIGHT,
    LEGEND_LINE,
    WIDTH,
    dress,
    legend,
    legend_columns,
    legend_lines,
    name_rows,
)
from .picture import Cell, Table, reason_of, why_not
from .style import Theme, colour, marker, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Span = Interval | NotEstimable | None  # None: none was asked for
MARK_HEIGHT = 0.17
ALL = "all"  # what the table calls the mean of all series
MOST_REASONS = 5  # in a row
MEAN = -1  # place of the mean's marks among the series


@dataclass(frozen=True)
class Mark:
    value: float | NotEstimable
    interval: Span = None


@dataclass(frozen=True)
class MarkRow:
    """marks: one for each series, in their order. mean: None where there is none."""

    title: str
    marks: tuple[Mark, ...]
    mean: Mark | None = None
    bold: bool = False


@dataclass(frozen=True)
class Marks:
    """series, all_of_them: as the legend names them; codes: as the table does."""

    rows: tuple[MarkRow, ...]
    series: tuple[str, ...]
    codes: tuple[str, ...]
    axis: str
    limits: tuple[float, float]
    all_of_them: str = ""
    zero: bool = False  # a line at 0
    margin: float | None = None  # a dashed line at -margin

    @property
    def has_mean(self) -> bool:
        return any(row.mean is not None for row in self.rows)

    @property
    def lines(self) -> int:
        """Marks that stand below one another in each row."""
        return len(self.series) + self.has_mean

    @property
    def names(self) -> list[str]:
        return [*self.series, *([self.all_of_them] if self.has_mean else [])]

    @property
    def size(self) -> tuple[float, float]:
        titles = max((wrapped(r.title).count("\n") + 1 for r in self.rows), default=1)
        height = max(MARK_HEIGHT * self.lines + 0.14, 0.17 * titles + 0.1)
        above = LEGEND_LINE * legend_lines(
            self.names, columns=legend_columns(self.names)
        )
        return WIDTH, round(height * len(self.rows) + above + AXIS_HEIGHT, 2)


def lowest(values: Sequence[float], *, step: float = 0.2, above: float = 0.0) -> float:
    """`above`, or a multiple of the step that is not above any value."""
    low = min([above, *values])
    return round(math.floor(low / step) * step, 9) if low < above else above


def ends(marks: Sequence[Mark]) -> list[float]:
    """Every number that the axis must reach."""
    found = []
    for mark in marks:
        value = estimated(mark.value)
        found += [] if value is None else [value]
        if isinstance(mark.interval, Interval):
            found += [mark.interval.low, mark.interval.high]
    return found


def draw_marks(figure: Figure, theme: Theme, what: Marks) -> None:
    axes = figure.add_subplot()
    dress(axes, theme)
    low, high = what.limits
    room = 0.02 * (high - low)
    axes.set_xlim(low - room, high + room)
    name_rows(
        axes, theme, [r.title for r in what.rows], bold=[r.bold for r in what.rows]
    )
    axes.set_xlabel(what.axis)
    if what.zero:
        axes.axvline(0, color=theme.soft, linewidth=1)
    if what.margin is not None:
        axes.axvline(-what.margin, color=theme.ink, linewidth=1.2, linestyle="--")
    for place, row in enumerate(what.rows):
        for series, mark in enumerate(row.marks):
            y = place + _offset(series, what.lines)
            words = _words(what, what.series[series], mark)
            _draw(axes, theme, mark, y, series=series, words=words)
        if row.mean is not None:
            y = place + _offset(len(row.marks), what.lines)
            words = _words(what, what.all_of_them, row.mean)
            _draw(axes, theme, row.mean, y, series=MEAN, words=words)
    if len(what.names) > 1:
        _legend(figure, theme, what)


def _offset(line: int, lines: int) -> float:
    return (line - (lines - 1) / 2) * 0.8 / lines


def _words(what: Marks, name: str, mark: Mark) -> str:
    """Of many series without the reason, which the alternative text and the table say:
    a figure full of sentences is not read."""
    if not isinstance(mark.value, NotEstimable):
        return ""
    short = what.lines > MOST_REASONS
    words = _("not estimable") if short else why_not(mark.value)
    return f"{name}: {words}"


def _look(theme: Theme, series: int) -> tuple[str, str, float]:
    """Colour, marker and its size."""
    if series == MEAN:
        return theme.ink, "d", 7.5
    return colour(theme, series), marker(series), 6


def _draw(
    axes: Axes, theme: Theme, mark: Mark, y: float, *, series: int, words: str
) -> None:
    """words: in the place of a mark that cannot be drawn."""
    shade, shape, size = _look(theme, series)
    if isinstance(mark.value, NotEstimable):
        axes.annotate(
            wrapped(words, width=76, lines=1),
            (0, y),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            color=theme.soft,
        )
        return
    if isinstance(mark.interval, Interval):
        span = (mark.interval.low, mark.interval.high)
        axes.plot(span, (y, y), color=shade, linewidth=1.6, solid_capstyle="butt")
    # hollow: the interval was asked for and is not estimable
    hollow = isinstance(mark.interval, NotEstimable)
    axes.plot(
        [mark.value],
        [y],
        linestyle="none",
        marker=shape,
        markersize=size,
        color=shade,
        markerfacecolor=theme.page if hollow else shade,
        markeredgewidth=1.2,
        clip_on=False,
    )


def _legend(figure: Figure, theme: Theme, what: Marks) -> None:
    from matplotlib.lines import Line2D

    series = [*range(len(what.series)), *([MEAN] if what.has_mean else [])]
    handles = []
    for one in series:
        shade, shape, size = _look(theme, one)
        handles.append(
            Line2D([], [], color=shade, marker=shape, markersize=size, linewidth=1.6)
        )
    legend(figure, theme, handles, what.names)


def marks_table(what: Marks, *, row: str, series: str, value: str) -> Table:
    """row, series, value: names of columns. reason: why something is missing."""
    lines: list[tuple[Cell, ...]] = []
    for one in what.rows:
        marks = list(zip(what.codes, one.marks, strict=True))
        if one.mean is not None:
            marks.append((ALL, one.mean))
        lines += [(one.title, name, *_cells(mark)) for name, mark in marks]
    header = (row, series, value, "interval_low", "interval_high", "reason")
    return Table(header, tuple(lines))


def _cells(mark: Mark) -> tuple[Cell, ...]:
    span = mark.interval if isinstance(mark.interval, Interval) else None
    return (
        estimated(mark.value),
        span.low if span else None,
        span.high if span else None,
        reason_of(mark.value, mark.interval),
    )


def not_estimable(what: Marks) -> list[str]:
    """Each value that does not exist, and why; for the alternative text."""
    return [
        f"{row.title}, {name}: {why_not(mark.value)}"
        for row in what.rows
        for name, mark in zip(what.series, row.marks, strict=True)
        if isinstance(mark.value, NotEstimable)
    ]


def hollow_words(what: Marks) -> str:
    """What a hollow mark says, where there is one."""
    every = [mark for row in what.rows for mark in (*row.marks, row.mean) if mark]
    hollow = any(
        isinstance(mark.interval, NotEstimable) and estimated(mark.value) is not None
        for mark in every
    )
    return _("Hollow: the interval is not estimable.") if hollow else ""
