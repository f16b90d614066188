"""Pictures: the central slice of one case in every arm, beside the reference.

Drawn as readers saw it: the protocol's window, the same colours; the viewer's left
is the patient's right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from readerstudy.cases.models import Rendition
from readerstudy.cases.selectors import rendition_values
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.lut import load_lut
from readerstudy.imaging.preprocessing import STORED_SLICES, to_eight_bit
from readerstudy.imaging.rendering import WINDOWS, coloured
from readerstudy.reading.models import Study

from ..reporting.comparisons import renditions_as_read
from ..reporting.report import Report
from ..reporting.worst_cases import Criterion, WorstCase
from ..templatetags.report_numbers import number
from .axes import WIDTH, panel_width, panels
from .picture import Cell, Picture, Table, listed
from .style import SMALL, Theme, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 5
MOST_WORST = 12  # arms
SCALE = 2  # of the stored pixels: more would make the file large, not clearer
MARGINS = (0.06, 0.56, 0.6, 0.12)  # inches; see axes.panels


@dataclass(frozen=True)
class Panel:
    """psnr: None for the reference, and where there is none."""

    case: str
    method: str
    title: str
    psnr: float | None

    @property
    def words(self) -> str:
        below = "" if self.psnr is None else f"\n{number(self.psnr, 2)} dB"
        return wrapped(self.title, width=18, lines=2) + below


@dataclass(frozen=True)
class ExamplePanels(Picture):
    """Panels from left to right, row by row."""

    report: Report
    panels: tuple[Panel, ...]

    @property
    def columns(self) -> int:
        return min(COLUMNS, max(3, len(self.panels)))

    @cached_property
    def images(self) -> dict[tuple[str, str], NDArray[np.uint8] | None]:
        """(case, method) → colours of the central slice; None: not there any more."""
        wanted = {(one.case, one.method) for one in self.panels}
        study = Study.objects.get(slug=self.report.slug)
        found = renditions_as_read(study, wanted)
        window = self.report.window
        return {key: _central(found.get(key), window) for key in wanted}

    @property
    def size(self) -> tuple[float, float]:
        rows = -(-len(self.panels) // self.columns)
        each = panel_width(self.columns, MARGINS)
        return WIDTH, round(rows * (each + MARGINS[2] + MARGINS[3]), 2)

    @property
    def table(self) -> Table:
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (one.case, one.title, one.psnr) for one in self.panels
        )
        return Table(("case", "arm", "psnr"), rows)

    def _rule(self) -> str:
        """How the pictures are shown; the end of each caption."""
        return _(
            "Central slice, window and colours as the readers saw them; R: the "
            "patient's right. Below each title the case's mean PSNR over its slices "
            "(range 255)."
        )

    def draw(self, figure: Figure, theme: Theme) -> None:
        each = panel_width(self.columns, MARGINS)
        places = panels(
            figure,
            len(self.panels),
            columns=self.columns,
            each=(each, each),
            margins=MARGINS,
        )
        for axes, panel in zip(places, self.panels, strict=True):
            self._draw_panel(axes, theme, panel)
        _colour_bar(figure, theme)

    def _draw_panel(self, axes: Axes, theme: Theme, panel: Panel) -> None:
        axes.set_title(panel.words, fontsize=SMALL, color=theme.ink)
        axes.set_axis_off()
        image = self.images[panel.case, panel.method]
        if image is None:
            axes.text(
                0.5,
                0.5,
                _("no image"),
                color=theme.soft,
                ha="center",
                transform=axes.transAxes,
            )
            return
        axes.imshow(image, interpolation="none")
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


@dataclass(frozen=True)
class OneCase(ExamplePanels):
    """The same case in every arm."""

    kind: str  # typical or hardest

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"example_{self.kind}"

    @property
    def title(self) -> str:
        if self.kind == "typical":
            return _("A typical case in every arm")
        return _("The hardest case in every arm")

    @property
    def caption(self) -> str:
        if self.report.examples.cases == 1:
            choice = _("Case %(case)s, the only one that has a PSNR in every arm.")
        elif self.kind == "typical":
            choice = _(
                "Case %(case)s, which stands in the middle of %(n)s cases by the mean "
                "of PSNR over the arms."
            )
        else:
            choice = _(
                "Case %(case)s, which has the lowest mean of PSNR over the arms among "
                "%(n)s cases."
            )
        numbers = {"case": self.panels[0].case, "n": self.report.examples.cases}
        return f"{choice % numbers} {self._rule()}"

    @property
    def alt(self) -> str:
        values = [
            f"{one.title} {number(one.psnr, 2)} dB"
            for one in self.panels
            if one.psnr is not None
        ]
        return _(
            "Case %(case)s, the same slice in %(n)s images: the reference and every "
            "arm. PSNR: %(values)s."
        ) % {
            "case": self.panels[0].case,
            "n": len(self.panels),
            "values": listed(values),
        }


@dataclass(frozen=True)
class WorstPanels(ExamplePanels):
    """Of each arm the case with the lowest PSNR, after the reference of that case."""

    name = "example_worst"

    @property
    def columns(self) -> int:
        return 4

    @property
    def title(self) -> str:
        return _("The worst case of each arm, beside the reference")

    @property
    def caption(self) -> str:
        choice = _(
            "Of each arm the case with the lowest PSNR among all (n = %(n)s), on the "
            "right, and the reference of the same case, on the left."
        ) % {"n": self.report.cases}
        return f"{choice} {self._rule()}"

    @property
    def alt(self) -> str:
        return _("Pairs of images. %(pairs)s.") % {
            "pairs": listed(
                [
                    _("%(arm)s: case %(case)s, %(psnr)s dB")
                    % {
                        "arm": one.arm.title,
                        "case": one.case,
                        "psnr": number(one.value, 2),
                    }
                    for one in _worst(self.report)
                ]
            )
        }


def _colour_bar(figure: Figure, theme: Theme) -> None:
    """From nothing to the maximum of the window, right of all panels."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap

    scale = ScalarMappable(cmap=ListedColormap(load_lut() / 255.0))
    scale.set_clim(0, 1)
    width, height = figure.get_size_inches()
    tall = min(2.0, height - MARGINS[2] - MARGINS[3])
    place = (width - 0.46, height - MARGINS[2] - tall, 0.12, tall)
    axes = figure.add_axes(
        (place[0] / width, place[1] / height, place[2] / width, place[3] / height)
    )
    bar = figure.colorbar(scale, cax=axes, ticks=[0, 1])
    if bar.solids is not None:
        bar.solids.set_rasterized(True)
    axes.set_yticklabels(["0", _("max")])
    axes.tick_params(length=0, labelcolor=theme.soft, labelsize=SMALL)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _central(rendition: Rendition | None, window: str) -> NDArray[np.uint8] | None:
    """None where there is no image, or its file is damaged."""
    if rendition is None:
        return None
    try:
        values = rendition_values(rendition)
    except Refused:
        return None
    middle = STORED_SLICES // 2
    slices = to_eight_bit(values)[middle : middle + 1]
    shown = WINDOWS[window](slices) if window in WINDOWS else slices
    return coloured(shown[0], scale=SCALE, lut=load_lut())


def example_panels(report: Report) -> Sequence[ExamplePanels]:
    """Nothing where no case has an image in every arm."""
    found, reference = report.examples, report.reference
    made: list[ExamplePanels] = []
    for kind, case in (("typical", found.typical), ("hardest", found.hardest)):
        if case is None:
            continue
        first = Panel(case.case, reference.method, reference.title, None)
        others = [
            Panel(case.case, one.arm.method, one.arm.title, one.psnr)
            for one in case.values
        ]
        made.append(OneCase(report, (first, *others), kind))
    pairs = [
        panel
        for one in _worst(report)
        for panel in (
            Panel(
                one.case,
                reference.method,
                _("Reference, %(case)s") % {"case": one.case},
                None,
            ),
            Panel(one.case, one.arm.method, one.arm.title, one.value),
        )
    ]
    if pairs:
        made.append(WorstPanels(report, tuple(pairs)))
    return made


def _worst(report: Report) -> list[WorstCase]:
    """Of each arm the case with the lowest PSNR, in the order of the arms."""
    found = [
        one
        for one in report.striatum.worst
        if one.rank == 1 and one.criterion is Criterion.PSNR
    ]
    return sorted(found, key=lambda one: one.arm.position)[:MOST_WORST]
