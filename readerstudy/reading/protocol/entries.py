"""What may stand in one field of a protocol's file: texts, numbers, choices, lists."""

import math
from typing import Any, cast

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from readerstudy.imaging.errors import Refused

from ..models import Study
from ..questions import QUESTION_SETS, describe, own_question_set
from .rules import RANGES

NO_FIELDS = gettext_lazy("Fields with names are expected here.")
LONGEST_WORD = 50  # of the file, as a refusal repeats it


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


class Number(serializers.FloatField):
    """Any number that is one, as a file or JSON has it."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool):
            self.fail("invalid")
        value: float = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "array", "items": {}}]})
class Questions(Choice):
    """The key of a question set, or a study's own questions."""

    def __init__(self, **options: Any) -> None:
        super().__init__(list(QUESTION_SETS), **options)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, list):
            return super().to_internal_value(data)
        try:
            return describe(own_question_set(data))["questions"]
        except Refused as refused:
            raise serializers.ValidationError(str(refused)) from refused
