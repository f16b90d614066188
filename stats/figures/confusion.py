"""Grades in each arm against the standard's, over all readers: one table an arm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..reporting.report import KappaLine, Report
from ..templatetags.report_numbers import count_range
from .axes import WIDTH, panel_width, panels
from .picture import Cell, Picture, Table, percent, sentence, standard_words
from .style import SMALL, Theme, blend, on, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
MARGINS = (0.45, 0.1, 0.5, 0.32)  # inches; see axes.panels
GRADES = 0.24  # between panels, for the grades of the next one
BELOW = 0.08  # the axis' title


@dataclass(frozen=True)
class Crossed:
    """counts[i][j]: pairs with the i-th grade in the standard, the j-th in the arm."""

    title: str
    counts: tuple[tuple[int, ...], ...]

    @property
    def total(self) -> int:
        return sum(map(sum, self.counts))

    @property
    def same(self) -> int:
        return sum(row[place] for place, row in enumerate(self.counts))

    def share(self, row: int, column: int) -> float:
        """Of the pairs with this grade in the standard."""
        return self.counts[row][column] / max(1, sum(self.counts[row]))


@dataclass(frozen=True)
class Confusion(Picture):
    report: Report
    name = "confusion"

    @cached_property
    def panels(self) -> tuple[Crossed, ...]:
        return tuple(
            Crossed(line.arm.title, _summed(line)) for line in self.report.kappa
        )

    @property
    def columns(self) -> int:
        return min(COLUMNS, max(2, len(self.panels)))

    @property
    def title(self) -> str:
        return _("Grades in each arm against the standard")

    @property
    def caption(self) -> str:
        totals = [panel.total for panel in self.panels]
        return _(
            "Counts of pairs, all readers and sides together (n = %(n)s pairs in each "
            "arm; first readings). Upwards: the standard (%(standard)s); to the right: "
            "the grade in the arm. The stronger the colour, the larger the share of "
            "the row; equal grades are framed."
        ) % {
            "n": count_range((min(totals), max(totals))),
            "standard": standard_words(self.report),
        }

    @property
    def alt(self) -> str:
        return sentence([self._said(panel) for panel in self.panels])

    def _said(self, panel: Crossed) -> str:
        if not panel.total:
            return _("%(arm)s: no pair") % {"arm": panel.title}
        size = range(len(panel.counts))
        above = sum(panel.counts[i][j] for i in size for j in size if j > i)
        return _(
            "%(arm)s: %(same)s of %(n)s pairs the same (%(share)s), %(above)s higher "
            "and %(below)s lower in the arm"
        ) % {
            "arm": panel.title,
            "same": panel.same,
            "n": panel.total,
            "share": percent(panel.same / panel.total),
            "above": above,
            "below": panel.total - panel.same - above,
        }

    @property
    def each(self) -> float:
        """Inches of a panel's side."""
        room = panel_width(self.columns, MARGINS) - GRADES
        return min(room, 2.2)

    @property
    def size(self) -> tuple[float, float]:
        rows = -(-len(self.panels) // self.columns)
        return WIDTH, round(rows * (self.each + MARGINS[2] + MARGINS[3]) + BELOW, 2)

    @property
    def table(self) -> Table:
        rows: list[tuple[Cell, ...]] = []
        names = self.report.categories
        for panel in self.panels:
            for i, counts in enumerate(panel.counts):
                for j, count in enumerate(counts):
                    rows.append(
                        (panel.title, names[i], names[j], count, panel.share(i, j))
                    )
        header = ("arm", "standard", "grade", "pairs", "share_of_standard")
        return Table(header, tuple(rows))

    def draw(self, figure: Figure, theme: Theme) -> None:
        places = panels(
            figure,
            len(self.panels),
            columns=self.columns,
            each=(self.each, self.each),
            margins=MARGINS,
            gap=0.1 + GRADES,
        )
        for axes, panel in zip(places, self.panels, strict=True):
            self._draw_panel(axes, theme, panel)
        size = SMALL + 0.5
        figure.supxlabel(_("Grade in the arm"), y=0.01, color=theme.soft, fontsize=size)
        figure.supylabel(_("Standard"), x=0.008, color=theme.soft, fontsize=size)

    def _draw_panel(self, axes: Axes, theme: Theme, panel: Crossed) -> None:
        from matplotlib.patches import Rectangle

        names, size = self.report.categories, len(self.report.categories)
        axes.set_title(
            wrapped(panel.title, width=21, lines=2), fontsize=SMALL, color=theme.ink
        )
        axes.set_xlim(0, size)
        axes.set_ylim(0, size)
        axes.set_xticks([k + 0.5 for k in range(size)], [str(n) for n in names])
        axes.set_yticks([k + 0.5 for k in range(size)], [str(n) for n in names])
        axes.tick_params(length=0, labelcolor=theme.soft, labelsize=SMALL)
        for spine in axes.spines.values():
            spine.set_visible(False)
        for i in range(size):
            for j in range(size):
                shade = blend(theme.heat, panel.share(i, j))
                edge = theme.page
                axes.add_patch(Rectangle((j, i), 1, 1, facecolor=shade, edgecolor=edge))
                axes.text(
                    j + 0.5,
                    i + 0.5,
                    str(panel.counts[i][j]),
                    color=on(shade),
                    fontsize=SMALL,
                    ha="center",
                    va="center",
                    in_layout=False,
                )
        for k in range(size):
            axes.add_patch(
                Rectangle((k, k), 1, 1, fill=False, edgecolor=theme.soft, lw=1.2)
            )


def _summed(line: KappaLine) -> tuple[tuple[int, ...], ...]:
    tables = [one.both.table for one in line.readers]
    return tuple(
        tuple(sum(cells) for cells in zip(*rows, strict=True))
        for rows in zip(*tables, strict=True)
    )


def confusion(report: Report) -> Confusion | None:
    """None where nothing was graded in an arm and in the reference."""
    made = Confusion(report)
    return made if any(panel.total for panel in made.panels) else None
