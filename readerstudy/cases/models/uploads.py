"""What is sent or received until it is a cohort. Rules live in services."""

import secrets

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ..storage.sealing import unsealed_sentence
from .cohorts import Cohort


def file_token() -> str:
    return secrets.token_hex(16)


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: User) -> "UploadQuerySet":
        """Fetching is authorising: an upload is its uploader's alone."""
        return self.filter(uploaded_by=user)

    def in_inbox(self) -> "UploadQuerySet":
        """What a DICOM node received and no coordinator has taken yet."""
        return self.filter(uploaded_by=None)


class Upload(models.Model):
    """Files on their way to a cohort, until they are imported or discarded.

    They lie sealed in VAR_DIR/uploads/<folder>/files/ until they have been looked
    through; then only what de-identification leaves of them. The plan, which repeats
    file names, is sealed beside them: a name may be a patient's.
    """

    class Origin(models.TextChoices):
        BROWSER = "browser", _("sent with the browser")
        NODE = "node", _("received by the DICOM node")
        STOW = "stow", _("received by DICOMweb")
        PULL = "pull", _("fetched from a PACS")

    class State(models.TextChoices):
        RECEIVING = "receiving", _("receiving files")
        SCANNING = "scanning", _("reading the files")
        READY = "ready", _("waiting for you to confirm")
        IMPORTING = "importing", _("importing")
        DONE = "done", _("imported")
        FAILED = "failed", _("failed")

    # null: in the inbox, for whichever coordinator takes it
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="cohort_uploads",
    )
    origin = models.CharField(
        max_length=16, choices=Origin, default=Origin.BROWSER, editable=False
    )
    # who sent it: AE title of a DICOM node, name of a PACS
    peer = models.CharField(max_length=64, blank=True, default="", editable=False)
    name = models.CharField(max_length=100, blank=True)  # of the cohort to be
    study_type = models.CharField(max_length=50, default="dat-spect")  # likewise
    folder = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=16, choices=State, default=State.SCANNING)
    # take scans of other pixel sizes too, resampled to the study's
    resampling = models.BooleanField(default=False)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # sealed where it may name a file; `reason` has it in clear
    error = models.TextField(blank=True)
    cohort = models.ForeignKey(
        Cohort, models.SET_NULL, null=True, related_name="uploads"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # when the last of its files came
    received_at = models.DateTimeField(null=True, editable=False)
    # who works on it; only that one may write to the row meanwhile
    claim = models.CharField(max_length=32, blank=True, default="", editable=False)
    # the worker's last sign of life; null: no worker has taken it up
    heartbeat_at = models.DateTimeField(null=True, editable=False)
    # when a worker was last called
    called_at = models.DateTimeField(null=True, editable=False)
    # how often a worker took up this step; too many deaths end it
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(uploaded_by__isnull=False)
                | Q(state="receiving", origin="node"),
                name="upload_without_owner_waits_in_inbox",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def reason(self) -> str:
        """`error` in clear, for its own people's pages only."""
        return unsealed_sentence(self.error)

    @property
    def reasons(self) -> list[str]:
        """Its lines: there may be one for each file."""
        return self.reason.splitlines()


class UploadFile(models.Model):
    """One file of an upload: sealed under its token as long as it lies on disk."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="files")
    token = models.CharField(max_length=32, unique=True, default=file_token)
    # path and name as the sender has them, sealed: they may name a patient
    sealed_name = models.BinaryField()
    size = models.PositiveBigIntegerField()  # bytes it will have
    received = models.PositiveBigIntegerField(default=0)  # bytes that are on disk
    # keyed digest of the SOP instance UID where that is known at the door
    instance_digest = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["upload", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(received__lte=F("size")), name="upload_file_not_too_long"
            ),
            models.UniqueConstraint(
                fields=["upload", "instance_digest"],
                condition=~Q(instance_digest=""),
                name="upload_file_instance_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.token}"

    @property
    def is_whole(self) -> bool:
        return self.received == self.size
