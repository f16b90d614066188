"""Figures with a mark for each reader in each arm: kappa, blinding, reading time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..agreement.kappa import Weighting
from ..outcomes import Interval, NotEstimable, estimated
from ..reporting.blinding_tables import ArmBlinding
from ..reporting.reading_times import ReadingTime
from ..reporting.report import KappaLine, Report
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
from .picture import Picture, Table, sentence, standard_words, told, told_with

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .style import Theme


def reader_names(report: Report) -> tuple[str, ...]:
    return tuple(_("reader %(reader)s") % {"reader": code} for code in report.readers)


def range_of(values: Sequence[float | NotEstimable], digits: int = 2) -> str:
    """“, readers from 0.62 to 0.70”; empty where fewer than two have a number."""
    found = [value for value in map(estimated, values) if value is not None]
    if len(found) < 2:
        return ""
    return _(", readers from %(low)s to %(high)s") % {
        "low": told(min(found), digits),
        "high": told(max(found), digits),
    }


@dataclass(frozen=True)
class ReaderMarks(Picture):
    """What these figures share; `marks` says what is drawn."""

    report: Report
    value: str = ""  # what the column of the values is called

    @property
    @abstractmethod
    def marks(self) -> Marks: ...

    @property
    def size(self) -> tuple[float, float]:
        return self.marks.size

    @property
    def table(self) -> Table:
        return marks_table(self.marks, row="arm", series="reader", value=self.value)

    def draw(self, figure: Figure, theme: Theme) -> None:
        draw_marks(figure, theme, self.marks)

    def _told(self, parts: Sequence[str]) -> str:
        return sentence([*parts, *not_estimable(self.marks)])

    def _marked(self, words: str, *, bold: str) -> str:
        """The words, and what a bold name and a hollow mark mean."""
        if not any(row.bold for row in self.marks.rows):
            bold = ""
        return " ".join(w for w in (words, bold, hollow_words(self.marks)) if w)


@dataclass(frozen=True)
class Kappas(ReaderMarks):
    """Agreement with the reference standard."""

    value: str = "kappa"
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
                mean=self._mean(line) if len(line.readers) > 1 else None,
                bold=line.arm == self.report.primary.primary,
            )
            for line in self.report.kappa
        )
        values = ends([mark for row in rows for mark in (*row.marks, row.mean) if mark])
        return Marks(
            rows=rows,
            series=reader_names(self.report),
            codes=self.report.readers,
            axis=kappa_name(self.weighting),
            limits=(lowest(values), 1.0),
            all_of_them=_("mean of the readers"),
        )

    def _mean(self, line: KappaLine) -> Mark:
        """With its interval over these readers, joint over readers and patients."""
        for one in self.report.multireader.means:
            if one.arm == line.arm:
                return Mark(one.kappa.mean, one.kappa.interval)
        return Mark(line.mean)

    @property
    def title(self) -> str:
        return _("%(kappa)s of each reader in each arm, with 95 %% intervals") % {
            "kappa": kappa_name(self.weighting)
        }

    @property
    def caption(self) -> str:
        words = _(
            "Kappa with the standard (%(standard)s) and its 95 %% interval, clustered "
            "by patient (n = %(n)s; delta method, t distribution on the Fisher z "
            "scale)."
        ) % {
            "standard": standard_words(self.report),
            "n": count_range(self.report.kappa_patients),
        }
        return self._marked(words, bold=_("In bold: the primary arm."))

    @property
    def alt(self) -> str:
        return self._told(
            [
                _("%(arm)s: mean kappa %(mean)s")
                % {"arm": line.arm.title, "mean": self._told_mean(line)}
                + range_of([one.both.kappa for one in line.readers])
                for line in self.report.kappa
            ]
        )

    def _told_mean(self, line: KappaLine) -> str:
        mean = self._mean(line)
        return told_with(mean.value, mean.interval)


def kappas(report: Report) -> Kappas | None:
    """None without arms or readers."""
    return Kappas(report) if report.kappa and report.readers else None


@dataclass(frozen=True)
class BlindingIndices(ReaderMarks):
    """Bang's index: did readers know what they saw?"""

    value: str = "index"
    name = "blinding"

    @property
    def arms(self) -> tuple[ArmBlinding, ...]:
        return self.report.blinding.arms if self.report.blinding else ()

    @cached_property
    def marks(self) -> Marks:
        many = len(self.report.readers) > 1
        return Marks(
            rows=tuple(
                MarkRow(
                    title=line.arm.title if line.arm else "",
                    marks=tuple(Mark(r.index.index, r.interval) for r in line.readers),
                    mean=_pooled(line) if many else None,
                    bold=line.arm == self.report.reference,
                )
                for line in self.arms
            ),
            series=reader_names(self.report),
            codes=self.report.readers,
            axis=_("Bang's index"),
            limits=(-1.0, 1.0),
            all_of_them=_("all readers"),
            zero=True,
        )

    @property
    def title(self) -> str:
        return _("Bang's blinding index of each reader in each arm")

    @property
    def caption(self) -> str:
        blinding = self.report.blinding
        words = _(
            "Share of correct minus share of wrong guesses with its 95 %% interval "
            "(Bang's, or clustered by patient where a patient was asked about more "
            "than once); n = %(n)s guesses. 0: as by chance; 1: all correct."
        ) % {"n": blinding.answered if blinding else 0}
        return self._marked(words, bold=_("In bold: the reference."))

    @property
    def alt(self) -> str:
        return self._told(
            [
                _("%(arm)s: index %(index)s")
                % {
                    "arm": line.arm.title if line.arm else "",
                    "index": told_with(line.pooled.index.index, line.pooled.interval),
                }
                + range_of([one.index.index for one in line.readers])
                for line in self.arms
            ]
        )


