"""Grades as bars: those given in each arm, and how far they lie from the standard."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..outcomes import NotEstimable
from ..reporting.report import GradeLine, KappaLine, Report
from ..templatetags.report_numbers import count_range, interval, signed
from .axes import AXIS_HEIGHT, LEGEND_LINE, WIDTH, dress, legend, name_rows
from .picture import Cell, Picture, Table, percent, sentence, standard_words, why_not
from .style import SMALL, Theme, on, ramp, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAR = 0.62  # of a row's height


def _height(titles: list[str], legend_rows: int) -> float:
    lines = max((wrapped(title).count("\n") + 1 for title in titles), default=1)
    row = max(0.34, 0.17 * lines + 0.1)
    return round(row * len(titles) + LEGEND_LINE * legend_rows + AXIS_HEIGHT, 2)


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
    def words(self) -> list[str]:
        """Of the legend."""
        pairs = zip(self.report.categories, self.report.grade_words, strict=True)
        return [f"{grade} {_(words)}" for grade, words in pairs]

    @property
    def size(self) -> tuple[float, float]:
        titles = [line.arm.title for line in self.report.grades]
        return WIDTH, _height(titles, 2)

    @property
    def table(self) -> Table:
        rows: list[tuple[Cell, ...]] = []
        for line in self.report.grades:
            total = sum(line.counts)
            for grade, count in zip(self.report.categories, line.counts, strict=True):
                share = count / total if total else None
                rows.append((line.arm.title, grade, count, share))
        return Table(("arm", "grade", "count", "share"), tuple(rows))

    def draw(self, figure: Figure, theme: Theme) -> None:
        axes = figure.add_subplot()
        dress(axes, theme, grid="none")
        lines = self.report.grades
        name_rows(axes, theme, [line.arm.title for line in lines], bands=False)
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], [percent(k / 4) for k in range(5)])
        axes.set_xlabel(_("Share of the grades given"))
        shades = ramp(theme.grades, len(self.report.categories))
        for place, line in enumerate(lines):
            self._draw_row(axes, theme, place, line, shades)
        _legend(figure, theme, shades, self.words)

    def _draw_row(
        self,
        axes: Axes,
        theme: Theme,
        place: int,
        line: GradeLine,
        shades: tuple[str, ...],
    ) -> None:
        total, left = sum(line.counts), 0.0
        for grade, count, shade in zip(
            self.report.categories, line.counts, shades, strict=True
        ):
            if not count:
                continue
            share = count / total
            axes.barh(
                place, share, BAR, left=left, color=shade, edgecolor=theme.page, lw=0.8
            )
            if share > 0.03:
                where = (left + share / 2, place)
                _text(axes, where, str(grade), color=on(shade), ha="center")
            left += share
        if not total:
            _text(axes, (0.01, place), _("no grade"), color=theme.soft, ha="left")


def _text(
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


def _legend(
    figure: Figure, theme: Theme, shades: tuple[str, ...], words: list[str]
) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=shade, edgecolor=theme.soft, lw=0.5) for shade in shades]
    legend(figure, theme, handles, words)


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
        return WIDTH, _height([row.title for row in self.rows], 2)

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
        _legend(figure, theme, tuple(shades[d] for d in self.differences if d), names)

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
