"""Which fields a protocol's file may have, and what may stand in each.

All problems of a file are found in one go, each with its place in the file
(“arms[2].role”). What a name in the file means, Known was asked before.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from typing import Any, cast

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from rest_framework import serializers

from readerstudy.cases.models import Case, Cohort
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.lut import LUTS
from readerstudy.imaging.preprocessing import SHOWN_SLICES
from readerstudy.imaging.rendering import WINDOWS
from readerstudy.imaging.study_types import STUDY_TYPES

from ..models import IMAGE_METRICS, Arm, Study
from ..questions import QUESTION_SETS, QuestionSet, own_question_set
from .entries import (
    LONGEST_WORD,
    NO_FIELDS,
    Listed,
    Named,
    Number,
    Questions,
    Slug,
    Text,
    choice,
    decimal,
    listed,
    whole,
)
from .file import FORMAT
from .rules import METHOD_LENGTH, TrainingChoice, training_problems
from .type_rules import MOST_WINDOWS
from .types import blank_study

MOST_PROBLEMS = 50  # told of one file
MOST_PEOPLE, MOST_ARMS, MOST_IMAGES, MOST_CASES = 200, 100, 1000, 20_000


@dataclass(frozen=True)
class Known:
    """What the names in one file mean."""

    by: User
    cohort: Cohort | None
    cohort_problem: str
    slug_problem: str
    codes: frozenset[str] = frozenset()  # of the cohort's cases
    users: Mapping[str, User] = field(default_factory=dict)
    arms: frozenset[str] = frozenset()  # codes of the file's arms


class CaseCode(Text):
    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        known: Known = self.context["known"]
        if known.cohort and code not in known.codes:
            raise serializers.ValidationError(
                _("The cohort has no case %s.") % code, code="unknown"
            )
        return code


class UserName(Text):
    def to_internal_value(self, data: Any) -> User:  # type: ignore[override]
        name = super().to_internal_value(data)
        known: Known = self.context["known"]
        if name not in known.users:
            raise serializers.ValidationError(
                _("There is no account named %s.") % name[:LONGEST_WORD], code="unknown"
            )
        return known.users[name]


class Part(serializers.Serializer):
    """A section of the file: no key in it but its own."""

    default_error_messages = {"invalid": NO_FIELDS}

    def __init__(self, *args: Any, **options: Any) -> None:
        # an empty section is one of which nothing is said
        super().__init__(*args, **{"required": False, "allow_null": True, **options})

    def to_internal_value(self, data: Any) -> Any:
        unknown = {}
        if isinstance(data, Mapping):
            strange = (key for key in data if key not in self.fields)
            unknown = {
                str(key)[:LONGEST_WORD]: [_no_such_field(str(key), self.fields)]
                for key in islice(strange, MOST_PROBLEMS + 1)
            }
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError(
                {**cast(dict[str, Any], error.detail), **unknown}
            ) from error
        if unknown:
            raise serializers.ValidationError(unknown)
        return value


def _questions(told: Any, cohort: Cohort | None) -> QuestionSet | None:
    """What a file asks; None: what stands there is told to be wrong elsewhere."""
    if isinstance(told, list):
        with suppress(Refused):
            return own_question_set(told)
        return None
    if not isinstance(told, str) and cohort is not None:
        told = blank_study(cohort).question_set
    return QUESTION_SETS.get(told)


def _no_such_field(name: str, fields: Iterable[str]) -> str:
    alike = get_close_matches(name[:LONGEST_WORD].lower(), list(fields), n=1)
    if alike:
        return _("There is no such field; “%s” is one.") % alike[0]
    return _("There is no such field.")


class CohortPart(Part):
    name = Text(max_length=100)
    type = choice(list(STUDY_TYPES))
    split = choice(Case.Split.choices, allow_blank=True, allow_null=True)
    codes = listed(CaseCode(max_length=32), MOST_CASES)
    resampling_allowed = serializers.BooleanField(required=False)

    def validate_type(self, kind: str) -> str:
        known: Known = self.context["known"]
        if known.cohort and known.cohort.study_type != kind:
            raise serializers.ValidationError(
                _("The cohort is of the type “%s”.") % known.cohort.study_type
            )
        return kind

    def validate_name(self, name: str) -> str:
        known: Known = self.context["known"]
        if known.cohort_problem:
            raise serializers.ValidationError(known.cohort_problem)
        return name


class ArmPart(Part):
    code = Slug(max_length=50)
    title = Text(max_length=100)
    method = Text(max_length=METHOD_LENGTH)
    role = choice(Arm.Role.choices, required=True)
    repeated = serializers.BooleanField(default=False)


class WindowPart(Part):
    key = Text(max_length=30)
    title = Text(max_length=50)
    low = Number()
    high = Number()


class DisplayPart(Part):
    presentation = choice(Study.Presentation.choices)
    slices = serializers.IntegerField(required=False)
    window = choice([*WINDOWS, "presets"])
    windows = listed(WindowPart(required=True, allow_null=False), MOST_WINDOWS)
    value_low = Number(required=False, allow_null=True)
    value_high = Number(required=False, allow_null=True)
    lut = choice(list(LUTS))
    interpolation = choice(Study.Interpolation.choices)
    window_adjustable = serializers.BooleanField(required=False)
    least_slice_side = whole("least_slice_side")

    def validate_slices(self, slices: int) -> int:
        if slices != SHOWN_SLICES:
            raise serializers.ValidationError(
                _("This program shows %d slices.") % SHOWN_SLICES
            )
        return slices


class ConductPart(Part):
    answer_changes = choice(Study.AnswerChanges.choices)
    break_after_minutes = whole("break_after_minutes")
    long_pause_minutes = whole("long_pause_minutes")
    asks_conditions = serializers.BooleanField(required=False)


class GatePart(Part):
    measure = choice(Study.Gate.choices, required=True)
    minimum = decimal("gate_minimum")


class ImagePart(Part):
    case = CaseCode(max_length=32)
    method = Text(max_length=METHOD_LENGTH)
    key = Named(child=Named(child=serializers.IntegerField()))


class TrainingPart(Part):
    gate = GatePart()
    images = listed(ImagePart(required=True, allow_null=False), MOST_IMAGES)

    def validate_images(self, images: list[dict[str, Any]] | None) -> Any:
        known: Known = self.context["known"]
        asked = _questions(self.root.initial_data.get("questions"), known.cohort)
        if not images or known.cohort is None or asked is None:
            return images
        problems = training_problems(
            cohort=known.cohort,
            asked=asked,
            chosen=[TrainingChoice(**image) for image in images],
        )
        if problems:
            found: dict[int, list[str]] = {}
            for index, said in problems:
                found.setdefault(index, []).append(said)
            raise serializers.ValidationError(cast(Any, found))
        return images


class GuessesPart(Part):
    when = choice(Study.Guesses.choices)
    percent = whole("guess_percent")


class GivenPart(Part):
    """Of each side, or of the whole image."""

    case = CaseCode(max_length=32)
    right = serializers.IntegerField(required=False)
    left = serializers.IntegerField(required=False)
    image = serializers.IntegerField(required=False)


class AnalysisPart(Part):
    primary_arm = Slug(max_length=50, allow_blank=True, allow_null=True, required=False)
    control_arm = Slug(max_length=50, allow_blank=True, allow_null=True, required=False)
    margin = decimal("kappa_margin", required=False, allow_null=True)
    weights = choice(Study.KappaWeights.choices)
    interval = choice(Study.KappaInterval.choices)
    image_metrics = Listed(
        child=choice(IMAGE_METRICS), allow_empty=False, required=False
    )
    metric_low = Number(required=False, allow_null=True)
    metric_high = Number(required=False, allow_null=True)
    stability_limits = Named(child=Number(), required=False, allow_null=True)

    standard = choice(Study.Standard.choices)
    given = listed(GivenPart(required=True, allow_null=False), MOST_CASES)

    def validate_primary_arm(self, code: str | None) -> str:
        known: Known = self.context["known"]
        if code and code not in known.arms:
            raise serializers.ValidationError(_("No arm has this code."))
        return code or ""

    validate_control_arm = validate_primary_arm


class PeoplePart(Part):
    readers = listed(UserName(), MOST_PEOPLE)
    statisticians = listed(UserName(), MOST_PEOPLE)
    coordinators = listed(UserName(), MOST_PEOPLE)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        known: Known = self.context["known"]
        sections: dict[User, str] = {known.by: "coordinators"}
        found: dict[str, dict[int, list[str]]] = {}
        for section in ("readers", "statisticians", "coordinators"):
            seen: set[User] = set()
            for index, user in enumerate(attrs.get(section) or ()):
                said = _("%s already has a role in this study.") % user.get_username()
                if user in seen or sections.setdefault(user, section) != section:
                    found.setdefault(section, {})[index] = [said]
                seen.add(user)
        if found:
            raise serializers.ValidationError(cast(Any, found))
        return attrs


class ProtocolFile(Part):
    """The whole file."""

    format = serializers.IntegerField()
    slug = Slug(max_length=50)
    title = Text(max_length=200)
    cohort = CohortPart(required=True, allow_null=False)
    arms = listed(ArmPart(required=True, allow_null=False), MOST_ARMS)
    questions = Questions(required=False)
    display = DisplayPart()
    sessions = whole("sessions")
    washout_days = whole("washout_days")
    spacing = whole("spacing")
    conduct = ConductPart()
    training = TrainingPart()
    guesses = GuessesPart()
    analysis = AnalysisPart()
    people = PeoplePart()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        known: Known = self.context["known"]
        asked = _questions(self.initial_data.get("questions"), known.cohort)
        told = (attrs.get("display") or {}).get("presentation")
        modes = Study.Presentation
        if told and asked and told != (modes.SINGLE, modes.PAIRS)[asked.is_of_pairs]:
            said = _(
                "It follows from the questions, which are not asked of “%s”. "
                "Leave it out."
            )
            raise serializers.ValidationError(
                cast(Any, {"display": {"presentation": [said % told]}})
            )
        return attrs

    def validate_format(self, number: int) -> int:
        if number != FORMAT:
            raise serializers.ValidationError(
                _("This program reads format %d.") % FORMAT
            )
        return number

    def validate_slug(self, slug: str) -> str:
        known: Known = self.context["known"]
        if known.slug_problem:
            raise serializers.ValidationError(known.slug_problem)
        return slug

    def validate_arms(self, arms: list[dict[str, Any]] | None) -> Any:
        found: dict[int, dict[str, list[str]]] = {}
        codes: set[str] = set()
        references = 0
        for index, arm in enumerate(arms or ()):
            if arm["code"] in codes:
                said = _("%s is there twice.") % arm["code"]
                found.setdefault(index, {})["code"] = [said]
            codes.add(arm["code"])
            references += arm["role"] == Arm.Role.REFERENCE
            if arm["role"] == Arm.Role.REFERENCE and references > 1:
                said = _("A study has one reference arm only.")
                found.setdefault(index, {})["role"] = [said]
        if found:
            raise serializers.ValidationError(cast(Any, found))
        return arms


def protocol_check(document: Any, known: Known) -> dict[str, Any]:
    """The file's content; Refused with a line for every problem."""
    if document is None:
        raise Refused(_("The file is empty."))
    checked = ProtocolFile(data=document, context={"known": known}, allow_null=False)
    if checked.is_valid():
        return cast(dict[str, Any], checked.validated_data)
    lines = list(_lines(checked.errors, ""))
    if len(lines) > MOST_PROBLEMS:
        lines = [*lines[:MOST_PROBLEMS], _("… and more.")]
    raise Refused("\n".join(lines))


def _lines(errors: Any, path: str) -> Iterator[str]:
    if isinstance(errors, Mapping):
        for key, inner in errors.items():
            if key == "non_field_errors":
                yield from _lines(inner, path)
            elif isinstance(key, int):
                yield from _lines(inner, f"{path}[{key}]")
            else:
                yield from _lines(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(errors, list):
        for index, inner in enumerate(errors):
            nested = isinstance(inner, Mapping | list)
            yield from _lines(inner, f"{path}[{index}]" if nested else path)
    else:
        yield f"{path}: {errors}" if path else str(errors)
