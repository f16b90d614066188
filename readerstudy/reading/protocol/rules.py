"""What the settings of a study may be, whatever door they come in by."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _

from readerstudy.cases.models import Case, Cohort
from readerstudy.imaging.errors import Refused

from ..models import IMAGE_METRICS, Study
from ..questions import (
    QUESTION_SETS,
    SIDES,
    QuestionSet,
    check_answers,
    own_question_set,
    question_set_of,
)
from .frozen import codes_unknown
from .type_rules import standard_places, type_problems

METHOD_LENGTH = 100  # of the name of a rendition's method

# setting → least and greatest value
RANGES: dict[str, tuple[int | Decimal, int]] = {
    "least_slice_side": (1, 2000),
    "sessions": (1, 100),
    "washout_days": (0, 3650),
    "spacing": (0, 10_000),
    "break_after_minutes": (0, 1440),
    "long_pause_minutes": (1, 1440),
    "gate_minimum": (0, 1),
    "guess_percent": (1, 100),
    "kappa_margin": (Decimal("0.001"), 1),
}


def settings_problems(study: Study, given: Iterable[str]) -> list[tuple[str, str]]:
    """(setting, what is wrong with it) for those of `given`, and where two of the
    study's settings cannot be together."""
    # a form's fields may not be empty; a column that may be null is right to be
    unset = {
        f.name
        for f in Study._meta.fields
        if f.null and f.value_from_object(study) is None
    }
    checked = set(given) - unset
    others = [f.name for f in Study._meta.fields if f.name not in checked]
    problems: list[tuple[str, str]] = []
    try:
        study.clean_fields(exclude=others)
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            problems += [(name, message) for message in messages]
    if problems:
        return problems  # what follows takes each for what it should be
    if unknown := list(_questions(study)):
        return unknown
    return [
        *_out_of_range(study),
        *_lists(study),
        *type_problems(study),
        *_given(study),
    ]


def _questions(study: Study) -> Iterator[tuple[str, str]]:
    """What follows asks for them."""
    if study.own_questions:
        try:
            own_question_set(study.own_questions)
        except Refused as refused:
            yield "own_questions", str(refused)
    elif study.question_set not in QUESTION_SETS:
        yield "question_set", _("Unknown questions: %s.") % study.question_set


def _out_of_range(study: Study) -> Iterator[tuple[str, str]]:
    for name, (least, most) in RANGES.items():
        value = getattr(study, name)
        if value is not None and not least <= value <= most:
            yield (
                name,
                _("It must be between %(least)s and %(most)s.")
                % {"least": least, "most": most},
            )
    if study.gate and study.gate_minimum is None:
        yield "gate_minimum", _("A gate needs the least agreement that passes it.")


def _lists(study: Study) -> Iterator[tuple[str, str]]:
    for name in ("case_codes", "image_metrics"):
        texts = getattr(study, name)
        if not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
            yield name, _("It must be a list of texts.")
            return
        for text in sorted({text for text in texts if texts.count(text) > 1}):
            yield name, _("%s is there twice.") % text
    for code in codes_unknown(study):
        yield "case_codes", _("The cohort has no case %s.") % code
    for metric in study.image_metrics:
        if metric not in IMAGE_METRICS:
            yield "image_metrics", _("There is no image metric %s.") % metric


def _given(study: Study) -> Iterator[tuple[str, str]]:
    """What is wrong with the given grades of the reference standard."""
    name, seen = "given_standard", set()
    if not isinstance(study.given_standard, list):
        yield name, _("It must be a list of cases with their grades.")
        return
    asked = question_set_of(study)
    places = standard_places(asked)
    if study.given_standard and not places:
        yield name, _("Nothing that these questions ask for can be given.")
        return
    codes = set(Case.objects.filter(cohort=study.cohort_id).values_list("code"))
    for one in study.given_standard:
        is_line = isinstance(one, Mapping) and set(one) == {"case", *places}
        if not is_line or not isinstance(code := one["case"], str):
            yield (
                name,
                (
                    _("A line is: case, grade right, grade left.")
                    if places == SIDES
                    else _("A line is: case, and 1 with a finding or 0 without.")
                ),
            )
            return
        if (code,) not in codes:
            yield name, _("The cohort has no case %s.") % code
        if code in seen:
            yield name, _("%s is there twice.") % code
        seen.add(code)
        values = [one[place] for place in places]
        yield from ((name, f"{code}: {said}") for said in _not_given(asked, values))


def _not_given(asked: QuestionSet, given: Iterable[object]) -> Iterator[str]:
    """Grades of the first question, which kappa is of; or: is there a finding?"""
    of_sides = standard_places(asked) == SIDES
    known = asked.questions[0].values if of_sides else (0, 1)
    for value in given:
        if type(value) is not int or value not in known:
            yield _("%(value)s is not one of the answers.") % {"value": value}


@dataclass(frozen=True)
class TrainingChoice:
    """An image for training, by its case's code and method, and its key.

    key: question → patient's side → value, as answers are.
    """

    case: str
    method: str
    key: Mapping[str, Mapping[str, int]]


def training_problems(
    *, cohort: Cohort, asked: QuestionSet, chosen: Sequence[TrainingChoice]
) -> list[tuple[int, str]]:
    """(index in `chosen`, what is wrong with it), for every image that cannot be so."""
    codes = set(cohort.cases.values_list("code", flat=True))
    problems: list[tuple[int, str]] = []
    taken: set[tuple[str, str]] = set()
    for index, one in enumerate(chosen):
        if one.case not in codes:
            problems.append((index, _("The cohort has no case %s.") % one.case))
        if not 0 < len(one.method) <= METHOD_LENGTH:
            problems.append((index, _("An image needs the name of its method.")))
        if (one.case, one.method) in taken:
            twice = _("%s is there twice.") % f"{one.case} {one.method}"
            problems.append((index, twice))
        taken.add((one.case, one.method))
        try:
            check_answers(asked, one.key)
        except Refused as refused:
            problems.append((index, str(refused)))
    return problems


def arm_code(method: str, taken: Collection[str], wanted: str = "") -> str:
    """A short name for the arm of a method, unlike those that are `taken`."""
    base = wanted or slugify(method.partition("@")[0])[:40] or "arm"
    number, code = 1, base
    while code in taken:
        number += 1
        code = f"{base}-{number}"
    return code