def _pooled(line: ArmBlinding) -> Mark:
    return Mark(line.pooled.index.index, line.pooled.interval)


def blinding_indices(report: Report) -> BlindingIndices | None:
    """None where no guess was asked for or given."""
    if report.blinding is None or not report.blinding.answered or not report.readers:
        return None
    return BlindingIndices(report)


@dataclass(frozen=True)
class Times(ReaderMarks):
    """Medians and quartiles of the seconds that a read took."""

    value: str = "median_seconds"
    name = "reading_times"

    @cached_property
    def marks(self) -> Marks:
        rows = tuple(
            MarkRow(line.arm.title, tuple(_time(one) for one in line.readers))
            for line in self.report.times
        )
        values = ends([mark for row in rows for mark in row.marks])
        return Marks(
            rows=rows,
            series=reader_names(self.report),
            codes=self.report.readers,
            axis=_("Seconds a read"),
            limits=(0.0, max(values, default=1.0)),
        )

    @property
    def title(self) -> str:
        return _("Reading time of each reader in each arm")

    @property
    def caption(self) -> str:
        told = [sum(r.told for r in line.readers) for line in self.report.times]
        return _(
            "Median and quartiles of the seconds from the images on the screen to the "
            "confirmed answer (n = %(n)s answers in each arm; first readings, first "
            "versions). Nothing is tested here."
        ) % {"n": count_range((min(told), max(told)))}

    @property
    def alt(self) -> str:
        parts = []
        for line in self.report.times:
            pairs = zip(self.marks.series, line.readers, strict=True)
            seconds = [
                _("%(reader)s %(seconds)s s")
                % {"reader": reader, "seconds": told(one.median, 1)}
                for reader, one in pairs
                if one.told
            ]
            if seconds:
                parts.append(f"{line.arm.title}: {', '.join(seconds)}")
        return self._told(parts)


def _time(one: ReadingTime) -> Mark:
    if isinstance(one.lower, NotEstimable) or isinstance(one.upper, NotEstimable):
        return Mark(one.median)
    quartiles = Interval(one.lower, one.upper, 0.5, None, "quartiles")
    return Mark(one.median, quartiles)


def times(report: Report) -> Times | None:
    """None where no browser told a time."""
    return Times(report) if report.times_told else None
