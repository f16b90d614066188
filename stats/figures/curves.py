"""Curves from one corner of a square to the other, for each arm or reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..outcomes import NotEstimable
from ..reporting.rating_section import Curve
from .axes import (
    LEGEND_LINE,
    WIDTH,
    dress,
    legend,
    legend_columns,
    legend_lines,
    panels,
)
from .picture import Cell, why_not
from .style import SMALL, Theme, colour, marker, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARGINS = (0.62, 0.12, 0.42, 0.62)  # inches; see axes.panels
GAP = 0.55
SIDE = 3.1  # of a lone square
SMALLER = 1.9  # of each of several
NOTE = 7.5  # points of the words below a square
NOTE_LINE = 0.13  # inches
NOTE_BELOW = 0.48  # inches from the square, below its axis' title
NOTE_WIDTH = 36  # Latin letters; of a lone square the figure's width
LONE_NOTE_WIDTH = 110


@dataclass(frozen=True)
class Line:
    """One curve; strong: drawn thick and without markers, as a mean is."""

    name: str
    series: int
    curve: Curve | NotEstimable
    strong: bool = False


@dataclass(frozen=True)
class Square:
    """One panel."""

    title: str
    lines: tuple[Line, ...]


def side(squares: Sequence[Square]) -> float:
    return SIDE if len(squares) == 1 else SMALLER


def columns(squares: Sequence[Square]) -> int:
    return min(3, max(1, len(squares)))


def above(names: Sequence[str]) -> float:
    """Inches that the legend takes."""
    return LEGEND_LINE * legend_lines(names, columns=legend_columns(names)) + 0.1


def height(squares: Sequence[Square], names: Sequence[str]) -> float:
    rows = -(-len(squares) // columns(squares))
    each = side(squares) + MARGINS[2] + below(squares)
    return round(rows * each + above(names), 2)


def below(squares: Sequence[Square]) -> float:
    """Inches below each square: its axis, and what is said of curves that it lacks."""
    lines = max((len(note.splitlines()) for note in notes(squares)), default=0)
    return MARGINS[3] + NOTE_LINE * lines


def notes(squares: Sequence[Square]) -> list[str]:
    """Of each square which curves there are not, and why, by reason."""
    width = LONE_NOTE_WIDTH if len(squares) == 1 else NOTE_WIDTH
    return [_note(square, width) for square in squares]


def _note(square: Square, width: int) -> str:
    missing: dict[str, list[str]] = {}
    for line in square.lines:
        if isinstance(line.curve, NotEstimable):
            missing.setdefault(why_not(line.curve), []).append(line.name)
    said = (f"{', '.join(names)}: {why}" for why, names in missing.items())
    return "\n".join(wrapped(words, width=width, lines=5) for words in said)


def draw_squares(
    figure: Figure,
    theme: Theme,
    squares: Sequence[Square],
    *,
    names: Sequence[tuple[str, int, bool]],
    across: str,
    up: str,
) -> None:
    """names: (words, series, strong) of the legend."""
    from matplotlib.lines import Line2D

    places = panels(
        figure,
        len(squares),
        columns=columns(squares),
        each=(side(squares),) * 2,
        margins=(_left(squares), *MARGINS[1:3], below(squares)),
        gap=GAP,
        top=above([one[0] for one in names]),
    )
    for axes, square, note in zip(places, squares, notes(squares), strict=True):
        _draw_square(axes, theme, square)
        axes.set_xlabel(across, fontsize=SMALL)
        if note:
            _write_below(axes, theme, note)
    for axes in places[:: columns(squares)]:
        axes.set_ylabel(up, fontsize=SMALL)
    handles = [
        Line2D(
            [],
            [],
            color=_shade(theme, series, strong),
            linewidth=2.2 if strong else 1.3,
            marker=None if strong else marker(series),
            markersize=5,
        )
        for _words, series, strong in names
    ]
    legend(figure, theme, handles, [one[0] for one in names])


def _left(squares: Sequence[Square]) -> float:
    """A lone square stands in the middle, under its legend."""
    return (WIDTH - SIDE) / 2 if len(squares) == 1 else MARGINS[0]


def _write_below(axes: Axes, theme: Theme, note: str) -> None:
    axes.annotate(
        note,
        (0.5, 0),
        (0, -72 * NOTE_BELOW),  # points
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=NOTE,
        color=theme.soft,
        annotation_clip=False,
    )


def _shade(theme: Theme, series: int, strong: bool) -> str:
    return theme.ink if strong and series < 0 else colour(theme, series)


def _draw_square(axes: Axes, theme: Theme, square: Square) -> None:
    dress(axes, theme, grid="both")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.tick_params(labelsize=SMALL)
    if square.title:
        axes.set_title(
            wrapped(square.title, width=24, lines=2), fontsize=SMALL, color=theme.ink
        )
    axes.plot([0, 1], [0, 1], color=theme.soft, linewidth=0.8, linestyle=":")
    for line in square.lines:
        if not isinstance(line.curve, NotEstimable):
            _draw_line(axes, theme, line, line.curve)


def _draw_line(axes: Axes, theme: Theme, line: Line, curve: Curve) -> None:
    across, up = zip(*curve, strict=True)
    few = len(curve) <= 12  # markers on every point of a long curve are a smear
    axes.plot(
        across,
        up,
        color=_shade(theme, line.series, line.strong),
        linewidth=2.2 if line.strong else 1.3,
        marker=None if line.strong else marker(line.series),
        markersize=4.5,
        markevery=None if few else max(1, len(curve) // 8),
        clip_on=False,
        zorder=3 if line.strong else 2,
    )


def curve_rows(title: str, line: Line) -> list[tuple[Cell, ...]]:
    """Of the table: panel, series, point by point; one row with no point where there is
    no curve."""
    if isinstance(line.curve, NotEstimable):
        return [(title, line.name, None, None, line.curve.reason.value)]
    return [(title, line.name, across, up, None) for across, up in line.curve]
