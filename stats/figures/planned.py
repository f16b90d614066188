"""How the interval of a difference narrows with patients, for some readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..planning import Expected
from .axes import WIDTH, dress, legend
from .picture import Picture, Table
from .style import Theme, colour, marker

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Planned(Picture):
    """lines: for each number of readers, by patients. margin: of kappa."""

    lines: tuple[tuple[Expected, ...], ...]
    margin: float
    name = "planned_precision"

    @property
    def title(self) -> str:
        return _("Half-width of the interval of the difference")

    @property
    def caption(self) -> str:
        return _(
            "Half-width of the interval (95 %) of the difference of two arms' mean "
            "kappas, for these readers, clustered by patient. Dashed: the margin; only "
            "well below it equal arms are usually shown not to be inferior."
        )

    @property
    def alt(self) -> str:
        ends = [
            _(
                "%(readers)s readers: ±%(first).3f with %(few)s patients, "
                "±%(last).3f with %(many)s"
            )
            % {
                "readers": line[0].readers,
                "first": line[0].difference,
                "few": line[0].patients,
                "last": line[-1].difference,
                "many": line[-1].patients,
            }
            for line in self.lines
        ]
        return "; ".join(ends)

    @property
    def size(self) -> tuple[float, float]:
        return WIDTH, 3.6

    @property
    def table(self) -> Table:
        return Table(
            ("readers", "patients", "half_width"),
            tuple(
                (one.readers, one.patients, one.difference)
                for line in self.lines
                for one in line
            ),
        )

    def draw(self, figure: Figure, theme: Theme) -> None:
        axes = figure.add_subplot()
        dress(axes, theme, grid="both")
        drawn = [
            axes.plot(
                [one.patients for one in line],
                [one.difference for one in line],
                color=colour(theme, place),
                marker=marker(place),
                markersize=5,
                lw=1.4,
            )[0]
            for place, line in enumerate(self.lines)
        ]
        axes.axhline(self.margin, color=theme.ink, lw=1.2, linestyle=(0, (5, 3)))
        axes.set_ylim(bottom=0)
        axes.set_xlabel(_("Patients"))
        axes.set_ylabel(_("± kappa"))
        names = [
            ngettext("%d reader", "%d readers", line[0].readers) % line[0].readers
            for line in self.lines
        ]
        legend(figure, theme, drawn, names)
