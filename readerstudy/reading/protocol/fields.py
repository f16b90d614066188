"""Which fields a protocol's file may have, and what may stand in each.

All problems of a file are found in one go, each with its place in the file
(“arms[2].role”). What a name in the file means, Known was asked before.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from typing import Any, cast

from django.contrib.auth.models import User
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from readerstudy.cases.models import Case, Cohort
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.lut import LUTS
from readerstudy.imaging.preprocessing import SHOWN_SLICES
from readerstudy.imaging.rendering import WINDOWS

from ..models import IMAGE_METRICS, Arm, Study
from ..questions import QUESTION_SETS
from .file import FORMAT
from .rules import METHOD_LENGTH, RANGES, TrainingChoice, training_problems

NO_FIELDS = gettext_lazy("Fields with names are expected here.")
MOST_PROBLEMS = 50  # told of one file
LONGEST_WORD = 50  # of the file, as a refusal repeats it
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


class Text(serializers.CharField):
    """Text as it is written; a whole number without quotes is its digits."""

    default_error_messages = {
        "invalid": gettext_lazy("Text is expected; put it in quotes.")
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if not text.strip():
            self.fail("blank")
        return text


class Slug(serializers.SlugField):
    default_error_messages = {
        "invalid": gettext_lazy(
            "A short name is expected: letters, digits, hyphens and underscores; put "
            "it in quotes if it is also something else."
        )
    }


class Choice(serializers.ChoiceField):
    """One of a few words, all of which a refusal names."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError as error:
            said = _("“%(given)s” is not one of: %(choices)s.")
            words = ", ".join(map(str, self.choices))
            raise serializers.ValidationError(
                said % {"given": str(data)[:LONGEST_WORD], "choices": words}
            ) from error


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


def whole(setting: str) -> serializers.IntegerField:
    least, most = RANGES[setting]
    return serializers.IntegerField(min_value=least, max_value=most, required=False)


def decimal(setting: str, **options: Any) -> serializers.DecimalField:
    least, most = RANGES[setting]
    column = cast("models.DecimalField[Any, Any]", Study._meta.get_field(setting))
    return serializers.DecimalField(
        max_digits=column.max_digits,
        decimal_places=column.decimal_places,
        min_value=least,
        max_value=most,
        **options,
    )


def choice(choices: Any, **options: Any) -> Choice:
    return Choice(choices, **{"required": False, **options})


class Listed(serializers.ListField):
    default_error_messages = {
        "not_a_list": gettext_lazy(
            "A list is expected here: lines that begin with “- ”."
        )
    }

    def to_internal_value(self, data: Any) -> Any:
        # before each of them is looked at
        if self.max_length and isinstance(data, list) and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


def listed(child: serializers.Field, most: int) -> Listed:
    return Listed(child=child, max_length=most, required=False, allow_null=True)


class Named(serializers.DictField):
    default_error_messages = {"not_a_dict": NO_FIELDS}


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


def _no_such_field(name: str, fields: Iterable[str]) -> str:
    alike = get_close_matches(name[:LONGEST_WORD].lower(), list(fields), n=1)
    if alike:
        return _("There is no such field; “%s” is one.") % alike[0]
    return _("There is no such field.")


class CohortPart(Part):
    name = Text(max_length=100)
    split = choice(Case.Split.choices, allow_blank=True, allow_null=True)
    codes = listed(CaseCode(max_length=32), MOST_CASES)
    resampling_allowed = serializers.BooleanField(required=False)

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


class DisplayPart(Part):
    slices = serializers.IntegerField(required=False)
    window = choice(list(WINDOWS))
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
        asked = self.root.initial_data.get("questions")
        asked = asked if isinstance(asked, str) else Study().question_set
        if not images or known.cohort is None or asked not in QUESTION_SETS:
            return images
        problems = training_problems(
            cohort=known.cohort,
            question_set=asked,
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
    case = CaseCode(max_length=32)
    right = serializers.IntegerField()
    left = serializers.IntegerField()


class AnalysisPart(Part):
    primary_arm = Slug(max_length=50, allow_blank=True, allow_null=True, required=False)
    control_arm = Slug(max_length=50, allow_blank=True, allow_null=True, required=False)
    margin = decimal("kappa_margin", required=False, allow_null=True)
    weights = choice(Study.KappaWeights.choices)
    interval = choice(Study.KappaInterval.choices)
    image_metrics = Listed(
        child=choice(IMAGE_METRICS), allow_empty=False, required=False
    )

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
    questions = choice(list(QUESTION_SETS))
    display = DisplayPart()
    sessions = whole("sessions")
    washout_days = whole("washout_days")
    spacing = whole("spacing")
    conduct = ConductPart()
    training = TrainingPart()
    guesses = GuessesPart()
    analysis = AnalysisPart()
    people = PeoplePart()

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
