"""What programs are told of reports and plans, and what they may ask."""

from typing import Any

from rest_framework import serializers

from ..exporting.figures import FILE_FORMS
from ..figures.picture import Picture
from ..figures.style import THEMES
from ..forms import PlanningForm
from ..models import FrozenReport
from ..planning import Expected

LAST_VERSION = 9999
REASON_LENGTH = 2000


class VersionSerializer(serializers.ModelSerializer[FrozenReport]):
    """One frozen report: when, by whom and from what it was computed."""

    version = serializers.IntegerField(source="number")
    built_by = serializers.CharField(
        source="built_by.username", default=None, allow_null=True
    )
    libraries = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = FrozenReport
        fields = (
            "version",
            "sha256",
            "built_at",
            "built_by",
            "reason",
            "program",
            "program_sha256",
            "libraries",
            "protocol_sha256",
            "answers",
            "answers_sha256",
            "images",
            "images_sha256",
            "audit_events",
            "audit_anchor",
        )


class MeasuringSerializer(serializers.Serializer[Any]):
    """How far the images are measured, until the report can be computed."""

    measured = serializers.IntegerField(source="done")
    images = serializers.IntegerField(source="total")


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=REASON_LENGTH)


class AskedSerializer(serializers.Serializer[Any]):
    """Which version; without one, the last."""

    version = serializers.IntegerField(
        min_value=1, max_value=LAST_VERSION, required=False
    )


class ExportAskedSerializer(AskedSerializer):
    excel = serializers.BooleanField(
        default=False, help_text="With a byte order mark, which Excel needs."
    )


class FigureAskedSerializer(AskedSerializer):
    theme = serializers.ChoiceField(choices=sorted(THEMES), default="light")
    form = serializers.ChoiceField(choices=FILE_FORMS, default="svg")


class FigureSerializer(serializers.Serializer[Picture]):
    name = serializers.CharField()
    title = serializers.CharField()
    caption = serializers.CharField()
    alt = serializers.CharField()


class ChangedSerializer(serializers.Serializer[Any]):
    """What is no longer as it was when the report was frozen."""

    changed = serializers.ListField(
        child=serializers.ChoiceField(
            choices=("report", "protocol", "answers", "images")
        )
    )


class DesignSerializer(serializers.Serializer[Any]):
    """What one supposes of a study; every field has the value of the page's form.

    What may be supposed is the form's to say: its limits and its words.
    """

    patients = serializers.IntegerField(required=False)
    readers = serializers.IntegerField(required=False)
    margin = serializers.FloatField(required=False)
    primary = serializers.FloatField(required=False)
    control = serializers.FloatField(required=False)
    within_reader = serializers.FloatField(required=False)
    sides = serializers.FloatField(required=False)
    alike = serializers.FloatField(required=False)
    shares = serializers.CharField(required=False)

    def get_fields(self) -> dict[str, Any]:
        found: dict[str, Any] = super().get_fields()
        for name, field in PlanningForm.base_fields.items():
            found[name].help_text = str(field.label)
        return found

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        form = PlanningForm.filled(attrs)
        if not form.is_valid():
            errors = {
                "" if name == "__all__" else name: [str(one) for one in told]
                for name, told in form.errors.items()
            }
            raise serializers.ValidationError(errors)
        return form.cleaned_data


class ExpectedSerializer(serializers.Serializer[Expected]):
    """Half-widths of 95 % intervals, and how often such a study would show it."""

    patients = serializers.IntegerField()
    readers = serializers.IntegerField()
    kappa = serializers.FloatField()
    mean = serializers.FloatField()
    difference = serializers.FloatField()
    not_inferior = serializers.FloatField()
    equivalent = serializers.FloatField()
    other = serializers.FloatField()


class NeededSerializer(serializers.Serializer[Any]):
    power = serializers.FloatField()
    patients = serializers.IntegerField(
        allow_null=True, help_text="null: more than two thousand"
    )


class PlanSerializer(serializers.Serializer[Any]):
    difference = serializers.FloatField(help_text="Primary minus control kappa.")
    margin = serializers.FloatField()
    expected = ExpectedSerializer()
    needed = NeededSerializer(many=True)
