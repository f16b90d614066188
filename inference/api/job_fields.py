"""Jobs and the workers that do them as JSON."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from inference import registry
from inference.job_pages import JobRow, job_row
from inference.models import Job, Weights, Worker
from readerstudy.cases.api.doors import ToldField

NO_CHOICE = _("Choose one of the methods in the list.")


class JobFields(serializers.Serializer[Any]):
    """One run of a method over a cohort.

    rendition_method: what its images are called. done, total: cases.
    failures: case code → why that case failed. message: about the whole of it.
    notes: on what the network learned from, where that was not as the cohort has it.
    images_per_second: once it is done. input_sha256, output_sha256: over all images
    that it took and made.
    """

    id = serializers.IntegerField(source="job.pk")
    title = ToldField()
    method = serializers.CharField(source="job.method")
    weights = serializers.IntegerField(source="job.weights_id", allow_null=True)
    rendition_method = serializers.CharField(source="job.rendition_method")
    state = serializers.ChoiceField(choices=Job.State.values, source="job.state")
    done = serializers.IntegerField(source="job.done")
    total = serializers.IntegerField(source="job.total")
    failures = serializers.SerializerMethodField()
    message = ToldField(source="job.message")
    notes = serializers.ListField(child=serializers.CharField())
    can_retry = serializers.BooleanField()
    images_per_second = serializers.FloatField(allow_null=True)
    device = serializers.CharField(source="job.device")
    versions = serializers.DictField(
        child=serializers.CharField(), source="job.versions"
    )
    input_sha256 = serializers.CharField(source="job.input_sha256")
    output_sha256 = serializers.CharField(source="job.output_sha256")
    created_at = serializers.DateTimeField(source="job.created_at")
    started_at = serializers.DateTimeField(source="job.started_at", allow_null=True)
    finished_at = serializers.DateTimeField(source="job.finished_at", allow_null=True)

    def to_representation(self, instance: Any) -> Any:
        """instance: one of `jobs_counted`."""
        return super().to_representation(job_row(instance))

    @extend_schema_field(serializers.DictField(child=ToldField()))
    def get_failures(self, row: JobRow) -> dict[str, str]:
        said = ToldField()
        return {code: said.to_representation(text) for code, text in row.failures}


class RequestJobFields(serializers.Serializer[Any]):
    """What is to be run: `method` for a filter, `weights` for a network."""

    method = serializers.CharField(max_length=50, required=False)
    weights = serializers.IntegerField(required=False, min_value=1)

    def validate(self, attrs: Any) -> Any:
        key, pk = attrs.get("method"), attrs.get("weights")
        weights = Weights.objects.filter(pk=pk).first() if pk else None
        if pk and weights is None:
            raise ValidationError({"weights": NO_CHOICE})
        method = key or (weights.network if weights else "")
        if method not in registry.METHODS:
            raise ValidationError({"method": NO_CHOICE})
        return {"method": method, "weights": weights}


class WorkerFields(serializers.ModelSerializer[Worker]):
    """A worker that lives. queues: what it takes."""

    queues = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Worker
        fields = ("device", "queues", "started_at", "seen_at")
        read_only_fields = fields
