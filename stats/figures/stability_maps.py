"""The worst case of each arm by what is invented, lost, moved or unsteady in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from django.utils.translation import gettext as _

from readerstudy.cases.models import StabilityCase
from readerstudy.cases.pages.stability import CasePictures, case_pictures
from readerstudy.cases.templatetags.stability_words import map_key, stability_number
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.map_pictures import STYLES
from readerstudy.reading.models import Study

from ..reporting.report import Report
from ..reporting.stability_section import MeasureLimit, WorstStability
from .axes import WIDTH, panel_width, panels
from .picture import Cell, Picture, Table, listed
from .style import SMALL, Theme, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ARMS = 12
COLUMNS = 4  # reference, input, output, map
MARGINS = (1.55, 0.06, 0.28, 0.04)  # inches; see axes.panels
LARGEST = 256  # pixels of a side: more would make the file large, not clearer


@dataclass(frozen=True)
class WorstMaps(Picture):
    """A row an arm: reference, input, output, and the map over the output."""

    report: Report
    map: str
    worst: tuple[WorstStability, ...]
    measure: MeasureLimit

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"stability_{self.map}"

    @cached_property
    def rows(self) -> tuple[CasePictures | None, ...]:
        """None where it is not there any more, or not as it was."""
        study = Study.objects.get(slug=self.report.slug)
        rows = StabilityCase.objects.filter(
            stability__cohort=study.cohort_id,
            sha256__in=[one.maps_sha256 for one in self.worst],
        ).select_related("stability", "case", "case__cohort")
        found = {(row.stability.method, row.case.code, row.sha256): row for row in rows}
        return tuple(
            _pictures(found.get((one.arm.method, one.case, one.maps_sha256)), one.map)
            for one in self.worst
        )

    @property
    def title(self) -> str:
        return _("The worst case of each arm: %(measure)s") % {
            "measure": _(self.measure.title)
        }

    @property
    def caption(self) -> str:
        return _(
            "Left to right: reference, input, output, and the map over the output "
            "(%(key)s), in the slice in which the map is highest; R: the patient's "
            "right."
        ) % {"key": map_key(self.map)}

    @property
    def alt(self) -> str:
        rows = [
            _("%(arm)s: case %(case)s, %(value)s")
            % {"arm": one.arm.title, "case": one.case, "value": self._value(one)}
            for one in self.worst
        ]
        return _("Rows of four images. %(rows)s.") % {"rows": listed(rows)}

    def _value(self, one: WorstStability) -> str:
        if one.value is None:
            return "–"
        return f"{stability_number(one.value)} {self.measure.unit}".rstrip()

    @property
    def size(self) -> tuple[float, float]:
        each = panel_width(COLUMNS, MARGINS)
        return WIDTH, round(len(self.worst) * (each + MARGINS[2] + MARGINS[3]), 2)

    @property
    def table(self) -> Table:
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (one.arm.title, one.case, self.measure.key, one.value) for one in self.worst
        )
        return Table(("arm", "case", "measure", "value"), rows)

    def draw(self, figure: Figure, theme: Theme) -> None:
        each = panel_width(COLUMNS, MARGINS)
        places = panels(
            figure,
            COLUMNS * len(self.worst),
            columns=COLUMNS,
            each=(each, each),
            margins=MARGINS,
        )
        heads = (
            _("reference"),
            _("input"),
            _("output"),
            _(STYLES[self.map].title),
        )
        for row, (one, pictures) in enumerate(zip(self.worst, self.rows, strict=True)):
            axes = places[row * COLUMNS : (row + 1) * COLUMNS]
            _name(axes[0], theme, one, self._value(one), pictures)
            for place, head in zip(axes, heads, strict=True):
                place.set_title(head, fontsize=SMALL, color=theme.soft)
                place.set_axis_off()
            if pictures is not None:
                for place, image in zip(axes, pictures.all, strict=False):
                    place.imshow(_smaller(image), interpolation="none")
                _sides(axes[0])


def _name(
    axes: Axes,
    theme: Theme,
    one: WorstStability,
    value: str,
    pictures: CasePictures | None,
) -> None:
    words = f"{wrapped(one.arm.title, width=20, lines=3)}\n{one.case}: {value}"
    if pictures is None:
        words += "\n" + _("no image")
    axes.text(
        -0.06,
        0.5,
        words,
        color=theme.ink,
        fontsize=SMALL,
        ha="right",
        va="center",
        transform=axes.transAxes,
        in_layout=False,
    )


def _sides(axes: Axes) -> None:
    for x, side, letter in ((0.04, "left", "R"), (0.96, "right", "L")):
        axes.text(
            x,
            0.96,
            letter,
            color="#ffffff",
            fontsize=SMALL,
            ha=side,
            va="top",
            transform=axes.transAxes,
            in_layout=False,
        )


def _smaller(image: np.ndarray) -> np.ndarray:
    step = -(-max(image.shape[:2]) // LARGEST)
    return image[::step, ::step]


def _pictures(found: StabilityCase | None, map_name: str) -> CasePictures | None:
    if found is None:
        return None
    try:
        slices = found.stability.series.get("slices", {})
        return case_pictures(found, map_name=map_name, slices=slices)
    except Refused:
        return None


def worst_maps(report: Report) -> Sequence[WorstMaps]:
    """One a map of which any arm has a worst case."""
    found = report.stability
    if found is None:
        return ()
    measures = {one.measure.key: one.measure for one in found.measures}
    made = []
    for name, worst in found.worst_by_map:
        if name not in STYLES:
            continue
        shown = tuple(one for one in worst if one.measure in measures)[:MOST_ARMS]
        if shown:
            made.append(WorstMaps(report, name, shown, measures[shown[0].measure]))
    return made
