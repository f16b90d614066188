"""Binding ratios against the reference's: one panel of Bland and Altman an arm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..outcomes import Interval, NotEstimable, estimated
from ..reporting.report import Report
from ..reporting.striatal_uptake import SIDES, ArmUptake
from ..templatetags.report_numbers import count_range, signed
from .axes import LEGEND_LINE, WIDTH, dress, legend, panel_width, panels
from .picture import Cell, Picture, Table, sentence, why_not
from .style import SMALL, Theme, colour, marker, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARGINS = (0.78, 0.08, 0.45, 0.3)  # inches; see axes.panels
HEIGHT = 1.75
MOST_DOTS = 3000  # as outlines in one file; more become pixels


@dataclass(frozen=True)
class Dot:
    """One side of one case: mean of both ratios, arm minus reference."""

    case: str
    side: str
    mean: float
    difference: float


@dataclass(frozen=True)
class BlandAltman(Picture):
    report: Report
    name = "bland_altman"

    @property
    def arms(self) -> tuple[ArmUptake, ...]:
        return self.report.striatum.uptakes

    @cached_property
    def dots(self) -> tuple[tuple[Dot, ...], ...]:
        """Of each arm."""
        return tuple(_dots(arm) for arm in self.arms)

    @property
    def columns(self) -> int:
        return min(3, max(2, len(self.arms)))

    @property
    def title(self) -> str:
        return _("Striatal binding ratio of each arm against the reference's")

    @property
    def caption(self) -> str:
        items = [arm.both.items for arm in self.arms]
        patients = [arm.both.patients for arm in self.arms]
        return _(
            "Binding ratio in the arm minus that in the reference, against the mean of "
            "both (sides: n = %(n)s; patients: n = %(patients)s). Line: bias; dashed: "
            "95 %% limits of agreement; shaded: their 95 %% intervals, clustered by "
            "patient (bias: t over patients; limits: Zou 2013)."
        ) % {
            "n": count_range((min(items), max(items))),
            "patients": count_range((min(patients), max(patients))),
        }

    @property
    def alt(self) -> str:
        return sentence([_said(arm) for arm in self.arms])

    @property
    def rows(self) -> int:
        return -(-len(self.arms) // self.columns)

    @property
    def size(self) -> tuple[float, float]:
        each = HEIGHT + MARGINS[2] + MARGINS[3]
        return WIDTH, round(self.rows * each + LEGEND_LINE + 0.2, 2)

    @property
    def table(self) -> Table:
        rows: list[tuple[Cell, ...]] = []
        for arm, dots in zip(self.arms, self.dots, strict=True):
            title = arm.arm.title
            rows += [
                (title, "side", one.case, one.side, one.mean, one.difference, None)
                for one in dots
            ]
            for what, value, span in _lines(arm):
                ends = (span.low, span.high) if span else (None, None)
                rows += [(title, what, "", "", None, value, None)]
                rows += [(title, f"{what}, interval", "", "", None, *ends)]
        header = ("arm", "what", "case", "side", "mean", "difference", "to")
        return Table(header, tuple(rows))

    def draw(self, figure: Figure, theme: Theme) -> None:
        from matplotlib.lines import Line2D

        each = (panel_width(self.columns, MARGINS), HEIGHT)
        margins = (MARGINS[0], MARGINS[1], MARGINS[2], MARGINS[3])
        places = panels(
            figure,
            len(self.arms),
            columns=self.columns,
            each=each,
            margins=margins,
            top=LEGEND_LINE,
        )
        limits = self._limits()
        for number, axes in enumerate(places):
            self._draw_panel(axes, theme, number, limits)
        size = SMALL + 0.5
        figure.supxlabel(
            _("Mean of both ratios"), y=0.01, color=theme.soft, fontsize=size
        )
        figure.supylabel(
            _("Arm minus reference"), x=0.008, color=theme.soft, fontsize=size
        )
        handles = [
            Line2D([], [], linestyle="none", marker=marker(k), color=colour(theme, k))
            for k in range(len(SIDES))
        ]
        legend(figure, theme, handles, [_("patient's right"), _("patient's left")])

    def _limits(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The same of all panels, so that arms can be compared."""
        every = [one for dots in self.dots for one in dots]
        spread = [one.difference for one in every] + [0.0]
        for arm in self.arms:
            for _what, value, span in _lines(arm):
                spread += [] if value is None else [value]
                spread += [span.low, span.high] if span else []
        return _room([one.mean for one in every]), _room(spread)

    def _draw_panel(
        self,
        axes: Axes,
        theme: Theme,
        number: int,
        limits: tuple[tuple[float, float], tuple[float, float]],
    ) -> None:
        arm, dots = self.arms[number], self.dots[number]
        dress(axes, theme, grid="none")
        axes.set_title(
            wrapped(arm.arm.title, width=28, lines=2), fontsize=SMALL, color=theme.ink
        )
        axes.set_xlim(*limits[0])
        axes.set_ylim(*limits[1])
        axes.tick_params(labelsize=SMALL)
        axes.tick_params(labelleft=number % self.columns == 0)
        axes.axhline(0, color=theme.line, lw=1, zorder=1)
        for what, value, span in _lines(arm):
            style = "-" if what == "bias" else "--"
            if span:
                axes.axhspan(span.low, span.high, color=theme.line, alpha=0.55, lw=0)
            if value is not None:
                axes.axhline(value, color=theme.ink, lw=1.2, linestyle=style, zorder=2)
        many = sum(map(len, self.dots)) > MOST_DOTS
        for series, side in enumerate(SIDES):
            found = [one for one in dots if one.side == side]
            axes.plot(
                [one.mean for one in found],
                [one.difference for one in found],
                linestyle="none",
                marker=marker(series),
                markersize=3.6,
                alpha=0.75,
                color=colour(theme, series),
                markeredgewidth=0,
                rasterized=many,
                zorder=3,
            )
        if not dots:
            axes.text(
                0.5,
                0.6,
                wrapped(_said(arm), width=30),
                color=theme.soft,
                fontsize=SMALL,
                ha="center",
                transform=axes.transAxes,
            )


