"""Axes as all figures have them: quiet lines, labels that are broken, not cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .style import SMALL, TEXT, Theme, wrapped

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 7.6  # inches: the width of a page's column
AXIS_HEIGHT = 0.75  # ticks and the axis' title
LEGEND_LINE = 0.24


def dress(axes: Axes, theme: Theme, *, grid: str = "x") -> None:
    """Colours of the theme; only the lower line and the grid. grid: x, y or none."""
    axes.set_facecolor("none")
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(theme.soft)
    axes.tick_params(axis="both", colors=theme.soft, length=0)
    axes.tick_params(axis="both", labelcolor=theme.soft)
    axes.set_axisbelow(True)
    if grid != "none":
        axes.grid(axis=grid, color=theme.line, linewidth=0.8)  # type: ignore[arg-type]
    axes.xaxis.label.set_color(theme.soft)
    axes.yaxis.label.set_color(theme.soft)


def name_rows(
    axes: Axes,
    theme: Theme,
    titles: Sequence[str],
    *,
    bold: Sequence[bool] = (),
    bands: bool = True,
) -> None:
    """One row a title, the first on top; row k is centred at y = k."""
    axes.set_ylim(len(titles) - 0.5, -0.5)
    axes.set_yticks(range(len(titles)), labels=[wrapped(title) for title in titles])
    for place, label in enumerate(axes.get_yticklabels()):
        label.set_color(theme.ink)
        label.set_fontsize(TEXT)
        if place < len(bold) and bold[place]:
            label.set_fontweight("bold")
    if bands:
        for place in range(0, len(titles), 2):
            axes.axhspan(place - 0.5, place + 0.5, color=theme.band, zorder=0, lw=0)


def legend_lines(labels: Sequence[str], *, columns: int) -> int:
    return -(-len(labels) // columns)


def legend_columns(labels: Sequence[str]) -> int:
    """As many beside one another as the width has room for."""
    longest = max((len(label) for label in labels), default=1)
    return max(1, min(len(labels), int(WIDTH / (0.45 + 0.066 * longest))))


def legend(
    figure: Figure, theme: Theme, handles: Sequence[Artist], labels: Sequence[str]
) -> None:
    """Above the axes, never over the data."""
    engine = figure.get_layout_engine()
    figure.legend(
        handles,
        labels,
        loc="outside upper center" if engine else "upper center",
        ncols=legend_columns(labels),
        frameon=False,
        labelcolor=theme.ink,
        fontsize=SMALL,
        handlelength=1.4,
        columnspacing=1.4,
    )


def panels(
    figure: Figure,
    count: int,
    *,
    columns: int,
    each: tuple[float, float],
    margins: tuple[float, float, float, float],
    gap: float = 0.1,
    top: float = 0.0,
) -> list[Axes]:
    """Axes row by row, each (width, height) in inches; below the title of each.

    margins: left of all, right of all, above each row (its titles), below each row.
    top: above all of them, for a legend.
    Placed by hand: a layout engine would measure every text of every panel, twice.
    """
    figure.set_layout_engine("none")
    width, height = figure.get_size_inches()
    left, _right, above, below = margins
    found = []
    for place in range(count):
        row, column = divmod(place, columns)
        x = left + column * (each[0] + gap)
        y = height - top - (row + 1) * (above + each[1]) - row * below
        found.append(
            figure.add_axes((x / width, y / height, each[0] / width, each[1] / height))
        )
    return found


def panel_width(columns: int, margins: tuple[float, float, float, float]) -> float:
    """Of each of so many beside one another, with gaps of 0.1."""
    return (WIDTH - margins[0] - margins[1] - 0.1 * (columns - 1)) / columns
