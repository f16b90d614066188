"""What a coordinator uploads and what is made of it. Rules live in services."""

import uuid

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


def series_path(series: "Series", filename: str) -> str:
    """A name that tells nothing; the row knows what it is."""
    return f"series/{uuid.uuid4().hex}.npy"


def rendition_path(rendition: "Rendition", filename: str) -> str:
    return f"renditions/{uuid.uuid4().hex}.npy"


class CohortQuerySet(models.QuerySet["Cohort"]):
    def visible_to(self, user: User) -> "CohortQuerySet":
        """Fetching is authorising: only its own coordinators see a cohort."""
        return self.filter(coordinators=user)


class Cohort(models.Model):
    """A set of cases uploaded together."""

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    simulated = models.BooleanField(default=False)
    coordinators = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="cohorts", blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # from when a study reads it: what readers see must not move any more
    frozen_at = models.DateTimeField(null=True, editable=False)

    objects = CohortQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Case(models.Model):
    """One patient's examination under a code; no identifier of the patient."""

    class Split(models.TextChoices):
        NONE = "", _("none")
        TRAINING = "training", _("training")
        VALIDATION = "validation", _("validation")
        TEST = "test", _("test")

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="cases")
    code = models.CharField(max_length=32)
    split = models.CharField(max_length=16, choices=Split, blank=True, default="")
    # keyed digest of PatientID: finds the same patient again, names nobody
    patient_digest = models.CharField(max_length=64)
    # index of the middle slice, 0 = lowest, found on the reference series
    central_slice = models.PositiveSmallIntegerField()
    # what a coordinator should know about it, one sentence a line
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["cohort", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "code"], name="case_code_unique_in_cohort"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def notes(self) -> list[str]:
        return self.note.splitlines()


class Series(models.Model):
    """One acquisition of a case, decoded, upright, and without identifiers."""

    class Role(models.TextChoices):
        REFERENCE = "reference", _("reference")
        SHORT = "short", _("short")

    case = models.ForeignKey(Case, models.CASCADE, related_name="series")
    role = models.CharField(max_length=16, choices=Role)
    # float32 .npy (slices, rows, columns); slice 0 lowest, row 0 anterior,
    # column 0 on the patient's right
    counts = models.FileField(upload_to=series_path, max_length=200)
    slices = models.PositiveSmallIntegerField()
    rows = models.PositiveSmallIntegerField()
    columns = models.PositiveSmallIntegerField()
    slice_spacing_mm = models.FloatField()
    row_spacing_mm = models.FloatField()
    column_spacing_mm = models.FloatField()
    duration_s = models.FloatField(null=True)
    total_counts = models.FloatField()
    # keyed digest of the SOP instance UIDs: the same image twice is noticed
    instance_digest = models.CharField(max_length=64)
    imported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["case", "role"]
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(
                fields=["case", "role"], name="series_one_per_role"
            ),
            models.CheckConstraint(
                condition=Q(role__in=["reference", "short"]), name="series_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.role}"


class Rendition(models.Model):
    """The image of one case in one arm: five central slices, cropped.

    `method` says how it was made: `reference`, `short`, a filter's name, or a
    network's name with its weights, e.g. `unet-l4@1f2e3d4c5b6a`.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="renditions")
    method = models.CharField(max_length=100)
    # float32 .npy (5, 64, 64), 1.0 = the maximum of the whole slice it was
    # normalised by (the short slice for filters and networks)
    values = models.FileField(upload_to=rendition_path, max_length=200)
    sha256 = models.CharField(max_length=64)
    provenance = models.JSONField(default=dict, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["case", "method"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "method"], name="rendition_one_per_method"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.method}"


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: User) -> "UploadQuerySet":
        """Fetching is authorising: an upload is its uploader's alone."""
        return self.filter(uploaded_by=user)


class Upload(models.Model):
    """Files that a coordinator sent, until they are imported or discarded.

    They lie in VAR_DIR/uploads/<folder>/. The plan, which repeats file names, goes
    when they go: a name may be a patient's.
    """

    class State(models.TextChoices):
        SCANNING = "scanning", _("reading the files")
        READY = "ready", _("waiting for you to confirm")
        IMPORTING = "importing", _("importing")
        DONE = "done", _("imported")
        FAILED = "failed", _("failed")

    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="cohort_uploads"
    )
    name = models.CharField(max_length=100)
    folder = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=16, choices=State, default=State.SCANNING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    plan = models.JSONField(null=True, editable=False)
    error = models.TextField(blank=True)
    cohort = models.ForeignKey(
        Cohort, models.SET_NULL, null=True, related_name="uploads"
    )
    created_at = models.DateTimeField(auto_now_add=True)
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
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name
