"""What an import would make, as JSON. Slices are counted from 1, the lowest."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from readerstudy.imaging.study_types import STUDY_TYPES

from ..models import Case
from ..pages.confirm import SHOWS
from ..plan import CohortPlan, PlannedPair, ScannedSeries
from .cohort_fields import SLICE_RULES, SPLITS, ShapeFields
from .doors import ToldField

MOST_SCANS = 10**6


class PlanFields(serializers.Serializer[Any]):
    """What was found in an upload.

    seen: another one for other pairs; give it back when you confirm.
    uncertain: pairs of which a person has yet to say that they belong together.
    differing: pairs whose scans differ in a way that blocks a study until accepted.
    manifest: whether a table among the files says which scan is which case.
    """

    seen = serializers.CharField()
    study_type = serializers.ChoiceField(choices=list(STUDY_TYPES))
    files = serializers.IntegerField(source="file_count")
    resampling = serializers.BooleanField()
    pairs = serializers.SerializerMethodField()
    uncertain = serializers.SerializerMethodField()
    differing = serializers.SerializerMethodField()
    singles = serializers.SerializerMethodField()
    left_out = serializers.SerializerMethodField()
    manifest = serializers.SerializerMethodField()
    warnings = serializers.ListField(child=ToldField())

    def get_pairs(self, plan: CohortPlan) -> int:
        return len(plan.pairs)

    def get_uncertain(self, plan: CohortPlan) -> int:
        return sum(map(SHOWS["uncertain"], plan.pairs))

    def get_differing(self, plan: CohortPlan) -> int:
        return sum(map(SHOWS["differing"], plan.pairs))

    def get_singles(self, plan: CohortPlan) -> int:
        return len(plan.singles)

    def get_left_out(self, plan: CohortPlan) -> int:
        return len(plan.left_out)

    def get_manifest(self, plan: CohortPlan) -> bool:
        return bool(plan.manifest)


class ScannedFields(serializers.Serializer[Any]):
    """A scan that was found. number: its name in acts on pairs.
    unit: of its voxels, counts or HU. exposure_mas: of a CT.
    resampled_from: its shape and spacing before it was resampled.
    candidates: the slice that each rule takes."""

    number = serializers.IntegerField()
    files = serializers.ListField(child=serializers.CharField())
    description = serializers.CharField()
    modality = serializers.CharField()
    unit = serializers.CharField()
    exposure_mas = serializers.FloatField(allow_null=True)
    manufacturer = serializers.CharField()
    duration_s = serializers.FloatField(allow_null=True)
    total_counts = serializers.FloatField()
    negative_voxels = serializers.IntegerField()
    shape = serializers.ListField(child=serializers.IntegerField())
    spacing_mm = serializers.ListField(child=serializers.FloatField())
    resampled_from = serializers.SerializerMethodField()
    candidates = serializers.SerializerMethodField()
    age_years = serializers.IntegerField(allow_null=True)
    sex = serializers.ChoiceField(choices=Case.Sex.values, allow_blank=True)
    warnings = serializers.ListField(child=ToldField())

    @extend_schema_field(ShapeFields(allow_null=True))
    def get_resampled_from(self, scan: ScannedSeries) -> Any:
        before = scan.resampled_from
        return ShapeFields(before).data if before else None

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_candidates(self, scan: ScannedSeries) -> dict[str, int]:
        return {rule: index + 1 for rule, index in scan.candidates.items()}


class PlannedFinding(serializers.Serializer[Any]):
    """blocking: a study needs a reason why it may stay."""

    kind = serializers.CharField()
    sentence = ToldField()
    blocking = serializers.BooleanField()


class PlannedParity(serializers.Serializer[Any]):
    """offset_mm: of the short scan, towards the patient's left, the back, the head."""

    offset_mm = serializers.ListField(
        child=serializers.FloatField(), min_length=3, max_length=3, allow_null=True
    )
    count_ratio = serializers.FloatField(allow_null=True)
    findings = PlannedFinding(many=True)


class PairFields(serializers.Serializer[Any]):
    """One case to be. certain: false until a person has said that the two scans
    belong together. reference: null where a person has said that there is none."""

    code = serializers.CharField()
    reference = ScannedFields(allow_null=True)
    short = ScannedFields()
    central_slice = serializers.SerializerMethodField()
    central_rule = serializers.ChoiceField(choices=SLICE_RULES)
    split = serializers.ChoiceField(choices=SPLITS, allow_blank=True)
    certain = serializers.BooleanField()
    notes = serializers.ListField(child=ToldField())
    parity = PlannedParity()

    def get_central_slice(self, pair: PlannedPair) -> int:
        return pair.central_slice + 1


class SingleFields(serializers.Serializer[Any]):
    """A scan that is in no pair, and why."""

    scan = ScannedFields(source="series")
    reason = ToldField()


class LeftOutFields(serializers.Serializer[Any]):
    """A file that is not imported, and why."""

    name = serializers.CharField()
    reason = ToldField()


class PairQuery(serializers.Serializer[Any]):
    """show: all pairs, those that are uncertain, or those whose scans differ."""

    show = serializers.ChoiceField(choices=list(SHOWS), required=False, default="all")


class TwoScans(serializers.Serializer[Any]):
    """The numbers of two scans."""

    reference = serializers.IntegerField(min_value=0, max_value=MOST_SCANS)
    short = serializers.IntegerField(min_value=0, max_value=MOST_SCANS)


class AcceptPairsFields(serializers.Serializer[Any]):
    """Pairs by the numbers of their scans, reference first."""

    pairs = TwoScans(many=True, allow_empty=False)


class ScansAlone(serializers.Serializer[Any]):
    """The numbers of scans that are in no pair."""

    scans = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=MOST_SCANS),
        allow_empty=False,
        max_length=10_000,
    )


class PlanChange(serializers.Serializer[Any]):
    """resampling: take scans of other pixel sizes, resampled, or leave them out."""

    resampling = serializers.BooleanField()
