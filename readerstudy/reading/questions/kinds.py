"""What a question is: its kind, its answers, and whether it is asked of each side."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise

SIDES = ("right", "left")  # of the patient, in the order they stand on the screen
IMAGE = "image"  # where a question is of the whole image
Words = str | Promise


class Kind(StrEnum):
    """What an answer is, and so how it is asked for, stored and analysed."""

    GRADE = "grade"  # one of `answers` for each side of the patient
    LIKERT = "likert"  # one of `answers`, ordered, for the whole image
    CHOICE = "choice"  # of two images: 1 the left one, 2 the right one, 3 no difference
    CONFIDENCE = "confidence"  # 0 to 100 that a finding is present
    FIDELITY = "fidelity"  # one of `answers`, with marks where on the image
    TEXT = "text"  # free words, which may be none


LEFT_ONE, RIGHT_ONE, NO_DIFFERENCE = 1, 2, 3  # values of a choice, as on the screen
MOST_CONFIDENCE = 100
OF_PAIRS = frozenset({Kind.CHOICE, Kind.TEXT})  # may be asked of two images
OF_REGIONS = frozenset({Kind.GRADE})  # needs sides of a patient


@dataclass(frozen=True)
class Option:
    value: int
    words: Words


@dataclass(frozen=True)
class Question:
    """One question, asked for each side of the patient or for the whole image."""

    key: str
    words: Words
    answers: tuple[Option, ...] = ()
    kind: Kind = Kind.GRADE

    @property
    def sides(self) -> tuple[str, ...]:
        return SIDES if self.kind == Kind.GRADE else (IMAGE,)

    @property
    def values(self) -> tuple[int, ...]:
        """Every value that an answer may have; none for words."""
        if self.kind == Kind.CONFIDENCE:
            return tuple(range(MOST_CONFIDENCE + 1))
        return tuple(answer.value for answer in self.answers)


@dataclass(frozen=True)
class QuestionSet:
    key: str
    title: Words
    questions: tuple[Question, ...]

    @property
    def is_of_pairs(self) -> bool:
        """Whether it is asked of two images side by side."""
        return any(question.kind == Kind.CHOICE for question in self.questions)

    @property
    def places(self) -> tuple[tuple[Question, str], ...]:
        """Every question with each side that it is asked for, in their order."""
        return tuple((one, side) for one in self.questions for side in one.sides)
