"""Second answers about whole images beside the first, reader by reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..outcomes import estimated
from ..reporting.arms import ArmName
from ..reporting.reliability_section import ReliableQuestion
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
from .picture import Picture, Table, sentence, told_with
from .questions import OfQuestion
from .readers import reader_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .style import Theme


@dataclass(frozen=True)
class AgainMarks(OfQuestion):
    """Kappa, or ICC of a number, of each reader in each arm that was read twice."""

    report: Report
    found: ReliableQuestion
    kind = "again"

    @property
    def title(self) -> str:
        return _("Second answers beside the first, “%(question)s”") % {
            "question": self.words
        }

    @property
    def caption(self) -> str:
        words = _(
            "%(measure)s of each reader's second answers with the first (n = %(n)s "
            "images), 95 %% intervals clustered by patient; 1 is the same answer "
            "throughout, 0 what chance gives."
        ) % {"measure": self.marks.axis, "n": count_range(self._counts)}
        return " ".join(said for said in (words, hollow_words(self.marks)) if said)

    @property
    def alt(self) -> str:
        named = zip(self._lines, self._marks, strict=True)
        parts = [
            _("%(arm)s, reader %(reader)s: %(value)s")
            % {
                "arm": arm.title,
                "reader": reader,
                "value": told_with(mark.value, mark.interval),
            }
            for (arm, reader), mark in named
            if estimated(mark.value) is not None
        ]
        return sentence([*parts, *not_estimable(self.marks)])

    @property
    def _lines(self) -> list[tuple[ArmName, str]]:
        lines = [(one.arm, one.reader) for one in self.found.again]
        return lines + [(one.arm, one.reader) for one in self.found.measured]

    @property
    def _marks(self) -> list[Mark]:
        kappas = [Mark(one.bootstrap.kappa, one.interval) for one in self.found.again]
        return kappas + [
            Mark(one.intraclass.estimate, one.intraclass.interval)
            for one in self.found.measured
        ]

    @property
    def _counts(self) -> tuple[int, int]:
        counts = [one.pairs.items for one in self.found.again]
        counts += [one.apart.items for one in self.found.measured]
        return min(counts), max(counts)

    @cached_property
    def marks(self) -> Marks:
        """The lines are arm by arm, each with every reader."""
        readers = len(self.report.readers)
        lines, marks = self._lines, self._marks
        rows = tuple(
            MarkRow(lines[start][0].title, tuple(marks[start : start + readers]))
            for start in range(0, len(lines), readers)
        )
        weighting = self.found.weighting
        return Marks(
            rows=rows,
            series=reader_names(self.report),
            codes=self.report.readers,
            axis=kappa_name(weighting) if weighting else "ICC(A,1)",
            limits=(lowest(ends(marks)), 1.0),
        )

    @property
    def size(self) -> tuple[float, float]:
        return self.marks.size

    @property
    def table(self) -> Table:
        value = "kappa" if self.found.weighting else "icc"
        return marks_table(self.marks, row="arm", series="reader", value=value)

    def draw(self, figure: Figure, theme: Theme) -> None:
        draw_marks(figure, theme, self.marks)


def reliability_figures(report: Report) -> Iterator[Picture]:
    """One a question that was asked twice, where something was answered."""
    for one in report.reliability.questions if report.reliability else ():
        figure = AgainMarks(one.question, report, one)
        marks = [mark for row in figure.marks.rows for mark in row.marks]
        if any(estimated(mark.value) is not None for mark in marks):
            yield figure
