"""What every figure is: words, the numbers that are drawn, and how to draw them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ..outcomes import Interval, NotEstimable
from ..reasons import REASON_WORDS
from ..templatetags.report_numbers import interval as interval_words
from ..templatetags.report_numbers import label, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..reporting.report import Report
    from .style import Theme

Cell = str | int | float | None
PIXELS_PER_INCH = 100  # on a page


@dataclass(frozen=True)
class Table:
    """Exactly what is drawn; None where a value is not estimable."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Picture(ABC):
    """One figure of one report; its texts are in the active language.

    name: in addresses and file names: lower-case letters, digits and underscores.
    """

    name: str

    @property
    @abstractmethod
    def title(self) -> str:
        """What is shown, in some words; above the figure."""

    @property
    @abstractmethod
    def caption(self) -> str:
        """How many, by which method, with which interval."""

    @property
    @abstractmethod
    def alt(self) -> str:
        """What is seen, in numbers, for who does not see it."""

    @property
    @abstractmethod
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""

    @property
    @abstractmethod
    def table(self) -> Table: ...

    @abstractmethod
    def draw(self, figure: Figure, theme: Theme) -> None: ...

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height on a page."""
        width, height = self.size
        return round(width * PIXELS_PER_INCH), round(height * PIXELS_PER_INCH)


def why_not(value: NotEstimable) -> str:
    return _("not estimable (%(reason)s)") % {"reason": REASON_WORDS[value.reason]}


def told(value: float | NotEstimable, digits: int = 2) -> str:
    """0.62, or why there is no number."""
    return why_not(value) if isinstance(value, NotEstimable) else number(value, digits)


def told_with(
    value: float | NotEstimable, span: Interval | NotEstimable | None, digits: int = 2
) -> str:
    """0.62 (0.50 to 0.73)."""
    words = told(value, digits)
    if isinstance(value, NotEstimable) or not isinstance(span, Interval):
        return words
    return f"{words} ({interval_words(span, digits)})"


def reason_of(*values: object) -> str | None:
    """Why the first of the values that is not estimable is not; in English, for CSV."""
    for value in values:
        if isinstance(value, NotEstimable):
            return value.reason.value
    return None


def listed(parts: Sequence[str]) -> str:
    """Parts of a sentence, told one after the other."""
    return "; ".join(parts)


def sentence(parts: Sequence[str]) -> str:
    return _("%(parts)s.") % {"parts": listed(parts)}


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def standard_words(report: Report) -> str:
    """What grades are compared with."""
    if report.plan.standard == "own":
        words = _("each reader's own reading of “%(arm)s”")
        return words % {"arm": report.reference.title}
    return label(report.plan.standard, "standard")
