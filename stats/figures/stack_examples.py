"""Pictures of whole stacks: one slice of a case in every arm, the worst slices, and
what readers marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from readerstudy.cases.models import Rendition
from readerstudy.imaging.errors import Refused
from readerstudy.reading.models import Study

from ..reporting.comparisons import renditions_as_read
from ..reporting.fidelity_section import ChangedCase, FidelityQuestion
from ..reporting.report import Report
from ..reporting.stack_pictures import coloured_slice, enlarged, ringed, slice_of
from ..reporting.stack_section import StackCriterion, WorstStack
from ..reporting.whole_answers import Mark
from ..templatetags.report_numbers import number
from ..templatetags.whole_words import whole
from .axes import WIDTH, panel_width, panels
from .picture import Cell, Picture, Table, listed
from .questions import OfQuestion
from .style import SMALL, Theme, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
MOST_PAIRS = 8
MARGINS = (0.06, 0.06, 0.6, 0.12)  # inches; see axes.panels
LONGEST = 256  # pixels of a panel


@dataclass(frozen=True)
class StackPanel:
    """slice: None for the middle one. value: words below the title, or nothing."""

    case: str
    method: str
    title: str
    value: str = ""
    slice: int | None = None
    marks: tuple[Mark, ...] = ()

    @property
    def words(self) -> str:
        below = f"\n{self.value}" if self.value else ""
        return wrapped(self.title, width=22, lines=2) + below


class StackPanels(Picture):
    """What these figures share."""

    report: Report

    @property
    def shown(self) -> Sequence[StackPanel]:
        raise NotImplementedError

    @property
    def columns(self) -> int:
        return COLUMNS

    @cached_property
    def images(self) -> list[NDArray[np.uint8] | None]:
        """Of each panel its picture; None: not there any more."""
        wanted = {(one.case, one.method) for one in self.shown}
        study = Study.objects.get(slug=self.report.slug)
        found = renditions_as_read(study, wanted)
        return [
            self._image(one, found.get((one.case, one.method)), study.lut)
            for one in self.shown
        ]

    def _image(
        self, one: StackPanel, rendition: Rendition | None, lut: str
    ) -> NDArray[np.uint8] | None:
        if rendition is None or self.report.stacks is None:
            return None
        try:
            values, chosen = slice_of(rendition, one.slice)
        except Refused:
            return None
        picture = coloured_slice(
            values, self.report.stacks.scale, lut=lut, longest=LONGEST
        )
        marks = [mark for mark in one.marks if mark.slice == chosen]
        return ringed(picture, marks, factor=enlarged(values.shape, LONGEST))

    @property
    def size(self) -> tuple[float, float]:
        rows = -(-len(self.shown) // self.columns)
        each = panel_width(self.columns, MARGINS)
        return WIDTH, round(rows * (each + MARGINS[2] + MARGINS[3]), 2)

    @property
    def table(self) -> Table:
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (one.case, one.title, one.slice, one.value) for one in self.shown
        )
        return Table(("case", "arm", "slice_from_0", "value"), rows)

    def _rule(self) -> str:
        """How the pictures are shown; the end of each caption."""
        assert self.report.stacks is not None
        of = self.report.stacks.scale
        low, high = of.first
        return _(
            "Window %(low)s to %(high)s %(unit)s, the one in which every read began; "
            "the viewer's left is the patient's right."
        ) % {"low": whole(low), "high": whole(high), "unit": of.unit}

    def draw(self, figure: Figure, theme: Theme) -> None:
        each = panel_width(self.columns, MARGINS)
        places = panels(
            figure,
            len(self.shown),
            columns=self.columns,
            each=(each, each),
            margins=MARGINS,
        )
        for axes, one, image in zip(places, self.shown, self.images, strict=True):
            _draw_panel(axes, theme, one, image)


def _draw_panel(
    axes: Axes, theme: Theme, one: StackPanel, image: NDArray[np.uint8] | None
) -> None:
    axes.set_title(one.words, fontsize=SMALL, color=theme.ink)
    axes.set_axis_off()
    if image is not None:
        axes.imshow(image, interpolation="none")
        return
    axes.text(
        0.5,
        0.5,
        _("no image"),
        color=theme.soft,
        ha="center",
        transform=axes.transAxes,
    )


def _reference(report: Report, case: str, place: int | None) -> StackPanel:
    title = _("Reference, %(case)s") % {"case": case}
    if report.unreferenced:
        title = f"{report.reference.title}, {case}"
    return StackPanel(case, report.reference.method, title, slice=place)


@dataclass(frozen=True)
class StackCase(StackPanels):
    """The middle slice of one case in every arm."""

    report: Report
    kind: str  # typical or hardest

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"example_{self.kind}"

    @property
    def shown(self) -> Sequence[StackPanel]:
        found = self.report.examples
        case = found.typical if self.kind == "typical" else found.hardest
        assert case is not None
        return [
            _reference(self.report, case.case, None),
            *(
                StackPanel(
                    case.case,
                    one.arm.method,
                    one.arm.title,
                    "" if one.psnr is None else f"{number(one.psnr, 2)} dB",
                )
                for one in case.values
            ),
        ]

    @property
    def columns(self) -> int:
        return min(COLUMNS, max(3, len(self.shown)))

    @property
    def title(self) -> str:
        if self.kind == "typical":
            return _("A typical case in every arm")
        return _("The hardest case in every arm")

    @property
    def caption(self) -> str:
        if self.kind == "typical":
            choice = _(
                "Middle slice of case %(case)s, which stands in the middle of %(n)s "
                "cases by the mean of PSNR over the arms."
            )
        else:
            choice = _(
                "Middle slice of case %(case)s, which has the lowest mean of PSNR over "
                "the arms among %(n)s cases."
            )
        numbers = {"case": self.shown[0].case, "n": self.report.examples.cases}
        return f"{choice % numbers} {self._rule()}"

    @property
    def alt(self) -> str:
        values = [f"{one.title} {one.value}" for one in self.shown if one.value]
        return _(
            "Case %(case)s, the same slice in %(n)s images: the reference and every "
            "arm. PSNR: %(values)s."
        ) % {
            "case": self.shown[0].case,
            "n": len(self.shown),
            "values": listed(values),
        }


@dataclass(frozen=True)
class WorstStacks(StackPanels):
    """Of each arm the stack with the lowest PSNR, where it is worst."""

    report: Report
    name = "example_worst"

    @property
    def worst(self) -> list[WorstStack]:
        """In the order of the arms."""
        assert self.report.stacks is not None
        found = [
            one
            for one in self.report.stacks.worst
            if one.rank == 1 and one.criterion is StackCriterion.PSNR
        ]
        return sorted(found, key=lambda one: one.arm.position)[:MOST_PAIRS]

    @property
    def shown(self) -> Sequence[StackPanel]:
        return [
            panel
            for one in self.worst
            for panel in (
                _reference(self.report, one.case, one.slice),
                StackPanel(
                    one.case,
                    one.arm.method,
                    one.arm.title,
                    f"{number(one.value, 2)} dB",
                    one.slice,
                ),
            )
        ]

    @property
    def title(self) -> str:
        return _("The worst case of each arm, beside the reference")

    @property
    def caption(self) -> str:
        choice = _(
            "Of each arm the case with the lowest PSNR among all (n = %(n)s), on the "
            "right, and the reference of the same case, on the left; the slice in "
            "which it is worst."
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
                    for one in self.worst
                ]
            )
        }


@dataclass(frozen=True)
class MarkedCases(StackPanels, OfQuestion):
    """Images in which the most readers saw something wrong, with their marks."""

    report: Report
    trusted: FidelityQuestion
    kind = "marks"

    @property
    def worst(self) -> list[ChangedCase]:
        """Those with a mark, of all arms the worst."""
        marked = [one for one in self.trusted.worst if one.marks]
        share = sorted(marked, key=lambda one: -len(one.findings) / one.readers)
        return share[:MOST_PAIRS]

    @property
    def shown(self) -> Sequence[StackPanel]:
        return [
            panel
            for one in self.worst
            for panel in (
                _reference(self.report, one.case, one.slice),
                StackPanel(
                    one.case,
                    one.arm.method,
                    one.arm.title,
                    _("%(n)s of %(of)s readers")
                    % {"n": len(one.findings), "of": one.readers},
                    one.slice,
                    one.marks,
                ),
            )
        ]

    @property
    def title(self) -> str:
        return _("What readers marked, “%(question)s”") % {"question": self.words}

    @property
    def caption(self) -> str:
        choice = _(
            "Images in which the most readers saw something wrong, on the right, with "
            "a ring around each place that was marked on this slice; on the left the "
            "reference of the same case."
        )
        if self.report.unreferenced:
            choice = _(
                "Images in which the most readers saw something wrong, on the right, "
                "with a ring around each place that was marked on this slice; on the "
                "left the same case in “%(arm)s”, for there is no reference."
            ) % {"arm": self.report.reference.title}
        return f"{choice} {self._rule()}"

    @property
    def alt(self) -> str:
        parts = [
            _("%(arm)s: case %(case)s, marks %(n)s")
            % {"arm": one.arm.title, "case": one.case, "n": len(one.marks)}
            for one in self.worst
        ]
        return _("Pairs of images. %(pairs)s.") % {"pairs": listed(parts)}


def stack_panels(report: Report) -> list[Picture]:
    """Nothing where no case has an image in every arm."""
    made: list[Picture] = []
    found = report.examples
    for kind, case in (("typical", found.typical), ("hardest", found.hardest)):
        if case is not None:
            made.append(StackCase(report, kind))
    if report.stacks and report.stacks.worst:
        made.append(WorstStacks(report))
    return made


def marked_cases(report: Report) -> list[Picture]:
    """Of stacks whose readers marked something."""
    if report.fidelity is None or report.stacks is None:
        return []
    found = [
        MarkedCases(one.question, report, one) for one in report.fidelity.questions
    ]
    return [one for one in found if one.worst]
