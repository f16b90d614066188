"""One metric of image quality: each patient a dot, each arm a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from django.utils.translation import gettext as _

from ..reporting.arms import ArmName
from ..reporting.report import ArmQuality, MetricTable, Report
from ..templatetags.report_numbers import count_range, number
from ..templatetags.whole_words import metric_title
from .axes import AXIS_HEIGHT, WIDTH, dress, name_rows
from .picture import Cell, Picture, Table, sentence, why_not
from .style import Theme, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Box = tuple[float, float, float]  # first quartile, median, third quartile
ROW = 0.42
BINS = 90  # over the width: dots in one bin step aside
STEP = 0.085  # of a row
MOST_DOTS = 3000  # as outlines in one file; more become pixels


@dataclass(frozen=True)
class Quality(Picture):
    metric_table: MetricTable
    control: ArmName | None
    of_stacks: bool

    @property
    def name(self) -> str:  # type: ignore[override]
        metric = self.metric_table.metric
        if self.of_stacks:
            return metric.key.replace("-", "_")
        return f"{metric.key}_{metric.data_range}"

    @property
    def digits(self) -> int:
        return self.metric_table.metric.digits

    @property
    def metric(self) -> str:
        """PSNR (dB)"""
        return metric_title(self.metric_table.metric)

    @property
    def ranged(self) -> str:
        """PSNR (dB), range 255; of errors in a unit no range."""
        data_range = self.metric_table.metric.data_range
        if data_range is None:
            return self.metric
        words = _("%(metric)s, range %(range)s")
        return words % {"metric": self.metric, "range": data_range}

    @cached_property
    def boxes(self) -> tuple[Box | None, ...]:
        return tuple(_box(arm.patient_means) for arm in self.metric_table.arms)

    @property
    def title(self) -> str:
        if self.metric_table.metric.data_range is None:
            return _("%(metric)s of each patient in each arm") % {"metric": self.metric}
        return _("%(metric)s of each patient in each arm, range %(range)s") % {
            "metric": self.metric,
            "range": self.metric_table.metric.data_range,
        }

    @property
    def caption(self) -> str:
        words = self._stacks if self.of_stacks else self._slices
        if self.control is None:
            return words
        bold = _("In bold: the control arm.")
        return f"{words} {bold}"

    @property
    def _stacks(self) -> str:
        return _(
            "%(metric)s against the reference, whole slices. Each dot is one patient "
            "(mean over the slices; n = %(n)s), the box spans the quartiles, the bar "
            "is the median."
        ) % {"metric": self.ranged, "n": count_range(self.metric_table.patients)}

    @property
    def _slices(self) -> str:
        return _(
            "%(metric)s against the reference, range %(range)s, central 64×64 pixels. "
            "Each dot is one patient (mean over the slices; n = %(n)s), the box spans "
            "the quartiles, the bar is the median."
        ) % {
            "metric": self.metric,
            "range": self.metric_table.metric.data_range,
            "n": count_range(self.metric_table.patients),
        }

    @property
    def alt(self) -> str:
        arms = zip(self.metric_table.arms, self.boxes, strict=True)
        return sentence([self._said(arm, box) for arm, box in arms])

    def _said(self, arm: ArmQuality, box: Box | None) -> str:
        if box is None:
            mean = arm.patients.mean
            why = why_not(mean) if not isinstance(mean, float) else ""
            return f"{arm.arm.title}: {why}"
        low, median, high = (number(value, self.digits) for value in box)
        return _("%(arm)s: median %(median)s, quartiles %(low)s and %(high)s") % {
            "arm": arm.arm.title,
            "median": median,
            "low": low,
            "high": high,
        }

    @property
    def size(self) -> tuple[float, float]:
        titles = [wrapped(arm.arm.title) for arm in self.metric_table.arms]
        lines = max(title.count("\n") + 1 for title in titles)
        row = max(ROW, 0.17 * lines + 0.1)
        return WIDTH, round(row * len(titles) + AXIS_HEIGHT, 2)

    @property
    def table(self) -> Table:
        rows: list[tuple[Cell, ...]] = []
        names = ("first quartile", "median", "third quartile")
        for arm, box in zip(self.metric_table.arms, self.boxes, strict=True):
            values = [("patient", value) for value in arm.patient_means]
            values += list(zip(names, box, strict=True)) if box else []
            rows += [(arm.arm.title, what, value) for what, value in values]
        return Table(("arm", "what", self.metric_table.metric.key), tuple(rows))

    def draw(self, figure: Figure, theme: Theme) -> None:
        axes = figure.add_subplot()
        dress(axes, theme)
        arms = self.metric_table.arms
        bold = [arm.arm == self.control for arm in arms]
        name_rows(axes, theme, [arm.arm.title for arm in arms], bold=bold)
        every = [value for arm in arms for value in arm.patient_means]
        low, high = min(every), max(every)
        room = (high - low) * 0.04 or 0.5
        axes.set_xlim(low - room, high + room)
        axes.set_xlabel(self.ranged)
        for place, (arm, box) in enumerate(zip(arms, self.boxes, strict=True)):
            steps = spread(arm.patient_means, width=(high - low) or 1.0)
            axes.plot(
                arm.patient_means,
                [place + step for step in steps],
                linestyle="none",
                marker="o",
                markersize=4.2,
                color=theme.series[0],
                alpha=0.55,
                markeredgewidth=0,
                rasterized=len(every) > MOST_DOTS,
            )
            if box:
                _draw_box(axes, theme, place, box)


def _draw_box(axes: Axes, theme: Theme, place: int, box: Box) -> None:
    low, median, high = box
    top, bottom = place - 0.32, place + 0.32
    axes.plot(
        [low, high, high, low, low],
        [top, top, bottom, bottom, top],
        color=theme.ink,
        lw=1.1,
        zorder=3,
    )
    axes.plot(
        [median, median],
        [top - 0.05, bottom + 0.05],
        color=theme.ink,
        lw=2.4,
        zorder=3,
        solid_capstyle="butt",
    )


def _box(values: Sequence[float]) -> Box | None:
    if not values:
        return None
    first, median, third = np.percentile(values, (25, 50, 75))
    return float(first), float(median), float(third)


def spread(values: Sequence[float], *, width: float) -> list[float]:
    """Dots that would lie on one another step up and down from the row's middle."""
    taken: dict[int, int] = {}
    steps = []
    for value in values:
        column = round(value / width * BINS)
        rank = taken[column] = taken.get(column, -1) + 1
        step = (rank + 1) // 2 * (1 if rank % 2 else -1)
        steps.append(max(-4, min(4, step)) * STEP)
    return steps


def qualities(report: Report) -> list[Quality]:
    """One a metric that has a value."""
    return [
        Quality(table, report.control, report.stacks is not None)
        for table in report.quality
        if any(arm.patient_means for arm in table.arms)
    ]
