"""Ratings of image quality: shares of the answers, and the grading curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..outcomes import NotEstimable
from ..reporting.arms import ArmName
from ..reporting.rating_section import RatedQuestion
from ..reporting.report import Report
from .axes import WIDTH
from .curves import Line, Square, curve_rows, draw_squares, height
from .picture import Picture, Table, sentence, told, told_with
from .questions import AnswerShares, OfQuestion
from .shares import ShareRow, draw_shares
from .style import Theme, ramp

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class RatingShares(AnswerShares):
    """The worst answer first."""

    kind = "ratings"

    def draw(self, figure: Figure, theme: Theme) -> None:
        shades = ramp(theme.grades, len(self.question.answers))
        draw_shares(figure, theme, self.shares, shades)


@dataclass(frozen=True)
class GradingCurves(OfQuestion):
    """Visual grading characteristics: each arm's mean curve."""

    rated: RatedQuestion
    against: ArmName
    kind = "vgc"

    @property
    def title(self) -> str:
        return _("Visual grading characteristics of each arm, “%(question)s”") % {
            "question": self.words
        }

    @property
    def caption(self) -> str:
        return _(
            "For each answer the share of ratings that are as good or better, in "
            "“%(reference)s” across and in the arm upwards; mean over the readers. "
            "Above the dotted line the arm is rated better."
        ) % {"reference": self.against.title}

    @property
    def alt(self) -> str:
        return sentence(
            [
                _("%(arm)s: area %(area)s")
                % {
                    "arm": one.arm.title,
                    "area": told_with(one.mean.area, one.mean.interval),
                }
                for one in self.rated.graded
            ]
        )

    @property
    def squares(self) -> tuple[Square, ...]:
        lines = tuple(
            Line(one.arm.title, place, one.curve)
            for place, one in enumerate(self.rated.graded)
        )
        return (Square("", lines),)

    @property
    def names(self) -> list[tuple[str, int, bool]]:
        return [
            (f"{one.arm.title}: {told(one.mean.area)}", place, False)
            for place, one in enumerate(self.rated.graded)
            if not isinstance(one.curve, NotEstimable)
        ]

    @property
    def size(self) -> tuple[float, float]:
        return WIDTH, height(self.squares, [one[0] for one in self.names])

    @property
    def table(self) -> Table:
        header = ("arm", "share_of_reference", "share_of_arm", "reason")
        rows = [
            row[1:]
            for square in self.squares
            for line in square.lines
            for row in curve_rows(square.title, line)
        ]
        return Table(header, tuple(rows))

    def draw(self, figure: Figure, theme: Theme) -> None:
        draw_squares(
            figure,
            theme,
            self.squares,
            names=self.names,
            across=_("Share in “%(arm)s”") % {"arm": self.against.title},
            up=_("Share in the arm"),
        )


def rating_figures(report: Report) -> list[Picture]:
    """Two a question; without a rating none."""
    found: list[Picture] = []
    if report.ratings is None:
        return found
    for one in report.ratings.questions:
        rows = tuple(ShareRow(x.arm.title, x.all.counts) for x in one.arms)
        if any(row.total for row in rows):
            found.append(RatingShares(one.question, rows))
        if any(not isinstance(line.curve, NotEstimable) for line in one.graded):
            found.append(GradingCurves(one.question, one, report.ratings.against))
    return found