def _dots(arm: ArmUptake) -> tuple[Dot, ...]:
    found = []
    for case in arm.cases:
        for side in case.sides:
            ratio, reference = estimated(side.ratio), estimated(side.reference)
            if ratio is not None and reference is not None:
                mean = (ratio + reference) / 2
                found.append(Dot(case.case, side.side, mean, ratio - reference))
    return tuple(found)


def _lines(arm: ArmUptake) -> list[tuple[str, float | None, Interval | None]]:
    """Those that are drawn: what, where, and its interval."""
    both = arm.both
    return [
        ("bias", estimated(both.bias), estimated(both.bias_interval)),
        ("lower limit", estimated(both.lower), estimated(both.lower_interval)),
        ("upper limit", estimated(both.upper), estimated(both.upper_interval)),
    ]


def _said(arm: ArmUptake) -> str:
    both = arm.both
    if isinstance(both.bias, NotEstimable):
        return f"{arm.arm.title}: {why_not(both.bias)}"
    words = _("%(arm)s: bias %(bias)s") % {
        "arm": arm.arm.title,
        "bias": signed(both.bias, 2),
    }
    if isinstance(both.lower, NotEstimable) or isinstance(both.upper, NotEstimable):
        return words
    return words + _(", limits of agreement %(lower)s and %(upper)s") % {
        "lower": signed(both.lower, 2),
        "upper": signed(both.upper, 2),
    }


def _room(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room


def bland_altman(report: Report) -> BlandAltman | None:
    """None where no side has a ratio in an arm and in the reference."""
    made = BlandAltman(report)
    return made if any(made.dots) else None
