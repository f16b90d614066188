"""The settings of a draft: what its protocol says beside arms and people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypedDict, cast

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from readerstudy.cases.models import Case, Rendition
from readerstudy.imaging.errors import Refused

from ..models import Study, TrainingItem
from ..questions import check_answers


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
    """Set them on `study`, unsaved; Refused with every field that cannot be so."""
    given = cast(Mapping[str, Any], settings)
    for name in given:
        if name not in SETTINGS:
            raise TypeError(f"{name} is no setting of a study")
        setattr(study, name, given[name])
    others = [f.name for f in Study._meta.fields if f.name not in given]
    try:
        study.clean_fields(exclude=others)
    except ValidationError as error:
        raise Refused("\n".join(_told(error))) from error


def _told(error: ValidationError) -> Iterable[str]:
    for name, messages in error.message_dict.items():
        for message in messages:
            yield f"{name}: {message}"


@dataclass(frozen=True)
class TrainingChoice:
    """An image for training, by its case's code and method, and its key.

    key: question → patient's side → value, as answers are.
    """

    case: str
    method: str
    key: Mapping[str, Mapping[str, int]]


def training_write(study: Study, chosen: Iterable[TrainingChoice]) -> None:
    """Cases come from the study's own cohort, and are no longer read in the study."""
    cases = {case.code: case for case in Case.objects.filter(cohort=study.cohort_id)}
    taken = set()
    for position, one in enumerate(chosen, start=1):
        if one.case not in cases:
            raise Refused(_("Training: the cohort has no case %s.") % one.case)
        if (one.case, one.method) in taken:
            raise Refused(
                _("Training: %s is there twice.") % f"{one.case} {one.method}"
            )
        taken.add((one.case, one.method))
        try:
            check_answers(study.question_set, one.key)
        except Refused as refused:
            raise Refused(
                _("Training, case %(case)s: %(reason)s")
                % {"case": one.case, "reason": refused}
            ) from refused
        TrainingItem.objects.create(
            study=study,
            position=position,
            case=cases[one.case],
            method=one.method,
            key={question: dict(sides) for question, sides in one.key.items()},
        )


def training_freeze(study: Study) -> None:
    """Pin the training images as they are now; preflight has seen that all exist."""
    for item in study.training.all():
        item.image_sha256 = Rendition.objects.get(
            case=item.case_id, method=item.method
        ).sha256
        item.save(update_fields=["image_sha256"])
