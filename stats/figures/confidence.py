"""ROC curves of how sure readers were of a finding."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..outcomes import NotEstimable
from ..reporting.confidence_section import ConfidenceQuestion
from ..reporting.report import Report
from .axes import WIDTH
from .curves import Line, Square, curve_rows, draw_squares, height
from .picture import Picture, Table, sentence, told, told_with
from .questions import OfQuestion
from .readers import reader_names
from .style import Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEAN = -1  # series of a mean over readers


@dataclass(frozen=True)
class RocCurves(OfQuestion):
    """What both figures share."""

    sure: ConfidenceQuestion
    report: Report

    @property
    @abstractmethod
    def squares(self) -> tuple[Square, ...]: ...

    @property
    @abstractmethod
    def names(self) -> list[tuple[str, int, bool]]:
        """Words, series and whether drawn thick, of each line of the legend."""

    @property
    def cases(self) -> str:
        confidence = self.report.confidence
        assert confidence is not None
        return _(
            "Empirical curves of %(with)s cases with the finding and %(without)s "
            "without; the dotted line is chance."
        ) % {"with": confidence.with_finding, "without": confidence.without}

    @property
    def alt(self) -> str:
        return sentence(
            [
                _("%(arm)s: mean area %(area)s")
                % {
                    "arm": one.arm.title,
                    "area": told_with(one.mean.area, one.mean.interval, 3),
                }
                for one in self.sure.arms
            ]
        )

    @property
    def size(self) -> tuple[float, float]:
        return WIDTH, height(self.squares, [one[0] for one in self.names])

    @property
    def table(self) -> Table:
        header = ("panel", "curve", "false_positives", "sensitivity", "reason")
        return Table(
            header,
            tuple(
                row
                for square in self.squares
                for line in square.lines
                for row in curve_rows(square.title, line)
            ),
        )

    def draw(self, figure: Figure, theme: Theme) -> None:
        draw_squares(
            figure,
            theme,
            self.squares,
            names=self.names,
            across=_("1 − specificity"),
            up=_("Sensitivity"),
        )


@dataclass(frozen=True)
class ArmCurves(RocCurves):
    """Means over the readers of all arms, in one square."""

    kind = "roc"

    @property
    def title(self) -> str:
        return _("ROC curves of the arms, “%(question)s”") % {"question": self.words}

    @property
    def caption(self) -> str:
        means = _("Means over the readers; in the legend the mean areas.")
        return f"{self.cases} {means}"

    @property
    def squares(self) -> tuple[Square, ...]:
        lines = tuple(
            Line(one.arm.title, place, one.curve)
            for place, one in enumerate(self.sure.arms)
        )
        return (Square("", lines),)

    @property
    def names(self) -> list[tuple[str, int, bool]]:
        return [
            (f"{one.arm.title}: {told(one.mean.area, 3)}", place, False)
            for place, one in enumerate(self.sure.arms)
            if not isinstance(one.curve, NotEstimable)
        ]


@dataclass(frozen=True)
class ReaderCurves(RocCurves):
    """A square for each arm, with its readers and their mean."""

    kind = "roc_readers"

    @property
    def title(self) -> str:
        return _("ROC curves of the readers, “%(question)s”") % {"question": self.words}

    @property
    def caption(self) -> str:
        each = _("Arm by arm each reader and, thick, their mean.")
        return f"{self.cases} {each}"

    @property
    def squares(self) -> tuple[Square, ...]:
        readers = reader_names(self.report)
        mean = _("mean of the readers")
        return tuple(
            Square(
                one.arm.title,
                (
                    *(
                        Line(name, place, curve)
                        for place, (name, curve) in enumerate(
                            zip(readers, one.curves, strict=True)
                        )
                    ),
                    *([Line(mean, MEAN, one.curve, strong=True)] * (len(readers) > 1)),
                ),
            )
            for one in self.sure.arms
        )

    @property
    def names(self) -> list[tuple[str, int, bool]]:
        readers = reader_names(self.report)
        found = [(name, place, False) for place, name in enumerate(readers)]
        if len(readers) > 1:
            found.append((_("mean of the readers"), MEAN, True))
        return found


def confidence_figures(report: Report) -> list[Picture]:
    """Two a question; none where no reader has a curve in any arm."""
    found: list[Picture] = []
    if report.confidence is None:
        return found
    for one in report.confidence.questions:
        if any(not isinstance(arm.curve, NotEstimable) for arm in one.arms):
            found.append(ArmCurves(one.question, one, report))
        curves = [curve for arm in one.arms for curve in arm.curves]
        if any(not isinstance(curve, NotEstimable) for curve in curves):
            found.append(ReaderCurves(one.question, one, report))
    return found
