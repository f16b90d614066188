"""Runs of the stability suite, and what they found, as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inference.models import StabilityRun
from inference.stability_runs.pages import MeasureLine, measure_lines
from readerstudy.cases.api.doors import ToldField
from readerstudy.cases.models import Stability
from readerstudy.cases.selectors.stability import stability_cases


class StabilityRunFields(serializers.ModelSerializer[StabilityRun]):
    """One run of the suite over a cohort's images by one method.

    method: what the images are called. done, total: cases. failures: case code → why
    that case failed. message: about the whole of it.
    """

    method = serializers.CharField(source="rendition_method")
    failures = serializers.SerializerMethodField()
    message = ToldField()
    settings = serializers.DictField()
    versions = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = StabilityRun
        fields = (
            *("id", "method", "state", "done", "total", "failures", "message"),
            *("settings", "device", "versions"),
            *("created_at", "started_at", "finished_at"),
        )
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=ToldField()))
    def get_failures(self, run: StabilityRun) -> dict[str, str]:
        said = ToldField()
        found = sorted(run.failures.items())
        return {code: said.to_representation(text) for code, text in found}


class RequestStabilityFields(serializers.Serializer[Any]):
    """method: what the images are called. settings: of the suite, those that are to be
    other than usual; of a simulated cohort also `simulation_seed` (its grades are then
    known) and `rescan` (its patients are scanned again)."""

    method = serializers.CharField(max_length=100)
    settings = serializers.DictField(required=False)


class StabilityMeasureFields(serializers.Serializer[Any]):
    """One measure of a method.

    value: null where it is not estimable, and `reason` why. low, high: its interval
    over patients. limit: the usual one; side: whether the value should be at `most` or
    at `least` the limit, or its size `within`. verdict: within or beyond; empty where
    there is no limit or no value. worst: codes of cases, the worst first.
    """

    key = serializers.CharField(source="measure.key")
    group = serializers.CharField(source="measure.group")
    title = ToldField(source="measure.title")
    unit = serializers.CharField(source="measure.unit")
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    reason = ToldField()
    limit = serializers.FloatField(source="measure.limit", allow_null=True)
    side = serializers.CharField(source="measure.side")
    verdict = serializers.CharField()
    worst = serializers.ListField(child=serializers.CharField())


class StabilityFields(serializers.ModelSerializer[Stability]):
    """What the suite found of one method over a cohort's images.

    suite: name of the calculation. images_sha256: one over all images that went in.
    beyond, judged: how many measures are beyond their usual limit, of how many.
    """

    beyond = serializers.SerializerMethodField()
    judged = serializers.SerializerMethodField()

    class Meta:
        model = Stability
        fields = (
            *("method", "suite", "made_at", "beyond", "judged"),
            *("images_sha256", "device"),
        )
        read_only_fields = fields

    def get_beyond(self, found: Stability) -> int:
        return sum(one.verdict == "beyond" for one in measure_lines(found))

    def get_judged(self, found: Stability) -> int:
        return sum(bool(one.verdict) for one in measure_lines(found))


class StabilityCaseFields(serializers.Serializer[Any]):
    """numbers: key of a measure → value, null where this case has none."""

    case = serializers.CharField(source="case.code")
    numbers = serializers.DictField(child=serializers.FloatField(allow_null=True))
    maps = serializers.ListField(child=serializers.CharField(), source="map_names")
    maps_sha256 = serializers.CharField(source="sha256")


class StabilityDetailFields(StabilityFields):
    """With every measure, every case, the settings, and curves as rows: `dose` is the
    error against the share of the reference's counts."""

    settings = serializers.DictField()
    versions = serializers.DictField(child=serializers.CharField())
    measures = serializers.SerializerMethodField()
    cases = serializers.SerializerMethodField()
    series = serializers.DictField()

    class Meta:
        model = Stability
        fields = (
            *StabilityFields.Meta.fields,
            *("settings", "versions", "measures", "series", "cases"),
        )
        read_only_fields = fields

    @extend_schema_field(StabilityMeasureFields(many=True))
    def get_measures(self, found: Stability) -> Any:
        lines: list[MeasureLine] = measure_lines(found)
        return StabilityMeasureFields(lines, many=True).data

    @extend_schema_field(StabilityCaseFields(many=True))
    def get_cases(self, found: Stability) -> Any:
        return StabilityCaseFields(stability_cases(found), many=True).data
