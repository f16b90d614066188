"""What the settings of a study may be, given its type and its questions."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from readerstudy.imaging.stability_measures import MEASURES
from readerstudy.imaging.study_types import StudyType

from ..models import Study
from ..questions import IMAGE, OF_PAIRS, SIDES, Kind, QuestionSet, question_set_of
from .types import kinds_of, type_of

MOST_WINDOWS = 9  # a button each; the first six have keys
WINDOW = {"key", "title", "low", "high"}
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
TITLE_LENGTH = 50
LARGEST = 1e9  # of a value with a unit
OF_STACKS = ("windows", "value_low", "value_high", "metric_low", "metric_high")
OF_GRADES = ("gate", "kappa_margin")

Problems = Iterator[tuple[str, str]]  # (setting, what is wrong with it)


def type_problems(study: Study) -> Problems:
    """study: with questions that are there."""
    kind, asked = type_of(study), question_set_of(study)
    yield from _asked(study, kind, asked)
    if study.window_rule not in kind.windows:
        yield "window_rule", _none_of(study.window_rule, kind.windows)
    if study.lut not in kind.luts:
        yield "lut", _none_of(study.lut, kind.luts)
    if kind.is_stack:
        yield from _windows(study.windows)
        yield from _ranges(study)
    else:
        for name in OF_STACKS:
            if getattr(study, name) not in (None, []):
                yield name, _("Only studies of whole stacks have it.")
    if not any(question.kind == Kind.GRADE for question in asked.questions):
        for name in OF_GRADES:
            if getattr(study, name) not in (None, ""):
                yield name, _("Only questions for grades of each side have it.")
    yield from _limits(study.stability_limits)


def _none_of(given: str, known: tuple[str, ...]) -> str:
    return _("“%(given)s” is not one of: %(choices)s.") % {
        "given": given,
        "choices": ", ".join(known),
    }


def _asked(study: Study, kind: StudyType, asked: QuestionSet) -> Problems:
    name = "own_questions" if study.own_questions else "question_set"
    if not study.own_questions and study.question_set not in kind.question_sets:
        yield name, _none_of(study.question_set, kind.question_sets)
        return
    if kind.has_regions and len(asked.questions) > 1:  # there are keys for one
        yield name, _("Three slices take one question.")
    for question in asked.questions:
        said = {"question": question.key, "kind": question.kind}
        if question.kind not in kinds_of(kind):
            text = _("%(question)s: images of this cohort take no question “%(kind)s”.")
            yield name, text % said
        elif asked.is_of_pairs and question.kind not in OF_PAIRS:
            text = _("%(question)s: beside a choice stands no question “%(kind)s”.")
            yield name, text % said


def _windows(given: Any) -> Problems:
    name = "windows"
    if not isinstance(given, list) or len(given) > MOST_WINDOWS:
        yield name, _("They are a list of at most %d windows.") % MOST_WINDOWS
        return
    keys = []
    for one in given:
        if not isinstance(one, Mapping) or set(one) != WINDOW:
            yield name, _("A window has a key, a title, and values low and high.")
            return
        keys.append(one["key"])
        if not isinstance(one["key"], str) or not KEY.fullmatch(one["key"]):
            yield name, _("A key has letters a to z, digits and hyphens, at most 30.")
        elif not isinstance(one["title"], str) or not (
            0 < len(one["title"].strip()) <= TITLE_LENGTH
        ):
            yield name, _("A title has 1 to %d characters.") % TITLE_LENGTH
        elif not _from_to(one["low"], one["high"]):
            yield (
                name,
                _("%s: low and high are numbers, the first one smaller.")
                % (one["key"]),
            )
    if len(set(map(str, keys))) < len(keys):
        yield name, _("Two windows have the same key.")


def _ranges(study: Study) -> Problems:
    for low, high in (("value_low", "value_high"), ("metric_low", "metric_high")):
        ends = getattr(study, low), getattr(study, high)
        if ends != (None, None) and not _from_to(*ends):
            yield low, _("Both ends are numbers, the first one smaller.")


def _from_to(low: Any, high: Any) -> bool:
    return _is_number(low) and _is_number(high) and low < high


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and abs(value) <= LARGEST


def _limits(given: Any) -> Problems:
    name = "stability_limits"
    if not isinstance(given, dict):
        yield name, _("They are measures, each with its limit.")
        return
    for key, limit in given.items():
        if key not in MEASURES:
            yield name, _("There is no measure of stability “%s”.") % key
        elif not _is_number(limit) or limit < 0:
            yield name, _("%s: the limit is a number, 0 or more.") % key


def standard_places(asked: QuestionSet) -> tuple[str, ...]:
    """What a line of a given standard says of a case: grades of each side, or 1 where
    a finding is present and 0 where there is none. Empty: nothing can be given."""
    kinds = {question.kind for question in asked.questions}
    if Kind.GRADE in kinds:
        return SIDES
    return (IMAGE,) if Kind.CONFIDENCE in kinds else ()
