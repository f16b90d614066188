"""What readers are asked. A question set is data of the protocol, not of views."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.imaging.errors import Refused

SIDES = ("right", "left")  # of the patient, in the order they stand on the screen
Words = str | Promise


@dataclass(frozen=True)
class Answer:
    value: int
    words: Words


@dataclass(frozen=True)
class Question:
    """One question, asked for each side of the patient."""

    key: str
    words: Words
    answers: tuple[Answer, ...]


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
                    Answer(4, gettext_lazy("normal")),
                    Answer(3, gettext_lazy("putamen mildly reduced")),
                    Answer(2, gettext_lazy("putamen severely reduced")),
                    Answer(1, gettext_lazy("putamen and caudate severely reduced")),
                ),
            ),
        ),
    ),
}


def check_answers(
    question_set: str, answers: Mapping[str, Mapping[str, int]]
) -> list[tuple[str, str, int]]:
    """Return (question, side, value) for every question and side, or refuse.

    `answers` maps question → patient's side → value.
    """
    asked = QUESTION_SETS[question_set].questions
    if set(answers) != {question.key for question in asked}:
        raise Refused(_("The answers do not belong to this study's questions."))
    checked = []
    for question in asked:
        given = answers[question.key]
        allowed = {answer.value for answer in question.answers}
        if set(given) - set(SIDES):
            raise Refused(_("An answer is for neither the right nor the left side."))
        for side in SIDES:
            if side not in given:
                raise Refused(_("Both sides must be answered."))
            if given[side] not in allowed:
                raise Refused(
                    _("%(value)s is not one of the answers.") % {"value": given[side]}
                )
            checked.append((question.key, side, given[side]))
    return checked


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
