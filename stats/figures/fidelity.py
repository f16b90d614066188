"""Anatomical fidelity: how often something was wrong, in each arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..reporting.report import Report
from .picture import Picture
from .questions import AnswerShares
from .shares import ShareRow, draw_shares
from .style import Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class FidelityBars(AnswerShares):
    """“Nothing wrong” first."""

    kind = "fidelity"

    def draw(self, figure: Figure, theme: Theme) -> None:
        answers = range(len(self.question.answers) - 1)
        wrong = tuple(
            theme.series[1 + one % (len(theme.series) - 1)] for one in answers
        )
        draw_shares(figure, theme, self.shares, (theme.same, *wrong))


def fidelity_figures(report: Report) -> list[Picture]:
    found: list[Picture] = []
    for one in report.fidelity.questions if report.fidelity else ():
        rows = tuple(
            ShareRow(line.arm.title, tuple(rate.count for rate in line.all.rates))
            for line in one.arms
        )
        if any(row.total for row in rows):
            found.append(FidelityBars(one.question, rows))
    return found
