"""The questions of a screen that asks one after the other, whatever their kinds."""

from dataclasses import dataclass

from ..models import Study
from ..questions import (
    LEFT_ONE,
    NO_DIFFERENCE,
    RIGHT_ONE,
    SIDES,
    Kind,
    Question,
    Words,
    question_set_of,
)

# In their order: as the images stand on the screen.
CHOICE_KEYS = {
    LEFT_ONE: ("←", "ArrowLeft"),
    NO_DIFFERENCE: ("=", "Equal"),
    RIGHT_ONE: ("→", "ArrowRight"),
}
MOST_ROWS = 10  # answers of all questions together that are listed with their words


@dataclass(frozen=True)
class Key:
    printed: str
    codes: str  # the physical keys, parted by spaces


@dataclass(frozen=True)
class Choice:
    value: int
    words: Words
    key: Key


@dataclass(frozen=True)
class Place:
    """One question, for one side of the patient or for the whole image."""

    name: str  # of the form field: question-side
    kind: str  # of questions.Kind
    words: Words
    side: str  # of the patient; empty: the whole image
    choices: tuple[Choice, ...]

    @property
    def is_text(self) -> bool:
        return self.kind == Kind.TEXT

    @property
    def is_level(self) -> bool:
        return self.kind == Kind.CONFIDENCE

    @property
    def has_marks(self) -> bool:
        return self.kind == Kind.FIDELITY


@dataclass(frozen=True)
class Asking:
    places: tuple[Place, ...]
    is_listed: bool  # whether every answer has a line of its own
    scale: tuple[Choice, ...]  # else, if they all have the same answers: these
    has_levels: bool  # a question for a number from 0 to 100
    has_marks: bool


def asking_of(study: Study) -> Asking:
    asked = question_set_of(study)
    places = tuple(_place(question, side) for question, side in asked.places)
    scales = {place.choices for place in places if place.choices}
    is_listed = sum(len(place.choices) for place in places) <= MOST_ROWS
    return Asking(
        places=places,
        is_listed=is_listed,
        scale=scales.pop() if len(scales) == 1 and not is_listed else (),
        has_levels=any(place.is_level for place in places),
        has_marks=any(place.has_marks for place in places),
    )


def _place(question: Question, side: str) -> Place:
    return Place(
        name=f"{question.key}-{side}",
        kind=question.kind,
        words=question.words,
        side=side if side in SIDES else "",
        choices=_choices(question),
    )


def _choices(question: Question) -> tuple[Choice, ...]:
    """From the lowest on; of a pair as the images stand."""
    ordered = sorted(question.answers, key=lambda answer: answer.value)
    if question.kind == Kind.CHOICE:
        ordered.sort(key=lambda answer: list(CHOICE_KEYS).index(answer.value))
    values = [answer.value for answer in ordered]
    return tuple(
        Choice(answer.value, answer.words, _key(question, answer.value, values))
        for answer in ordered
    )


def _key(question: Question, value: int, values: list[int]) -> Key:
    """The digit of its value; of its place, where values are more than digits."""
    digit = value if max(values) <= 9 else (values.index(value) + 1) % 10
    codes = f"Digit{digit} Numpad{digit}"
    if question.kind == Kind.CHOICE:
        printed, arrow = CHOICE_KEYS[value]
        return Key(printed, f"{arrow} {codes}")
    return Key(str(digit), codes)
