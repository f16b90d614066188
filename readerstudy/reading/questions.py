"""What readers are asked. A question set is data of the protocol, not of views."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from readerstudy.imaging.errors import Refused

SIDES = ("right", "left")  # of the patient, in the order they stand on the screen
Words = str | Promise


@dataclass(frozen=True)
class Option:
    value: int
    words: Words


@dataclass(frozen=True)
class Question:
    """One question, asked for each side of the patient."""

    key: str
    words: Words
    answers: tuple[Option, ...]


@dataclass(frozen=True)
class QuestionSet:
    key: str
    title: Words
    questions: tuple[Question, ...]


QUESTION_SETS: dict[str, QuestionSet] = {
    "striatum-grade-1-4": QuestionSet(
        key="striatum-grade-1-4",
        title=gettext_lazy("Striatal uptake, four grades for each side"),
        questions=(
            Question(
                key="grade",
                words=gettext_lazy("Grade"),
                answers=(
                    Option(4, gettext_lazy("normal")),
                    Option(3, gettext_lazy("putamen mildly reduced")),
                    Option(2, gettext_lazy("putamen severely reduced")),
                    Option(1, gettext_lazy("putamen and caudate severely reduced")),
                ),
            ),
        ),
    ),
}


class Grade(NamedTuple):
    """What was answered to one question for one side of the patient."""

    question: str
    side: str  # the patient's
    value: int | None  # None: it cannot be assessed
    unassessable: str = ""  # why


# question → patient's side → value, or the words why it cannot be assessed
Answers = Mapping[str, Mapping[str, int | str]]

WHY_LENGTH = 200

# Offered where a side cannot be assessed; any other words will do as well. Stored and
# exported in English whatever language they were chosen in; shown translated.
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
    question_set: str, answers: Answers, *, may_decline: bool = True
) -> list[Grade]:
    """One grade for every question and side, in their order, or Refused.

    may_decline: whether "cannot be assessed" is an answer here.
    """
    asked = QUESTION_SETS[question_set].questions
    if set(answers) != {question.key for question in asked}:
        raise Refused(_("The answers do not belong to this study's questions."))
    checked = []
    for question in asked:
        given = answers[question.key]
        if set(given) - set(SIDES):
            raise Refused(_("An answer is for neither the right nor the left side."))
        for side in SIDES:
            if side not in given:
                raise Refused(_("Both sides must be answered."))
            checked.append(_grade(question, side, given[side], may_decline))
    return checked


def _grade(question: Question, side: str, given: int | str, may_decline: bool) -> Grade:
    if isinstance(given, str):
        if not may_decline:
            raise Refused(_("Here every side takes a grade."))
        why = why_stored(given.strip())
        if not why:
            raise Refused(_("Please say why this side cannot be assessed."))
        if len(why) > WHY_LENGTH:
            raise Refused(_("The reason is too long."))
        return Grade(question.key, side, None, why)
    if given not in {answer.value for answer in question.answers}:
        raise Refused(_("%(value)s is not one of the answers.") % {"value": given})
    return Grade(question.key, side, int(given))


def describe(question_set: str) -> dict[str, Any]:
    """The question set in plain English values, for the frozen protocol."""
    with translation.override("en"):
        chosen = QUESTION_SETS[question_set]
        return {
            "key": chosen.key,
            "title": str(chosen.title),
            "sides": list(SIDES),
            "questions": [
                {
                    "key": question.key,
                    "words": str(question.words),
                    "answers": [
                        {"value": answer.value, "words": str(answer.words)}
                        for answer in question.answers
                    ],
                }
                for question in chosen.questions
            ],
        }
