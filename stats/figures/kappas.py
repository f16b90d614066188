"""Agreement with the reference standard, arm by arm and reader by reader."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..agreement.kappa import Weighting
from ..outcomes import estimated
from ..reporting.report import Report
from ..templatetags.report_numbers import count_range, kappa_name
from .marks import (
    Mark,
    MarkRow,
    Marks,
    draw_marks,
    ends,
    hollow_words,
    lowest,
    marks_table,
    not_estimable,
)
from .picture import Picture, Table, listed, told

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .style import Theme


def reader_names(report: Report) -> tuple[str, ...]:
    return tuple(_("reader %(code)s") % {"code": code} for code in report.readers)


@dataclass(frozen=True)
class Kappas(Picture):
    report: Report
    name = "kappa"

    @property
    def weighting(self) -> Weighting:
        return self.report.plan.weighting

    @cached_property
    def marks(self) -> Marks:
        rows = tuple(
            MarkRow(
                title=line.arm.title,
                marks=tuple(Mark(r.both.kappa, r.both.interval) for r in line.readers),
                mean=Mark(line.mean) if len(line.readers) > 1 else None,
                bold=line.arm == self.report.primary.primary,
            )
            for line in self.report.kappa
        )
        values = ends([mark for row in rows for mark in row.marks])
        return Marks(
            rows=rows,
            series=reader_names(self.report),
            axis=kappa_name(self.weighting),
            limits=(lowest(values), 1.0),
            all_of_them=_("mean of the readers"),
        )

    @property
    def title(self) -> str:
        return _("%(kappa)s of each reader in each arm, with 95 %% intervals") % {
            "kappa": kappa_name(self.weighting)
        }

    @property
    def caption(self) -> str:
        words = _(
            "Kappa with the reading of “%(reference)s” and its 95 %% interval, "
            "clustered by patient (n = %(n)s; delta method, t distribution on the "
            "Fisher z scale)."
        ) % {
            "reference": self.report.reference.title,
            "n": count_range(self.report.kappa_patients),
        }
        return f"{words} {hollow_words(self.marks)}".strip()

    @property
    def alt(self) -> str:
        parts = []
        for line in self.report.kappa:
            values = [estimated(one.both.kappa) for one in line.readers]
            found = [value for value in values if value is not None]
            words = _("%(arm)s: mean kappa %(mean)s") % {
                "arm": line.arm.title,
                "mean": told(line.mean),
            }
            if len(found) > 1:
                words += _(", readers from %(low)s to %(high)s") % {
                    "low": told(min(found)),
                    "high": told(max(found)),
                }
            parts.append(words)
        return f"{listed([*parts, *not_estimable(self.marks)])}."

    @property
    def size(self) -> tuple[float, float]:
        return self.marks.size

    @property
    def table(self) -> Table:
        return marks_table(self.marks, row="arm", series="reader", value="kappa")

    def draw(self, figure: Figure, theme: Theme) -> None:
        draw_marks(figure, theme, self.marks)


def kappas(report: Report) -> Kappas | None:
    """None without arms or readers."""
    return Kappas(report) if report.kappa and report.readers else None
