"""What a reading page is given. A field that is not here cannot leak."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.imaging.preprocessing import CROP, SHOWN_SLICES

from ..models import Membership, Preferences, Read, Reopening, Study, TrainingRead
from ..questions import OFFERED, SIDES, Question, Words, question_set_of, why_shown
from ..services import Due
from .asking import Asking, Choice, Key, asking_of
from .atlas import AtlasPage, atlas_page
from .stack import StackStage, stack_stage

Half = Literal["left", "right"]

# Physical keys (KeyboardEvent.code) of the grades from the lowest on, by the half of
# the screen they serve, so that any keyboard layout will do. The patient's right is
# on the screen's left: which side is stored is the form's business, not the keys'.
KEYS: dict[str, dict[Half, tuple[str, ...]]] = {
    Preferences.Keys.TWO_HANDS: {
        "left": ("Digit1", "Digit2", "Digit3", "Digit4"),
        "right": ("Digit7", "Digit8", "Digit9", "Digit0"),
    },
    Preferences.Keys.LEFT_HAND: {
        "left": ("Digit1", "KeyQ", "KeyA", "KeyZ"),
        "right": ("Digit3", "KeyE", "KeyD", "KeyC"),
    },
    Preferences.Keys.RIGHT_HAND: {
        "left": ("Digit8", "KeyI", "KeyK", "Comma"),
        "right": ("Digit0", "KeyP", "Semicolon", "Slash"),
    },
}
KEYPAD: dict[Half, tuple[str, ...]] = {  # beside each of them, with Enter next to it
    "left": ("Numpad7", "Numpad4", "Numpad1", "Numpad0"),
    "right": ("Numpad9", "Numpad6", "Numpad3", "NumpadDecimal"),
}
NONE_KEYS: dict[Half, str] = {"left": "KeyB", "right": "KeyN"}  # in every layout
HANDS: dict[str, Words] = {
    Preferences.Keys.TWO_HANDS: gettext_lazy("both hands"),
    Preferences.Keys.LEFT_HAND: gettext_lazy("left hand"),
    Preferences.Keys.RIGHT_HAND: gettext_lazy("right hand"),
}
PRINTED = {"Comma": ",", "Semicolon": ";", "Slash": "/"}  # on a US keyboard
HALVES: dict[str, Half] = {"right": "left", "left": "right"}  # patient's side → half


@dataclass(frozen=True)
class Group:
    """The answers to one question for one side of the patient."""

    name: str  # of the form field: question-side
    question: Words
    side: str  # the patient's
    half: Half  # of the screen
    choices: tuple[Choice, ...]
    none: Key  # chooses that this side cannot be assessed


@dataclass(frozen=True)
class Layout:
    """Keys for the grades, from the lowest on, by the half of the screen."""

    value: str  # of Preferences.Keys
    words: Words
    left: tuple[Key, ...]
    right: tuple[Key, ...]


@dataclass(frozen=True)
class Again:
    """Told with a read that is answered once more."""

    said: str
    reason: str  # the reader's own words; never a coordinator's, which may tell an arm
    # the form's field → what its reader answered; None: they look at it afresh
    grades: Mapping[str, int | str] | None
    comment: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)  # free words, by field
    # places in the stack, by field
    marks: Mapping[str, list[dict[str, int]]] = field(default_factory=dict)


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
    groups: tuple[Group, ...]  # of three slices
    stack: StackStage | None  # or the stage of whole stacks
    asking: Asking | None  # and their questions
    slices: int
    pixels: int
    interpolation: str
    least_side: int  # of a slice, in CSS pixels
    break_after: int  # minutes; 0 = never
    window_adjustable: bool
    auto_advance: bool
    keys: str  # a value of Preferences.Keys
    layouts: tuple[Layout, ...]  # among which the reader may choose
    reasons: tuple[str, ...]  # offered where a side cannot be assessed
    is_training: bool
    # whether, without a connection, one may go on with the read that was fetched
    goes_on: bool
    desk: str  # tells the answers kept in a browser from those of other readers
    changes_url: str  # where answers may be changed; empty: nowhere
    undo_url: str  # where the last answer is taken back; empty: it cannot be
    pixels_url: str
    submit_url: str
    lut_url: str
    atlas: AtlasPage | None  # examples of the grades


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
    before = read.answers.order_by("version").last()
    assert before is not None, "only what was answered is opened again"
    scores = {f"{s.question}-{s.side}": s for s in before.scores.all()}
    is_undone = reopening.reason == Reopening.UNDONE
    undone = _("You took your answer back.")
    return Again(
        said=said,
        reason=undone if is_undone else _("Your reason: %s") % reopening.reason,
        grades={
            name: why_shown(s.unassessable) if s.value is None else s.value
            for name, s in scores.items()
            if not s.text
        },
        comment=before.comment,
        texts={name: s.text for name, s in scores.items() if s.text},
        marks={name: s.marks for name, s in scores.items() if s.marks},
    )


def present_training(read: TrainingRead) -> Presented:
    return Presented(
        token=read.token, number=read.position, of=read.attempt.reads.count()
    )


def reader_page(*, reader: Membership, due: Due, likes: Preferences) -> ReaderPage:
    return _page(reader, present(due), likes, "read", is_training=False)


def training_page(
    *, reader: Membership, read: TrainingRead, likes: Preferences
) -> ReaderPage:
    return _page(reader, present_training(read), likes, "training", is_training=True)


def _page(
    reader: Membership,
    presented: Presented,
    likes: Preferences,
    route: str,
    *,
    is_training: bool,
) -> ReaderPage:
    """route: what its routes' names begin with.

    `pixels_url` ends where a token is put behind.
    """
    study = reader.study
    stack = stack_stage(study)
    some = reverse(f"reading:{route}-pixels", args=[study.slug, presented.token])
    may_change = study.answer_changes != Study.AnswerChanges.NEVER and not is_training
    return ReaderPage(
        presented=presented,
        groups=() if stack else _groups(study, likes),
        stack=stack,
        asking=asking_of(study) if stack else None,
        slices=SHOWN_SLICES,
        pixels=CROP,
        interpolation=study.interpolation,
        least_side=study.least_slice_side,
        break_after=study.break_after_minutes,
        window_adjustable=study.window_adjustable,
        auto_advance=likes.auto_advance,
        keys=likes.keys,
        layouts=tuple(_layout(value, words) for value, words in HANDS.items()),
        reasons=tuple(why_shown(offered) for offered in OFFERED),
        is_training=is_training,
        goes_on=not is_training and study.guesses != Study.Guesses.AFTER_GRADE,
        desk=desk_of(reader.user_id, study.slug),
        changes_url=_address("read-changes", study) if may_change else "",
        undo_url=_address("read-undo", study) if may_change else "",
        pixels_url=some.removesuffix(f"{presented.token}/"),
        submit_url=_address(f"{route}-submit", study),
        lut_url=reverse("reading:lut-show", args=[study.lut]),
        atlas=atlas_page(study),
    )


def desk_of(user_id: int, slug: str) -> str:
    """What a browser keeps this reader's answers in this study under."""
    return salted_hmac("reading desk", f"{user_id} {slug}").hexdigest()[:16]


