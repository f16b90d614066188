"""Reads over time: how many each reader had made when, and where sessions end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..reporting.reading_progress import ReaderProgress
from ..reporting.report import Report
from .axes import LEGEND_LINE, WIDTH, dress, legend
from .picture import Cell, Picture, Table, sentence
from .readers import reader_names
from .style import Theme, colour, marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DAY = "%Y-%m-%d"


def _day(at: datetime) -> str:
    return at.strftime(DAY)


@dataclass(frozen=True)
class Progress(Picture):
    report: Report
    name = "reads_over_time"

    @property
    def title(self) -> str:
        return _("Reads of each reader over time")

    @property
    def caption(self) -> str:
        return _(
            "Reads submitted up to each moment (n = %(n)s, second readings too; UTC). "
            "A mark: the end of a session."
        ) % {"n": sum(one.reads for one in self.report.progress)}

    @property
    def alt(self) -> str:
        pairs = zip(reader_names(self.report), self.report.progress, strict=True)
        return sentence([self._said(name, one) for name, one in pairs])

    def _said(self, name: str, one: ReaderProgress) -> str:
        if not one.points:
            return _("%(reader)s: no read") % {"reader": name}
        return _(
            "%(reader)s: reads %(reads)s, sessions %(sessions)s, from %(first)s to "
            "%(last)s"
        ) % {
            "reader": name,
            "reads": one.reads,
            "sessions": len(one.sessions),
            "first": _day(one.points[0].at),
            "last": _day(one.points[-1].at),
        }

    @property
    def size(self) -> tuple[float, float]:
        return WIDTH, round(3.6 + LEGEND_LINE * (len(self.report.readers) > 1), 2)

    @property
    def table(self) -> Table:
        rows: list[tuple[Cell, ...]] = []
        for one in self.report.progress:
            ends = {span.last: span.number for span in one.sessions}
            rows += [
                (one.reader, _iso(point.at), point.reads, ends.get(point.at))
                for point in one.points
            ]
        return Table(("reader", "at", "reads", "end_of_session"), tuple(rows))

    def draw(self, figure: Figure, theme: Theme) -> None:
        from matplotlib.ticker import MaxNLocator

        axes = figure.add_subplot()
        dress(axes, theme, grid="both")
        for series, one in enumerate(self.report.progress):
            self._draw_reader(axes, theme, series, one)
        axes.set_ylim(bottom=0)
        axes.set_ylabel(_("Reads submitted"))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        _label_dates(axes)
        names = reader_names(self.report)
        if len(names) > 1:
            from matplotlib.lines import Line2D

            looks = [(colour(theme, k), marker(k)) for k in range(len(names))]
            handles = [
                Line2D([], [], color=shade, marker=shape, markersize=6)
                for shade, shape in looks
            ]
            legend(figure, theme, handles, names)

    def _draw_reader(
        self, axes: Axes, theme: Theme, series: int, one: ReaderProgress
    ) -> None:
        if not one.points:
            return
        ends = {span.last for span in one.sessions}
        at = [point.at for point in one.points]
        reads = [point.reads for point in one.points]
        shade = colour(theme, series)
        axes.step(at, reads, where="post", color=shade, lw=1.4)  # type: ignore[arg-type]
        stops = [point for point in one.points if point.at in ends]
        axes.plot(
            [point.at for point in stops],  # type: ignore[arg-type]
            [point.reads for point in stops],
            linestyle="none",
            marker=marker(series),
            markersize=7,
            color=shade,
            clip_on=False,
            zorder=3,
        )


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _label_dates(axes: Axes) -> None:
    """Days or hours, in figures, so that they are the same in every language."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    forms = ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%H:%M:%S"]
    zero = ["", "%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M"]
    offset = ["", "%Y", "%Y-%m", DAY, DAY, DAY]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(  # type: ignore[no-untyped-call]
            locator, formats=forms, zero_formats=zero, offset_formats=offset
        )
    )
    axes.xaxis.get_offset_text().set_color(axes.xaxis.label.get_color())


def progress(report: Report) -> Progress | None:
    """None where nothing was read."""
    return Progress(report) if any(one.points for one in report.progress) else None
