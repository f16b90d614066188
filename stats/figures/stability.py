"""What the suite found of each arm: errors by dose, bias by severity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..reporting.report import Report
from ..reporting.stability_section import Stability, StabilityArm
from ..templatetags.report_numbers import number
from .axes import (
    AXIS_HEIGHT,
    LEGEND_LINE,
    WIDTH,
    dress,
    legend,
    legend_columns,
    legend_lines,
    panel_width,
    panels,
)
from .picture import Cell, Picture, Table, sentence
from .style import SMALL, Theme, colour, marker, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT = 3.4  # inches of the axes of the dose
COLUMNS = 4
MARGINS = (0.66, 0.1, 0.46, 0.52)  # inches; see axes.panels
PANEL = 1.45


@dataclass(frozen=True)
class Doses(Picture):
    """One line an arm; the input as it is, dashed."""

    stability: Stability
    name = "stability_dose"

    @property
    def arms(self) -> tuple[StabilityArm, ...]:
        return tuple(arm for arm in self.stability.arms if len(arm.doses) > 1)

    @property
    def title(self) -> str:
        return _("Error of each arm by share of the counts")

    @property
    def caption(self) -> str:
        return _(
            "Error against the reference in %% of its standard deviation, mean over "
            "patients (n = %(n)s), when the input has the share of the reference's "
            "counts that is given below. Dashed: the input as it is."
        ) % {"n": ", ".join(dict.fromkeys(str(arm.cases) for arm in self.arms))}

    @property
    def alt(self) -> str:
        return sentence([self._said(arm) for arm in self.arms])

    def _said(self, arm: StabilityArm) -> str:
        first, last = arm.doses[0], arm.doses[-1]
        return _("%(arm)s: %(first)s %% at %(low)s, %(last)s %% at %(high)s") % {
            "arm": arm.arm.title,
            "first": number(first.output, 1),
            "low": f"{first.dose:g}",
            "last": number(last.output, 1),
            "high": f"{last.dose:g}",
        }

    @property
    def _names(self) -> list[str]:
        return [*(wrapped(arm.arm.title) for arm in self.arms), _("the input as it is")]

    @property
    def size(self) -> tuple[float, float]:
        names = self._names
        above = LEGEND_LINE * legend_lines(names, columns=legend_columns(names))
        return WIDTH, round(HEIGHT + AXIS_HEIGHT + above, 2)

    @property
    def table(self) -> Table:
        header = ("arm", "dose", "output", "output_low", "output_high", "input")
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (arm.arm.title, one.dose, one.output, one.low, one.high, one.input)
            for arm in self.arms
            for one in arm.doses
        )
        return Table(header, rows)

    def draw(self, figure: Figure, theme: Theme) -> None:
        axes = figure.add_subplot()
        dress(axes, theme, grid="y")
        handles = []
        for place, arm in enumerate(self.arms):
            doses = [one.dose for one in arm.doses]
            handles += axes.plot(
                doses,
                [one.output for one in arm.doses],
                color=colour(theme, place),
                marker=marker(place),
                markersize=5,
                linewidth=1.5,
            )
        inputs = self.arms[0].doses
        handles += axes.plot(
            [one.dose for one in inputs],
            [one.input for one in inputs],
            color=theme.soft,
            linestyle="--",
            linewidth=1.3,
        )
        axes.set_ylim(bottom=0)
        axes.set_xticks([one.dose for one in inputs])
        axes.set_xticklabels([f"{one.dose:g}" for one in inputs])
        axes.set_xlabel(_("share of the reference's counts"))
        axes.set_ylabel(_("error (%)"))
        legend(figure, theme, handles, self._names)


@dataclass(frozen=True)
class Severity(Picture):
    """One panel an arm: error of the binding ratio against the reference's."""

    stability: Stability
    name = "stability_severity"

    @property
    def arms(self) -> tuple[StabilityArm, ...]:
        return tuple(arm for arm in self.stability.arms if arm.sides)

    @property
    def columns(self) -> int:
        return min(COLUMNS, len(self.arms))

    @property
    def title(self) -> str:
        return _("Error of the binding ratio by its size in the reference")

    @property
    def caption(self) -> str:
        return _(
            "Each dot is one side of one patient: binding ratio in the arm minus that "
            "in the reference. Dots that fall from left to right: the arm shrinks "
            "patients towards the middle, and an abnormal one towards the normal."
        )

    @property
    def alt(self) -> str:
        return sentence([self._said(place) for place in range(len(self.arms))])

    def _said(self, place: int) -> str:
        arm = self.arms[place]
        errors = [one.output - one.reference for one in arm.sides]
        return _("%(arm)s: errors from %(low)s to %(high)s") % {
            "arm": arm.arm.title,
            "low": number(min(errors), 2),
            "high": number(max(errors), 2),
        }

    @property
    def size(self) -> tuple[float, float]:
        rows = -(-len(self.arms) // self.columns)
        return WIDTH, round(rows * (PANEL + MARGINS[2] + MARGINS[3]) + 0.1, 2)

    @property
    def table(self) -> Table:
        header = ("arm", "case", "side", "reference", "output", "grade")
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (arm.arm.title, one.case, one.side, one.reference, one.output, one.grade)
            for arm in self.arms
            for one in arm.sides
        )
        return Table(header, rows)

    def draw(self, figure: Figure, theme: Theme) -> None:
        columns = max(2, self.columns)
        places = panels(
            figure,
            len(self.arms),
            columns=columns,
            each=(panel_width(columns, MARGINS), PANEL),
            margins=MARGINS,
        )
        every = [one for arm in self.arms for one in arm.sides]
        errors = [one.output - one.reference for one in every]
        most = max(abs(one) for one in errors) * 1.08 or 1.0
        right = max(one.reference for one in every) * 1.05
        left = min(0.0, *(one.reference for one in every))
        for place, (axes, arm) in enumerate(zip(places, self.arms, strict=True)):
            axes.set_xlim(left, right)
            axes.set_ylim(-most, most)
            _draw_sides(axes, theme, arm, numbered=place % columns == 0)
            if place + columns >= len(self.arms):
                axes.set_xlabel(_("in the reference"), fontsize=SMALL)
            if place % columns == 0:
                axes.set_ylabel(_("arm − reference"), fontsize=SMALL)


def _draw_sides(axes: Axes, theme: Theme, arm: StabilityArm, *, numbered: bool) -> None:
    dress(axes, theme, grid="both")
    axes.axhline(0, color=theme.soft, linewidth=1.0)
    axes.plot(
        [one.reference for one in arm.sides],
        [one.output - one.reference for one in arm.sides],
        linestyle="none",
        marker="o",
        markersize=3.6,
        color=theme.series[0],
        alpha=0.65,
        markeredgewidth=0,
    )
    axes.set_title(
        wrapped(arm.arm.title, width=22, lines=2), fontsize=SMALL, color=theme.ink
    )
    axes.tick_params(labelsize=SMALL)
    if not numbered:
        axes.set_yticklabels([])


def stability_figures(report: Report) -> Sequence[Picture]:
    """Nothing where the suite looked at no arm."""
    found = report.stability
    if found is None:
        return ()
    doses, severity = Doses(found), Severity(found)
    made: list[Picture] = []
    if doses.arms:
        made.append(doses)
    if severity.arms:
        made.append(severity)
    return made
