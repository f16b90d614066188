"""A study's own questions: plain data of its protocol, made into a question set."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.imaging.errors import Refused

from .kinds import Kind, Option, Question, QuestionSet, Words
from .sets import PREFERRED, QUESTION_SETS

OWN = "own"  # key of the set of questions that are a study's own
MOST_QUESTIONS = 10
MOST_ANSWERS = 10  # one digit key each
WORDS_LENGTH = 200
KEY = re.compile(r"[a-z][a-z0-9_-]{0,49}")
FIELDS = {"key", "words", "kind", "answers", "sides"}  # sides: told, never asked for
MOST_GRADES = 4  # a key each, for either side of the patient
BESIDE = "why-"  # what form fields of reasons begin with
LARGEST_GRADE = 4  # of a question called “grade”, as the database has it
LARGEST = 32767


class Asks(Protocol):
    """What this needs of a study."""

    question_set: str
    own_questions: list[dict[str, Any]]


def question_set_of(study: Asks) -> QuestionSet:
    """What a study asks: its own questions if it brings any, else those it names."""
    if study.own_questions:
        return own_question_set(study.own_questions)
    return QUESTION_SETS[study.question_set]


def is_asked(study: Asks) -> bool:
    """Whether question_set_of will find something; of a draft that nobody checked."""
    return bool(study.own_questions) or study.question_set in QUESTION_SETS


def own_question_set(told: Sequence[Any]) -> QuestionSet:
    """Questions from plain data, as `describe` writes them; Refused with the place."""
    if not isinstance(told, list | tuple) or len(told) > MOST_QUESTIONS:
        raise Refused(
            _("Own questions are a list of at most %d questions.") % MOST_QUESTIONS
        )
    questions = tuple(_question(place, one) for place, one in enumerate(told, start=1))
    keys = [question.key for question in questions]
    for key in keys:
        if keys.count(key) > 1:
            raise Refused(_("Two questions have the key “%s”.") % key)
    if all(question.kind == Kind.TEXT for question in questions):
        raise Refused(_("Some question must ask for more than free words."))
    return QuestionSet(OWN, gettext_lazy("This study's own questions"), questions)


def describe(asked: QuestionSet) -> dict[str, Any]:
    """A question set in plain English values, for the frozen protocol."""
    with translation.override("en"):
        return {
            "key": asked.key,
            "title": str(asked.title),
            "questions": [describe_question(one) for one in asked.questions],
        }


def describe_question(question: Question) -> dict[str, Any]:
    return {
        "key": question.key,
        "words": str(question.words),
        "kind": str(question.kind),
        "sides": list(question.sides),
        "answers": [
            {"value": answer.value, "words": str(answer.words)}
            for answer in question.answers
        ],
    }


def _question(place: int, told: Any) -> Question:
    if not isinstance(told, Mapping):
        raise Refused(_("Question %d: it takes key, words and kind.") % place)
    if unknown := sorted(map(str, set(told) - FIELDS)):
        raise Refused(
            _("Question %(place)d: there is no field “%(field)s”.")
            % {"place": place, "field": unknown[0]}
        )
    key = told.get("key")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise Refused(
            _(
                "Question %d, key: up to 50 of the letters a to z, digits, hyphens "
                "and _, beginning with a letter."
            )
            % place
        )
    if key.startswith(BESIDE):
        raise Refused(
            _("Question %(place)d, key: it may not begin with “%(begin)s”.")
            % {"place": place, "begin": BESIDE}
        )
    if told.get("kind") not in list(Kind):
        raise Refused(
            _("Question “%(key)s”, kind: one of %(kinds)s.")
            % {"key": key, "kinds": ", ".join(Kind)}
        )
    kind = Kind(told["kind"])
    words = _words(key, told.get("words"))
    return Question(key, words, _answers(key, kind, told.get("answers") or []), kind)


def _words(key: str, told: Any) -> str:
    if isinstance(told, str) and 1 <= len(told.strip()) <= WORDS_LENGTH:
        return told.strip()
    raise Refused(
        _("Question “%(key)s”, words: 1 to %(most)d characters.")
        % {"key": key, "most": WORDS_LENGTH}
    )


def _answers(key: str, kind: Kind, told: Any) -> tuple[Option, ...]:
    if not isinstance(told, list | tuple):
        raise Refused(_("Question “%s”, answers: a list.") % key)
    if kind in (Kind.CONFIDENCE, Kind.TEXT):
        if told:
            raise Refused(_("Question “%s”: this kind takes no answers.") % key)
        return ()
    if kind == Kind.CHOICE and not told:
        return PREFERRED
    options = tuple(_option(key, one) for one in told)
    values = [option.value for option in options]
    if len(set(values)) < len(values):
        raise Refused(_("Question “%s”: two answers have one value.") % key)
    if kind == Kind.CHOICE:
        known = [option.value for option in PREFERRED]
        if values not in (known[:2], known):
            raise Refused(
                _(
                    "Question “%s”, answers: values 1 (the left image), 2 (the right "
                    "one) and, if wanted, 3 (no difference)."
                )
                % key
            )
        return options
    most = MOST_GRADES if kind == Kind.GRADE else MOST_ANSWERS
    if not 2 <= len(options) <= most:
        raise Refused(
            _("Question “%(key)s”, answers: 2 to %(most)d of them.")
            % {"key": key, "most": most}
        )
    if key == "grade" and not set(values) <= set(range(1, LARGEST_GRADE + 1)):
        raise Refused(_("Question “grade”, answers: values from 1 to 4."))
    return options


def _option(key: str, told: Any) -> Option:
    value = told.get("value") if isinstance(told, Mapping) else None
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise Refused(
            _("Question “%s”, answers: each has a value, a whole number, and words.")
            % key
        )
    words: Words = _words(key, told.get("words"))
    return Option(value, words)
