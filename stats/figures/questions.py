"""What figures of answers about whole images share."""

from __future__ import annotations

from dataclasses import dataclass

from ..reporting.asked import Asked
from ..templatetags.whole_words import told
from .picture import Picture


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
