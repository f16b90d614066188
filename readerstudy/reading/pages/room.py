"""What a reading page is given. A field that is not here cannot leak."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from readerstudy.imaging.preprocessing import CROP, SHOWN_SLICES

from ..models import Read, Reopening, Study, TrainingRead
from ..questions import QUESTION_SETS, SIDES, Question, Words
from ..services import Due

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
class Again:
    """Told with a read that is answered once more."""

    said: str
    reason: str  # the reader's own words; never a coordinator's, which may tell an arm
    # the form's field → its reader's own grade; None: they look at it afresh
    grades: Mapping[str, int] | None


@dataclass(frozen=True)
class Presented:
    """All that changes from one read to the next."""

    token: str
    number: int
    of: int
    next: str | None = None  # token of the read after it, whose pixels may be fetched
    again: Again | None = None

    @property
    def again_json(self) -> str:
        return json.dumps(self.again and asdict(self.again))


@dataclass(frozen=True)
class ReaderPage:
    """The reading screen: the same for every read but for `presented`."""

    presented: Presented
    groups: tuple[Group, ...]
    slices: int
    pixels: int
    interpolation: str
    least_side: int  # of a slice, in CSS pixels
    break_after: int  # minutes; 0 = never
    changes_url: str  # where answers may be changed; empty: nowhere
    pixels_url: str
    submit_url: str
    lut_url: str


def present(due: Due) -> Presented:
    """due: with a read."""
    read = due.read
    assert read is not None
    session = read.session
    return Presented(
        token=read.token,
        number=_number(read),
        of=session.size,
        next=due.following,
        again=_again(read, due.reopening) if due.reopening else None,
    )


def _number(read: Read) -> int:
    return read.position - read.session.first_position + 1


def _again(read: Read, reopening: Reopening) -> Again:
    of = {
        "number": _number(read),
        "of": read.session.size,
        "session": read.session.number,
    }
    said = _("Read %(number)d of %(of)d in session %(session)d, once more") % of
    if not reopening.by_reader:
        return Again(said, _("The coordinator asks you to."), grades=None)
    grades = {
        f"{s.question}-{s.side}": s.value for s in read.scores.order_by("version")
    }
    return Again(said, _("Your reason: %s") % reopening.reason, grades)


def present_training(read: TrainingRead) -> Presented:
    return Presented(
        token=read.token, number=read.position, of=read.attempt.reads.count()
    )


def reader_page(*, study: Study, due: Due) -> ReaderPage:
    may_change = study.answer_changes != Study.AnswerChanges.NEVER
    changes = reverse("reading:read-changes", args=[study.slug]) if may_change else ""
    return _page(study, present(due), "read-pixels", "read-submit", changes)


def training_page(*, study: Study, read: TrainingRead) -> ReaderPage:
    shown = present_training(read)
    return _page(study, shown, "training-pixels", "training-submit")


def _page(
    study: Study, presented: Presented, pixels: str, submit: str, changes: str = ""
) -> ReaderPage:
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
        interpolation=study.interpolation,
        least_side=study.least_slice_side,
        break_after=study.break_after_minutes,
        changes_url=changes,
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
