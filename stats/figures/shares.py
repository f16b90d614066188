"""Rows of bars that are divided into shares: how often each answer was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from .axes import AXIS_HEIGHT, LEGEND_LINE, WIDTH, dress, legend, name_rows
from .picture import Cell, Table, percent, sentence
from .style import SMALL, Theme, on, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAR = 0.62  # of a row's height


@dataclass(frozen=True)
class ShareRow:
    """counts: of each answer, in the order of the figure."""

    title: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Shares:
    """values: of the answers, as they stand in the bars and in the table. words: of the
    legend. nothing: in the place of a bar without an answer."""

    rows: tuple[ShareRow, ...]
    values: tuple[int, ...]
    words: tuple[str, ...]
    axis: str
    nothing: str

    @property
    def size(self) -> tuple[float, float]:
        return bars_size([row.title for row in self.rows], 2)

    @property
    def parts(self) -> list[tuple[ShareRow, int, int, float | None]]:
        """Row by row and answer by answer: row, answer, count, share."""
        return [
            (row, value, count, count / row.total if row.total else None)
            for row in self.rows
            for value, count in zip(self.values, row.counts, strict=True)
        ]

    @property
    def said(self) -> str:
        """Every row in words and percentages; for the alternative text."""
        return sentence([self._said(row) for row in self.rows])

    def _said(self, row: ShareRow) -> str:
        if not row.total:
            return _("%(arm)s: no answer") % {"arm": row.title}
        parts = [
            f"{words} {percent(count / row.total)}"
            for words, count in zip(self.words, row.counts, strict=True)
        ]
        return f"{row.title}: {', '.join(parts)}"

    def table(self, answer: str) -> Table:
        """answer: what the column of the answers is called."""
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (row.title, value, count, share) for row, value, count, share in self.parts
        )
        return Table(("arm", answer, "count", "share"), rows)


def bars_size(titles: Sequence[str], legend_rows: int) -> tuple[float, float]:
    """Of the figure, in inches."""
    lines = max((wrapped(title).count("\n") + 1 for title in titles), default=1)
    row = max(0.34, 0.17 * lines + 0.1)
    height = row * len(titles) + LEGEND_LINE * legend_rows + AXIS_HEIGHT
    return WIDTH, round(height, 2)


def draw_shares(
    figure: Figure, theme: Theme, what: Shares, shades: tuple[str, ...]
) -> None:
    """shades: of each answer."""
    axes = figure.add_subplot()
    dress(axes, theme, grid="none")
    name_rows(axes, theme, [row.title for row in what.rows], bands=False)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], [percent(k / 4) for k in range(5)])
    axes.set_xlabel(what.axis)
    for place, row in enumerate(what.rows):
        _draw_row(axes, theme, place, row, what, shades)
    bars_legend(figure, theme, shades, what.words)


def _draw_row(
    axes: Axes,
    theme: Theme,
    place: int,
    row: ShareRow,
    what: Shares,
    shades: tuple[str, ...],
) -> None:
    left = 0.0
    for value, count, shade in zip(what.values, row.counts, shades, strict=True):
        if not count:
            continue
        share = count / row.total
        axes.barh(
            place, share, BAR, left=left, color=shade, edgecolor=theme.page, lw=0.8
        )
        if share > 0.03:
            where = (left + share / 2, place)
            bar_text(axes, where, str(value), color=on(shade), ha="center")
        left += share
    if not row.total:
        bar_text(axes, (0.01, place), what.nothing, color=theme.soft, ha="left")


def bar_text(
    axes: Axes, where: tuple[float, float], words: str, *, color: str, ha: str
) -> None:
    axes.text(
        *where,
        words,
        color=color,
        ha=ha,
        va="center",
        fontsize=SMALL,
        in_layout=False,  # inside of its bar: it needs no room of its own
    )


def bars_legend(
    figure: Figure, theme: Theme, shades: Sequence[str], words: Sequence[str]
) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=shade, edgecolor=theme.soft, lw=0.5) for shade in shades]
    legend(figure, theme, handles, words)
