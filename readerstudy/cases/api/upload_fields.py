"""Uploads and what is in a PACS as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from readerstudy.imaging.study_types import DAT_SPECT, STUDY_TYPES

from .. import selectors
from ..forms.pacs import LONGEST, SearchForm
from ..gateways.pacs import MOST_STUDIES, UID
from ..models import Upload
from ..services.pulling import is_worked_at, step_can_retry
from .doors import ToldField


class UploadFields(serializers.ModelSerializer[Upload]):
    """An upload on its way to a cohort.

    state: receiving; scanning; ready (look at its plan, then confirm it); importing;
    done (`cohort` says which); failed. Of finished images `cohort` is theirs from the
    beginning, and they are done without a plan.
    done, total: of what a worker is at; else null.
    error: why the last step failed. can_retry: whether a retry is of use.
    files, size_bytes, received_bytes: of what was sent, until it is looked through.
    expires_at: when it is forgotten if nothing happens.
    """

    error = ToldField(source="reason")
    cohort = serializers.IntegerField(source="cohort_id", allow_null=True)
    files = serializers.IntegerField(source="file_count")
    size_bytes = serializers.IntegerField(source="size")
    received_bytes = serializers.IntegerField(source="received")
    done = serializers.SerializerMethodField()
    total = serializers.SerializerMethodField()
    can_retry = serializers.SerializerMethodField()
    expires_at = serializers.SerializerMethodField()

    class Meta:
        model = Upload
        fields = (
            *("id", "name", "study_type", "state", "origin", "peer", "resampling"),
            *("done", "total", "error", "can_retry", "cohort", "files", "size_bytes"),
            *("received_bytes", "created_at", "received_at", "expires_at"),
        )
        read_only_fields = fields

    def get_done(self, upload: Upload) -> int | None:
        return upload.done if is_worked_at(upload) else None

    def get_total(self, upload: Upload) -> int | None:
        return upload.total if is_worked_at(upload) else None

    def get_can_retry(self, upload: Upload) -> bool:
        return step_can_retry(upload)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_expires_at(self, upload: Upload) -> Any:
        if upload.state == Upload.State.DONE:
            return None
        expires = selectors.upload_expires(upload)
        return serializers.DateTimeField().to_representation(expires)


class TakeFields(serializers.Serializer[Any]):
    """name: of the cohort to be. study_type: what a case is. resampling: take scans of
    other matrices or pixel sizes too, resampled to the study's; whole stacks stay as
    they are."""

    name = serializers.CharField(max_length=100)
    study_type = serializers.ChoiceField(
        choices=list(STUDY_TYPES), required=False, default=DAT_SPECT
    )
    resampling = serializers.BooleanField(required=False, default=False)


class SentFields(TakeFields):
    """cohort: that of which these are finished images, one for each case, made by the
    method `name`; without it a cohort is to be made of the files."""

    cohort = serializers.IntegerField(required=False, allow_null=True, default=None)


class SendFields(SentFields):
    """files: a zip file, or the files of the cohort, in one form."""

    files = serializers.ListField(child=serializers.FileField(), allow_empty=False)


class ConfirmFields(serializers.Serializer[Any]):
    """name: of the cohort. seen: `seen` of the plan that you looked at; refused if the
    pairs have changed since."""

    name = serializers.CharField(max_length=100)
    seen = serializers.CharField(max_length=16, required=False, allow_blank=True)


class FileFields(serializers.Serializer[Any]):
    """A file on its way by tus. url: where its bytes go; upload: what it is part of."""

    upload = serializers.IntegerField()
    url = serializers.CharField()
    size_bytes = serializers.IntegerField()
    received_bytes = serializers.IntegerField()


class ServerFields(serializers.Serializer[Any]):
    name = serializers.CharField()


class SearchFields(serializers.Serializer[Any]):
    """What to look for; * and ? stand for any letters. A patient ID, a description or
    a day is needed."""

    pacs = serializers.CharField(max_length=LONGEST)
    patient_id = serializers.CharField(
        max_length=LONGEST, required=False, allow_blank=True
    )
    description = serializers.CharField(
        max_length=LONGEST, required=False, allow_blank=True
    )
    modality = serializers.RegexField(
        r"^[A-Z]{2,16}$", max_length=16, required=False, allow_blank=True
    )
    first = serializers.DateField(required=False, allow_null=True)
    last = serializers.DateField(required=False, allow_null=True)

    def validate(self, attrs: Any) -> Any:
        """As the page: one rule for both."""
        form = SearchForm(attrs)
        if not form.is_valid():
            raise ValidationError({k: list(v) for k, v in form.errors.items()})
        return {"pacs": form.cleaned_data["pacs"], "query": form.query()}


class StudyFoundFields(serializers.Serializer[Any]):
    """An examination (DICOM: study), as the PACS tells of it."""

    uid = serializers.CharField()
    patient_id = serializers.CharField()
    date = serializers.CharField()
    description = serializers.CharField()
    modalities = serializers.CharField()
    instances = serializers.CharField()


class FoundFields(serializers.Serializer[Any]):
    """cut: there are more than are told."""

    studies = StudyFoundFields(many=True)
    cut = serializers.BooleanField()


class FetchFields(TakeFields):
    """studies: `uid` of each examination that is wanted."""

    pacs = serializers.CharField(max_length=LONGEST)
    studies = serializers.ListField(
        child=serializers.RegexField(f"^{UID.pattern}$"),
        allow_empty=False,
        max_length=MOST_STUDIES,
    )
