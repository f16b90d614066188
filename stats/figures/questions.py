"""What figures of answers about whole images share."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..reporting.asked import Asked
from ..templatetags.report_numbers import count_range
from ..templatetags.whole_words import told
from .picture import Picture, Table
from .shares import ShareRow, Shares


@dataclass(frozen=True)
class OfQuestion(Picture):
    """kind: the beginning of the figure's name; a study may ask several questions."""

    question: Asked
    kind = ""

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.kind}_{self.question.key.replace('-', '_')}"

    @property
    def words(self) -> str:
        """The question, as the page's language has it."""
        return told(self.question.words)

    @property
    def answers(self) -> tuple[str, ...]:
        """“3 fair”, from the lowest value."""
        return tuple(f"{value} {told(words)}" for value, words in self.question.answers)


@dataclass(frozen=True)
class AnswerShares(OfQuestion):
    """Shares of the answers in each arm, from the lowest value. rows: of first
    readings, all readers."""

    rows: tuple[ShareRow, ...]

    @property
    def shares(self) -> Shares:
        return Shares(
            rows=self.rows,
            values=self.question.values,
            words=self.answers,
            axis=_("Share of the answers given"),
            nothing=_("no answer"),
        )

    @property
    def title(self) -> str:
        return _("Shares of the answers in each arm, “%(question)s”") % {
            "question": self.words
        }

    @property
    def caption(self) -> str:
        totals = [row.total for row in self.rows]
        return _(
            "Shares of all answers in first readings, all readers (n = %(n)s answers "
            "in each arm)."
        ) % {"n": count_range((min(totals), max(totals)))}

    @property
    def alt(self) -> str:
        return self.shares.said

    @property
    def size(self) -> tuple[float, float]:
        return self.shares.size

    @property
    def table(self) -> Table:
        return self.shares.table("answer")
