"""What was answered: held to the questions, and ready for the rows."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from .kinds import IMAGE, SIDES, Kind, Question, QuestionSet


class Mark(NamedTuple):
    """A place of the shown stack, from 0."""

    slice: int
    row: int
    column: int


class Grade(NamedTuple):
    """What was answered to one question for one side of the patient or the image."""

    question: str
    side: str  # the patient's, or “image”
    value: int | None  # None: it cannot be assessed, or it is a text
    unassessable: str = ""  # why
    text: str = ""
    marks: tuple[Mark, ...] = ()

    def as_score(self) -> dict[str, Any]:
        """The columns of its row."""
        return self._asdict() | {"marks": [mark._asdict() for mark in self.marks]}


# A value; or why it cannot be assessed, or the words of a text; or a value with marks:
# {"value": 2, "marks": [{"slice": 0, "row": 1, "column": 2}]}
Answered = int | str | Mapping[str, Any]
# question → patient's side, or “image” → what is said; a text may be left out
Answers = Mapping[str, Mapping[str, Answered]]

WHY_LENGTH = 200
TEXT_LENGTH = 2000
MOST_MARKS = 20

# Offered where something cannot be assessed; any other words will do as well. Stored
# and exported in English whatever language they were chosen in; shown translated.
OFFERED = (
    gettext_noop("motion"),
    gettext_noop("artefact"),
    gettext_noop("cut off"),
    gettext_noop("too few counts"),
)


def why_shown(stored: str) -> str:
    """Why a side could not be assessed, for a page; the reader's own words as typed."""
    return _(stored) if stored in OFFERED else stored


def why_stored(given: str) -> str:
    """An offered reason, said in any language, is the same reason."""
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for offered in OFFERED:
                if given == _(offered):
                    return offered
    return given


def check_answers(
    asked: QuestionSet,
    answers: Answers,
    *,
    may_decline: bool = True,
    frame: Sequence[int] = (),
) -> list[Grade]:
    """What was answered to every question and side, in their order, or Refused.

    A text that says nothing is left out. may_decline: whether “cannot be assessed” is
    an answer here. frame: slices, rows and columns within which marks lie; empty: no
    mark is taken.
    """
    keys = {question.key for question in asked.questions}
    needed = {one.key for one in asked.questions if one.kind != Kind.TEXT}
    if not needed <= set(answers) <= keys:
        raise Refused(_("The answers do not belong to this study's questions."))
    checked = []
    for question in asked.questions:
        given = answers.get(question.key, {})
        _refuse_elsewhere(question, given)
        if question.kind == Kind.TEXT:
            checked += _text(question, given.get(IMAGE, ""))
            continue
        for side in question.sides:
            if side not in given:
                raise Refused(_unanswered(question))
            checked.append(_grade(question, side, given[side], may_decline, frame))
    return checked


def _refuse_elsewhere(question: Question, given: Mapping[str, Answered]) -> None:
    if not set(given) - set(question.sides):
        return
    if question.sides == SIDES:
        raise Refused(_("An answer is for neither the right nor the left side."))
    raise Refused(_("An answer is not for the whole image."))


def _unanswered(question: Question) -> str:
    if question.sides == SIDES:
        return _("Both sides must be answered.")
    return _("“%s” must be answered.") % question.words


def _text(question: Question, given: Answered) -> list[Grade]:
    if not isinstance(given, str):
        raise Refused(_("“%s” takes words.") % question.words)
    if len(given := given.strip()) > TEXT_LENGTH:
        raise Refused(_("“%s”: the text is too long.") % question.words)
    return [Grade(question.key, IMAGE, None, text=given)] if given else []


def _grade(
    question: Question,
    side: str,
    given: Answered,
    may_decline: bool,
    frame: Sequence[int],
) -> Grade:
    if isinstance(given, str):
        return Grade(question.key, side, None, _declined(question, given, may_decline))
    marks: tuple[Mark, ...] = ()
    if isinstance(given, Mapping):
        if set(given) - {"value", "marks"}:
            raise Refused(_("An answer has a value and marks, and nothing else."))
        marks = _marks(question, given.get("marks", []), frame)
        given = given.get("value", "")
    if type(given) is not int or given not in question.values:
        raise Refused(_("%(value)s is not one of the answers.") % {"value": given})
    return Grade(question.key, side, given, marks=marks)


def _declined(question: Question, given: str, may_decline: bool) -> str:
    """Why it cannot be assessed."""
    is_sided = question.sides == SIDES
    if not may_decline:
        raise Refused(
            _("Here every side takes a grade.")
            if is_sided
            else _("Here every question takes an answer.")
        )
    why = why_stored(given.strip())
    if not why:
        raise Refused(
            _("Please say why this side cannot be assessed.")
            if is_sided
            else _("Please say why this cannot be assessed.")
        )
    if len(why) > WHY_LENGTH:
        raise Refused(_("The reason is too long."))
    return why


def _marks(question: Question, given: Any, frame: Sequence[int]) -> tuple[Mark, ...]:
    """In order, without the same place twice."""
    if given and question.kind != Kind.FIDELITY:
        raise Refused(_("“%s” takes no marks.") % question.words)
    if not isinstance(given, list | tuple) or len(given) > MOST_MARKS:
        raise Refused(_("Marks are a list of at most %d places.") % MOST_MARKS)
    marks: set[Mark] = set()
    for one in given:
        if not isinstance(one, Mapping) or set(one) != set(Mark._fields):
            raise Refused(_("A mark has a slice, a row and a column."))
        mark = Mark(**one)
        if not frame or not all(
            type(at) is int and 0 <= at < size
            for at, size in zip(mark, frame, strict=True)
        ):
            raise Refused(_("A mark lies outside the image."))
        marks.add(mark)
    return tuple(sorted(marks))
