"""Every arm's kappa against the control's, over these readers, with the margin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from ..multireader import Difference
from ..outcomes import estimated
from ..reporting.report import Report
from ..templatetags.report_numbers import count_range
from .marks import Mark, MarkRow, Marks, ends
from .picture import told_with
from .readers import ReaderMarks, range_of, reader_names


@dataclass(frozen=True)
class Differences(ReaderMarks):
    value: str = "difference"
    name = "kappa_differences"

    @property
    def margin(self) -> float | None:
        return self.report.multireader.margin

    @cached_property
    def marks(self) -> Marks:
        many = len(self.report.multireader.readers) > 1
        rows = tuple(
            MarkRow(
                title=line.arm.title,
                marks=tuple(_mark(one) for one in line.found.by_reader),
                mean=_mark(line.found.mean) if many else None,
                bold=line.arm == self.report.primary.primary,
            )
            for line in self.report.multireader.comparisons
        )
        every = [mark for row in rows for mark in (*row.marks, row.mean) if mark]
        reach = max([0.1, self.margin or 0.0, *(abs(end) for end in ends(every))])
        return Marks(
            rows=rows,
            series=reader_names(self.report),
            codes=self.report.multireader.readers,
            axis=_("Difference of kappa, arm minus “%(control)s”")
            % {"control": self._control},
            limits=(-reach, reach),
            all_of_them=_("mean of these readers"),
            zero=True,
            margin=self.margin,
        )

    @property
    def _control(self) -> str:
        control = self.report.multireader.control
        return control.title if control else ""

    @property
    def title(self) -> str:
        return _("Kappa of each arm against the control's")

    @property
    def caption(self) -> str:
        found = self.report.multireader
        words = _(
            "Kappa of the arm minus kappa of “%(control)s” with its 95 %% interval, "
            "for these readers, clustered by patient (n = %(n)s; joint over readers "
            "and arms, t distribution). Right of 0: the arm agrees better with the "
            "standard."
        ) % {"control": self._control, "n": count_range(found.compared_patients)}
        if self.margin is not None:
            dashed = _(
                "Dashed: the margin, −%(margin)s; an arm whose whole interval lies to "
                "its right is not inferior by it."
            ) % {"margin": f"{self.margin:.3g}"}
            words = f"{words} {dashed}"
        return self._marked(words, bold=_("In bold: the primary arm."))

    @property
    def alt(self) -> str:
        margin = (
            [_("margin −%(margin)s") % {"margin": f"{self.margin:.3g}"}]
            if self.margin is not None
            else []
        )
        return self._told(
            [
                _("%(arm)s: difference %(difference)s")
                % {
                    "arm": line.arm.title,
                    "difference": told_with(
                        line.found.mean.difference, line.found.mean.interval
                    ),
                }
                + range_of([one.difference for one in line.found.by_reader])
                for line in self.report.multireader.comparisons
            ]
            + margin
        )


def _mark(one: Difference) -> Mark:
    return Mark(one.difference, one.interval)


def differences(report: Report) -> Differences | None:
    """None without a control, or where no difference is estimable."""
    lines = report.multireader.comparisons
    found = [estimated(line.found.mean.difference) for line in lines] + [
        estimated(one.difference) for line in lines for one in line.found.by_reader
    ]
    return Differences(report) if any(one is not None for one in found) else None
