"""What programs are told of a study, and what they may write."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..models import IMAGE_METRICS, Amendment, Arm, Membership, Study
from ..preflight.findings import Finding
from ..protocol.entries import Named, Number, choice, decimal, listed, whole
from ..protocol.fields import Part
from ..protocol.frozen import current_sha256, study_cases
from ..selectors.conduct import Agreement, Agreements

MOST_GIVEN = 20_000


class StudySerializer(serializers.ModelSerializer[Study]):
    """A study in a list."""

    cohort = serializers.CharField(source="cohort.name", read_only=True)

    class Meta:
        model = Study
        fields: tuple[str, ...] = (
            "slug",
            "title",
            "cohort",
            "state",
            "simulated_readers",
            "protocol_sha256",
            "created_at",
            "opened_at",
            "closed_at",
            "unblinded_at",
        )
        read_only_fields: tuple[str, ...] = fields


class ArmSerializer(serializers.ModelSerializer[Arm]):
    """A way of making the image."""

    class Meta:
        model = Arm
        fields = ("code", "title", "method", "role", "repeated")
        read_only_fields = fields


class StudyDetailSerializer(StudySerializer):
    """One study, without any score. The seed is told once the study is unblinded."""

    role = serializers.SerializerMethodField(help_text="of the caller in this study")
    arms = ArmSerializer(many=True, read_only=True)
    cases = serializers.SerializerMethodField(help_text="how many are read")
    current_sha256 = serializers.SerializerMethodField(
        help_text="of the protocol as it stands, amendments included"
    )
    seed = serializers.SerializerMethodField()

    class Meta(StudySerializer.Meta):
        fields = (
            *StudySerializer.Meta.fields,
            "role",
            "arms",
            "cases",
            "current_sha256",
            "seed_sha256",
            "seed",
        )
        read_only_fields = fields

    def get_role(self, study: Study) -> str:
        mine = study.memberships.filter(user=self.context["user"])
        return mine.values_list("role", flat=True).get()

    def get_cases(self, study: Study) -> int:
        return len(study_cases(study))

    def get_current_sha256(self, study: Study) -> str:
        return current_sha256(study)

    def get_seed(self, study: Study) -> str:
        return study.seed if study.state == Study.State.UNBLINDED else ""


class FindingSerializer(serializers.Serializer[Finding]):
    message = serializers.CharField()
    cure = serializers.ChoiceField(["study", "cohort"], help_text="where to cure it")


class PreflightSerializer(serializers.Serializer[dict[str, list[Finding]]]):
    findings = FindingSerializer(many=True, help_text="why the study cannot open")
    hints = FindingSerializer(many=True, help_text="no hindrance")


class AgreementSerializer(serializers.Serializer[Agreement]):
    role = serializers.CharField()
    user = serializers.CharField(source="username")
    at = serializers.DateTimeField(allow_null=True)


class AgreementsSerializer(serializers.Serializer[Agreements]):
    state = serializers.SerializerMethodField(help_text="of the study")
    agreements = AgreementSerializer(source="both", many=True)
    may_give = serializers.BooleanField()
    may_withdraw = serializers.BooleanField()

    def get_state(self, told: Agreements) -> str:
        return str(self.context["state"])


class GivenSerializer(Part):
    """A case's grades, given from elsewhere; or `image`: 1 with a finding, else 0."""

    case = serializers.CharField(max_length=32)
    right = serializers.IntegerField(required=False)
    left = serializers.IntegerField(required=False)
    image = serializers.IntegerField(required=False)


def code() -> serializers.SlugField:
    return serializers.SlugField(max_length=50, allow_blank=True, required=False)


class AmendableSerializer(Part):
    """The settings that an amendment may change, by their own names."""

    title = serializers.CharField(max_length=200, required=False)
    washout_days = whole("washout_days")
    answer_changes = choice(Study.AnswerChanges.choices)
    break_after_minutes = whole("break_after_minutes")
    long_pause_minutes = whole("long_pause_minutes")
    asks_conditions = serializers.BooleanField(required=False)
    least_slice_side = whole("least_slice_side")
    gate = choice(Study.Gate.choices, allow_blank=True)
    gate_minimum = decimal("gate_minimum", required=False, allow_null=True)
    primary_arm = code()
    control_arm = code()
    kappa_margin = decimal("kappa_margin", required=False, allow_null=True)
    kappa_weights = choice(Study.KappaWeights.choices)
    kappa_interval = choice(Study.KappaInterval.choices)
    image_metrics = serializers.ListField(
        child=choice(IMAGE_METRICS), allow_empty=False, required=False
    )
    metric_low = Number(required=False, allow_null=True)
    metric_high = Number(required=False, allow_null=True)
    stability_limits = Named(child=Number(), required=False)
    reference_standard = choice(Study.Standard.choices)
    given_standard = listed(
        GivenSerializer(required=True, allow_null=False), MOST_GIVEN
    )


class PreviewSerializer(serializers.Serializer[dict[str, Any]]):
    """What an amendment would change."""

    settings = AmendableSerializer(required=True, allow_null=False)


class AmendmentRequestSerializer(PreviewSerializer):
    """`amends`: the SHA-256 of the protocol as the caller has seen it."""

    reason = serializers.CharField(max_length=2000)
    amends = serializers.RegexField(r"^[0-9a-f]{64}$", required=False)


class ChangesSerializer(serializers.Serializer[dict[str, Any]]):
    amends = serializers.CharField(help_text="SHA-256 of the protocol as it stands")
    changes = serializers.JSONField(help_text="setting → [before, after]")


class AmendmentSerializer(serializers.ModelSerializer[Amendment]):
    by = serializers.CharField(source="by.username", read_only=True)
    changes = serializers.SerializerMethodField(help_text="setting → [before, after]")

    class Meta:
        model = Amendment
        fields = ("number", "at", "by", "reason", "changes", "protocol_sha256")
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_changes(self, amendment: Amendment) -> dict[str, list[Any]]:
        return dict(amendment.changes)


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """A person of the study; `code` is under what a reader stands in reports."""

    user = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = Membership
        fields = ("user", "role", "code", "simulated")
        read_only_fields = fields