def _address(route: str, study: Study) -> str:
    return reverse(f"reading:{route}", args=[study.slug])


def _groups(study: Study, likes: Preferences) -> tuple[Group, ...]:
    questions = question_set_of(study).questions
    return tuple(_group(one, side, likes) for one in questions for side in SIDES)


def _group(question: Question, side: str, likes: Preferences) -> Group:
    half = HALVES[side]
    ordered = sorted(question.answers, key=lambda answer: answer.value)
    keys = _keys(likes.keys, half)[: len(ordered)]
    return Group(
        name=f"{question.key}-{side}",
        question=question.words,
        side=side,
        half=half,
        choices=tuple(
            Choice(answer.value, answer.words, key)
            for answer, key in zip(ordered, keys, strict=True)
        ),
        none=Key(_printed(NONE_KEYS[half]), NONE_KEYS[half]),
    )


def _layout(value: str, words: Words) -> Layout:
    return Layout(value, words, _keys(value, "left"), _keys(value, "right"))


def _keys(layout: str, half: Half) -> tuple[Key, ...]:
    """The printed key and the numeric keypad's, which serves in every layout."""
    pairs = zip(KEYS[layout][half], KEYPAD[half], strict=True)
    return tuple(Key(_printed(key), f"{key} {pad}") for key, pad in pairs)


def _printed(code: str) -> str:
    return PRINTED.get(code) or code.removeprefix("Digit").removeprefix("Key")
