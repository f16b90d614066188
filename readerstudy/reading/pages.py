"""What a reading page is given. A field that is not here cannot leak."""

from dataclasses import asdict, dataclass

from django.urls import reverse

from readerstudy.imaging.preprocessing import CROP, SHOWN_SLICES

from .models import Read, Study, TrainingRead
from .questions import QUESTION_SETS, SIDES, Question, Words

# Physical keys (KeyboardEvent.code), so that any keyboard layout will do: the left
# hand's digits serve the screen's left half, the right hand's its right half.
KEYS = {"right": ("1", "2", "3", "4"), "left": ("7", "8", "9", "0")}


@dataclass(frozen=True)
class Choice:
    value: int
    words: Words
    key: str


@dataclass(frozen=True)
class Group:
    """The answers to one question for one side of the patient."""

    name: str  # of the form field: question-side
    question: Words
    side: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Presented:
    """All that changes from one read to the next."""

    token: str
    number: int
    of: int


@dataclass(frozen=True)
class ReaderPage:
    """The reading screen: the same for every read but for `presented`."""

    presented: Presented
    groups: tuple[Group, ...]
    slices: int
    pixels: int
    pixels_url: str
    submit_url: str
    lut_url: str


def present(read: Read) -> Presented:
    session = read.session
    return Presented(
        token=read.token,
        number=read.position - session.first_position + 1,
        of=session.size,
    )


def presented_json(read: Read) -> dict[str, object]:
    return {"state": "read", **asdict(present(read))}


def present_training(read: TrainingRead) -> Presented:
    return Presented(
        token=read.token, number=read.position, of=read.attempt.reads.count()
    )


def reader_page(*, study: Study, read: Read) -> ReaderPage:
    return _page(study, present(read), "read-pixels", "read-submit")


def training_page(*, study: Study, read: TrainingRead) -> ReaderPage:
    shown = present_training(read)
    return _page(study, shown, "training-pixels", "training-submit")


def _page(study: Study, presented: Presented, pixels: str, submit: str) -> ReaderPage:
    """pixels, submit: routes' names. `pixels_url` ends where a token is put behind."""
    some = reverse(f"reading:{pixels}", args=[study.slug, presented.token])
    return ReaderPage(
        presented=presented,
        groups=tuple(
            _group(question, side)
            for question in QUESTION_SETS[study.question_set].questions
            for side in SIDES
        ),
        slices=SHOWN_SLICES,
        pixels=CROP,
        pixels_url=some.removesuffix(f"{presented.token}/"),
        submit_url=reverse(f"reading:{submit}", args=[study.slug]),
        lut_url=reverse("reading:lut-show"),
    )


def _group(question: Question, side: str) -> Group:
    ordered = sorted(question.answers, key=lambda answer: answer.value)
    return Group(
        name=f"{question.key}-{side}",
        question=question.words,
        side=side,
        choices=tuple(
            Choice(answer.value, answer.words, key)
            for answer, key in zip(ordered, KEYS[side], strict=False)
        ),
    )
