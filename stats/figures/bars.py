"""Grades as bars: those given in each arm, and how far they lie from the standard."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..outcomes import NotEstimable
from ..reporting.report import GradeLine, KappaLine, Report
from ..templatetags.report_numbers import count_range, interval, signed
from .axes import dress, name_rows
from .picture import Picture, Table, percent, sentence, standard_words, why_not
from .shares import (
    BAR,
    ShareRow,
    Shares,
    bars_legend,
    bars_size,
    draw_shares,
)
from .style import SMALL, Theme, ramp, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Grades(Picture):
    """Shares of the grades in each arm, lowest grade first."""

    report: Report
    name = "grades"

    @property
    def title(self) -> str:
        return _("Shares of the grades in each arm")

    @property
    def caption(self) -> str:
        totals = [sum(line.counts) for line in self.report.grades]
        return _(
            "Shares of all grades given in first readings, all readers and sides "
            "(n = %(n)s grades in each arm)."
        ) % {"n": count_range((min(totals), max(totals)))}

    @property
    def alt(self) -> str:
        return sentence([self._said(line) for line in self.report.grades])

    def _said(self, line: GradeLine) -> str:
        total = sum(line.counts)
        if not total:
            return _("%(arm)s: no grade") % {"arm": line.arm.title}
        shares = [
            _("grade %(grade)s %(share)s")
            % {"grade": grade, "share": percent(count / total)}
            for grade, count in zip(self.report.categories, line.counts, strict=True)
        ]
        return f"{line.arm.title}: {', '.join(shares)}"

    @property
    def shares(self) -> Shares:
        pairs = zip(self.report.categories, self.report.grade_words, strict=True)
        return Shares(
            rows=tuple(ShareRow(x.arm.title, x.counts) for x in self.report.grades),
            values=self.report.categories,
            words=tuple(f"{grade} {_(words)}" for grade, words in pairs),
            axis=_("Share of the grades given"),
            nothing=_("no grade"),
        )

    @property
    def size(self) -> tuple[float, float]:
        return self.shares.size

    @property
    def table(self) -> Table:
        return self.shares.table("grade")

    def draw(self, figure: Figure, theme: Theme) -> None:
        shades = ramp(theme.grades, len(self.report.categories))
        draw_shares(figure, theme, self.shares, shades)


def grades(report: Report) -> Grades | None:
    """None where no grade was given."""
    return Grades(report) if any(sum(x.counts) for x in report.grades) else None


@dataclass(frozen=True)
class ShiftRow:
    """counts: of each difference from the lowest possible to the highest."""

    title: str
    counts: tuple[int, ...]
    mean: str

    @property
    def total(self) -> int:
        return sum(self.counts)

    def share(self, place: int) -> float:
        return self.counts[place] / self.total if self.total else 0.0


@dataclass(frozen=True)
class Shifts(Picture):
    """Grade in the arm minus the same reader's grade in the reference."""

    report: Report
    name = "grade_shift"

    @property
    def furthest(self) -> int:
        return len(self.report.categories) - 1

    @property
    def differences(self) -> list[int]:
        """In steps of the scale."""
        return list(range(-self.furthest, self.furthest + 1))

    @cached_property
    def rows(self) -> tuple[ShiftRow, ...]:
        means = {line.arm: _mean(line) for line in self.report.grades}
        return tuple(
            ShiftRow(line.arm.title, _differences(line), means.get(line.arm, ""))
            for line in self.report.kappa
        )

    @property
    def title(self) -> str:
        return _("How far the grades of each arm lie from the standard")

    @property
    def caption(self) -> str:
        totals = [row.total for row in self.rows]
        return _(
            "Grade in the arm minus the standard (%(standard)s), all readers and sides "
            "(n = %(n)s pairs in each arm). Bars to the right: graded healthier "
            "than the standard. On the right: the mean difference and its 95 %% t "
            "interval over patients (n = %(patients)s)."
        ) % {
            "standard": standard_words(self.report),
            "n": count_range((min(totals), max(totals))),
            "patients": count_range(self.report.kappa_patients),
        }

    @property
    def alt(self) -> str:
        return sentence([self._said(row) for row in self.rows])

    def _said(self, row: ShiftRow) -> str:
        if not row.total:
            return _("%(arm)s: no pair") % {"arm": row.title}
        middle = self.furthest
        return _(
            "%(arm)s: %(lower)s lower, %(same)s the same, %(higher)s higher than the "
            "standard, mean difference %(mean)s"
        ) % {
            "arm": row.title,
            "lower": percent(sum(row.counts[:middle]) / row.total),
            "same": percent(row.share(middle)),
            "higher": percent(sum(row.counts[middle + 1 :]) / row.total),
            "mean": row.mean,
        }

    @property
    def size(self) -> tuple[float, float]:
        return bars_size([row.title for row in self.rows], 2)

    @property
    def table(self) -> Table:
        return Table(
            ("arm", "difference", "pairs", "share"),
            tuple(
                (row.title, difference, row.counts[place], row.share(place))
                for row in self.rows
                for place, difference in enumerate(self.differences)
            ),
        )

    def draw(self, figure: Figure, theme: Theme) -> None:
        axes = figure.add_subplot()
        dress(axes, theme)
        name_rows(axes, theme, [row.title for row in self.rows])
        shades = self._shades(theme)
        for place, row in enumerate(self.rows):
            self._draw_row(axes, theme, place, row, shades)
        axes.axvline(0, color=theme.soft, lw=1)
        self._label(axes, theme)
        names = [f"{d:+d}".replace("-", "−") for d in self.differences if d]
        bars_legend(
            figure, theme, tuple(shades[d] for d in self.differences if d), names
        )

    def _shades(self, theme: Theme) -> dict[int, str]:
        below, above = (ramp(s, self.furthest) for s in (theme.below, theme.above))
        steps = range(1, self.furthest + 1)
        return {-k: below[k - 1] for k in steps} | {k: above[k - 1] for k in steps}

    def _draw_row(
        self,
        axes: Axes,
        theme: Theme,
        place: int,
        row: ShiftRow,
        shades: dict[int, str],
    ) -> None:
        for sign in (-1, 1):
            left = 0.0
            for step in range(1, self.furthest + 1):
                share = row.share(self.furthest + sign * step)
                if share:
                    axes.barh(
                        place,
                        sign * share,
                        BAR,
                        left=left,
                        color=shades[sign * step],
                        edgecolor=theme.page,
                        lw=0.8,
                    )
                left += sign * share
        axes.annotate(
            wrapped(row.mean, width=26),
            (1, place),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=theme.ink,
        )

    def _label(self, axes: Axes, theme: Theme) -> None:
        """The same room on both sides; percentages without a sign."""
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        sides = [
            sum(
                row.share(self.furthest + sign * k) for k in range(1, self.furthest + 1)
            )
            for row in self.rows
            for sign in (-1, 1)
        ]
        reach = max([0.1, *sides]) * 1.05
        axes.set_xlim(-reach, reach)
        axes.xaxis.set_major_locator(MaxNLocator(6, symmetric=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _at: percent(abs(x))))
        axes.set_xlabel(_("← lower than the standard · share of pairs · higher →"))


def _differences(line: KappaLine) -> tuple[int, ...]:
    """Pairs at each difference in steps, over all readers."""
    size = len(line.readers[0].both.categories) if line.readers else 0
    counts = [0] * max(0, 2 * size - 1)
    for one in line.readers:
        for standard, row in enumerate(one.both.table):
            for given, count in enumerate(row):
                counts[given - standard + size - 1] += count
    return tuple(counts)


def _mean(line: GradeLine) -> str:
    """+0.12 (0.03 to 0.21)."""
    if line.shift is None:
        return ""
    if isinstance(line.shift.mean, NotEstimable):
        return why_not(line.shift.mean)
    words = signed(line.shift.mean, 2)
    if isinstance(line.shift.interval, NotEstimable):
        return words
    return f"{words} ({interval(line.shift.interval, 2)})"


def shifts(report: Report) -> Shifts | None:
    """None where nothing was graded in an arm and in the reference."""
    made = Shifts(report)
    return made if any(row.total for row in made.rows) else None
