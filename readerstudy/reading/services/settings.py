"""The settings of a draft: what its protocol says beside arms and people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypedDict, cast

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from readerstudy.cases.models import Case, Cohort, Rendition
from readerstudy.imaging.errors import Refused

from ..models import IMAGE_METRICS, Study, TrainingItem
from ..protocol import codes_unknown
from ..questions import QUESTION_SETS, check_answers

METHOD_LENGTH = 100  # of the name of a rendition's method


class Settings(TypedDict, total=False):
    """Fields of Study by their own names; what is left out keeps its default."""

    title: str
    case_split: str
    case_codes: list[str]
    question_set: str
    window_rule: str
    lut: str
    interpolation: str
    least_slice_side: int
    sessions: int
    washout_days: int
    spacing: int
    answer_changes: str
    break_after_minutes: int
    long_pause_minutes: int
    asks_conditions: bool
    gate: str
    gate_minimum: Decimal | None
    guesses: str
    guess_percent: int
    primary_arm: str
    control_arm: str
    kappa_margin: Decimal | None
    kappa_weights: str
    kappa_interval: str
    image_metrics: list[str]


SETTINGS = tuple(Settings.__annotations__)


def settings_assign(study: Study, settings: Settings) -> None:
    """Set them on `study`, unsaved; Refused with everything that cannot be so.

    Each line of the refusal begins with the name of its setting.
    """
    given = cast(Mapping[str, Any], settings)
    for name in given:
        if name not in SETTINGS:
            raise TypeError(f"{name} is no setting of a study")
        setattr(study, name, given[name])
    if not study.gate:
        study.gate_minimum = None
    problems = settings_problems(study, given)
    if problems:
        raise Refused("\n".join(f"{name}: {said}" for name, said in problems))


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
    return [*_out_of_range(study), *_lists(study)]


def _out_of_range(study: Study) -> Iterator[tuple[str, str]]:
    if study.sessions < 1:
        yield "sessions", _("There must be at least one session.")
    if study.gate and study.gate_minimum is None:
        yield "gate_minimum", _("A gate needs the least agreement that passes it.")
    if study.gate_minimum is not None and not 0 <= study.gate_minimum <= 1:
        yield "gate_minimum", _("It must be between 0 and 1.")
    if not 1 <= study.guess_percent <= 100:
        yield "guess_percent", _("It must be between 1 and 100.")
    if study.kappa_margin is not None and not 0 < study.kappa_margin <= 1:
        yield "kappa_margin", _("It must be above 0 and at most 1.")


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


@dataclass(frozen=True)
class TrainingChoice:
    """An image for training, by its case's code and method, and its key.

    key: question → patient's side → value, as answers are.
    """

    case: str
    method: str
    key: Mapping[str, Mapping[str, int]]


def training_problems(
    *, cohort: Cohort, question_set: str, chosen: Sequence[TrainingChoice]
) -> list[tuple[int, str]]:
    """(index in `chosen`, what is wrong with it), for every image that cannot be so."""
    if question_set not in QUESTION_SETS:
        return [(0, _("Unknown questions: %s.") % question_set)] if chosen else []
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
            check_answers(question_set, one.key)
        except Refused as refused:
            problems.append((index, str(refused)))
    return problems


def training_write(study: Study, chosen: Iterable[TrainingChoice]) -> None:
    """Cases come from the study's own cohort, and are no longer read in the study."""
    chosen = list(chosen)
    problems = training_problems(
        cohort=study.cohort, question_set=study.question_set, chosen=chosen
    )
    if problems:
        raise Refused(
            "\n".join(
                _("Training, case %(case)s: %(reason)s")
                % {"case": chosen[index].case, "reason": reason}
                for index, reason in problems
            )
        )
    cases = {case.code: case for case in Case.objects.filter(cohort=study.cohort_id)}
    TrainingItem.objects.bulk_create(
        TrainingItem(
            study=study,
            position=position,
            case=cases[one.case],
            method=one.method,
            key={question: dict(sides) for question, sides in one.key.items()},
        )
        for position, one in enumerate(chosen, start=1)
    )


def training_freeze(study: Study) -> None:
    """Pin the training images as they are now; preflight has seen that all exist."""
    for item in study.training.all():
        item.image_sha256 = Rendition.objects.get(
            case=item.case_id, method=item.method
        ).sha256
        item.save(update_fields=["image_sha256"])
