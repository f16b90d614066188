"""What a checklist is made of: items, and what a report can answer to each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..reporting.report import Report

Words = str | Promise

# sections of the report that an answer can point at
PLACES: dict[str, Words] = {
    "facts": gettext_lazy("Head of the report"),
    "plan": gettext_lazy("Analysis plan"),
    "image-quality": gettext_lazy("Table 1"),
    "agreement": gettext_lazy("Table 2"),
    "comparisons": gettext_lazy("Differences of image quality"),
    "striatum": gettext_lazy("Striatum and background"),
    "arms-compared": gettext_lazy("Arms compared"),
    "several-readers": gettext_lazy("Several readers"),
    "grades": gettext_lazy("Grades"),
    "asked": gettext_lazy("What was asked"),
    "preferences": gettext_lazy("Forced choice"),
    "ratings": gettext_lazy("Ratings"),
    "confidence": gettext_lazy("ROC"),
    "fidelity": gettext_lazy("Anatomical fidelity"),
    "reliability": gettext_lazy("Answered again"),
    "stacks": gettext_lazy("Errors in the unit"),
    "bias": gettext_lazy("Bias"),
    "not-assessable": gettext_lazy("Not assessable"),
    "times": gettext_lazy("Reading time"),
    "blinding": gettext_lazy("Blinding"),
    "conduct": gettext_lazy("Conduct"),
    "details": gettext_lazy("All kappas"),
}


@dataclass(frozen=True)
class Answer:
    """told: a sentence. places: keys of PLACES. by_authors: the report cannot know it,
    and `told` says what the authors have to write."""

    told: str
    places: tuple[str, ...] = ()
    by_authors: bool = False


@dataclass(frozen=True)
class Item:
    number: int
    asks: Words
    answer: Callable[[Report], Answer]


@dataclass(frozen=True)
class Answered:
    """A line of the filled checklist."""

    number: int
    asks: Words
    answer: Answer

    @property
    def places(self) -> list[tuple[str, Words]]:
        """(anchor, its words) of where the report answers."""
        return [(anchor, PLACES[anchor]) for anchor in self.answer.places]


def answered(items: Sequence[Item], report: Report) -> tuple[Answered, ...]:
    return tuple(Answered(one.number, one.asks, one.answer(report)) for one in items)


def authors(what: Words) -> Callable[[Report], Answer]:
    """An item that no data of a study can answer."""

    def answer(report: Report) -> Answer:
        return Answer(_("By the authors: %(what)s") % {"what": what}, by_authors=True)

    return answer
