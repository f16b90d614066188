"""The settings of a draft: what its protocol says beside arms and people."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypedDict, cast

from django.utils.translation import gettext as _

from readerstudy.cases.models import Case, Rendition
from readerstudy.imaging.errors import Refused

from ..models import Study, TrainingItem
from ..protocol.rules import TrainingChoice, settings_problems, training_problems
from ..questions import OWN, describe, question_set_of

__all__ = ["FOLLOWING", "SETTINGS", "Settings", "TrainingChoice", "settings_assign"]


class Settings(TypedDict, total=False):
    """Fields of Study by their own names; what is left out keeps its default."""

    title: str
    case_split: str
    case_codes: list[str]
    resampling_allowed: bool
    question_set: str
    own_questions: list[dict[str, Any]]
    window_rule: str
    windows: list[dict[str, Any]]
    value_low: float | None
    value_high: float | None
    lut: str
    interpolation: str
    window_adjustable: bool
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
    metric_low: float | None
    metric_high: float | None
    stability_limits: dict[str, float]
    reference_standard: str
    given_standard: list[dict[str, Any]]


SETTINGS = tuple(Settings.__annotations__)
FOLLOWING = ("presentation",)  # from the questions


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
    if "question_set" in given and "own_questions" not in given:
        study.own_questions = []
    if study.own_questions:
        study.question_set = OWN
    problems = settings_problems(study, given)
    if problems:
        raise Refused("\n".join(f"{name}: {said}" for name, said in problems))
    asked = question_set_of(study)
    if study.own_questions:
        study.own_questions = describe(asked)["questions"]
    modes = Study.Presentation
    study.presentation = modes.PAIRS if asked.is_of_pairs else modes.SINGLE


def training_write(study: Study, chosen: Iterable[TrainingChoice]) -> None:
    """Cases come from the study's own cohort, and are no longer read in the study."""
    chosen = list(chosen)
    asked = question_set_of(study)
    problems = training_problems(cohort=study.cohort, asked=asked, chosen=chosen)
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
