"""Anatomical fidelity: how often something was wrong, in each arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..reporting.fidelity_section import ArmFidelity, FidelityQuestion
from ..reporting.report import Report
from ..templatetags.report_numbers import count_range
from .picture import Picture, Table, percent, sentence
from .questions import OfQuestion
from .shares import ShareRow, Shares, draw_shares
from .style import Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class FidelityBars(OfQuestion):
    """Shares of the answers in each arm, “nothing wrong” first."""

    trusted: FidelityQuestion
    kind = "fidelity"

    @property
    def shares(self) -> Shares:
        return Shares(
            rows=tuple(
                ShareRow(one.arm.title, tuple(rate.count for rate in one.all.rates))
                for one in self.trusted.arms
            ),
            values=self.question.values,
            words=self.answers,
            axis=_("Share of the answers given"),
            nothing=_("no answer"),
        )

    @property
    def title(self) -> str:
        return _("Shares of the answers in each arm, “%(question)s”") % {
            "question": self.words
        }

    @property
    def caption(self) -> str:
        totals = [one.all.ratings for one in self.trusted.arms]
        return _(
            "Shares of all answers in first readings, all readers (n = %(n)s answers "
            "in each arm)."
        ) % {"n": count_range((min(totals), max(totals)))}

    @property
    def alt(self) -> str:
        return sentence([self._said(one) for one in self.trusted.arms])

    def _said(self, line: ArmFidelity) -> str:
        total = line.all.ratings
        if not total:
            return _("%(arm)s: no answer") % {"arm": line.arm.title}
        parts = [
            f"{answer} {percent(rate.count / total)}"
            for answer, rate in zip(self.answers, line.all.rates, strict=True)
        ]
        return f"{line.arm.title}: {', '.join(parts)}"

    @property
    def size(self) -> tuple[float, float]:
        return self.shares.size

    @property
    def table(self) -> Table:
        return self.shares.table("answer")

    def draw(self, figure: Figure, theme: Theme) -> None:
        answers = range(len(self.question.answers) - 1)
        wrong = tuple(
            theme.series[1 + one % (len(theme.series) - 1)] for one in answers
        )
        draw_shares(figure, theme, self.shares, (theme.same, *wrong))


def fidelity_figures(report: Report) -> list[Picture]:
    if report.fidelity is None:
        return []
    return [
        FidelityBars(one.question, one)
        for one in report.fidelity.questions
        if any(line.all.ratings for line in one.arms)
    ]
