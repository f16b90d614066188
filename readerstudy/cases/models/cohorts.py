"""Cohorts, their cases, and the images of them. Rules live in services."""

import uuid

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


def series_path(series: "Series", filename: str) -> str:
    """A name that tells nothing; the row knows what it is."""
    return f"series/{uuid.uuid4().hex}.npy"


def maps_path(found: "StabilityCase", filename: str) -> str:
    return f"stability/{uuid.uuid4().hex}.npy"


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
    # a key of imaging.study_types: what a case is, and what may be asked of it
    study_type = models.CharField(max_length=50, default="dat-spect")
    simulated = models.BooleanField(default=False)
    coordinators = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="cohorts", blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # from when a study reads it: what readers see must not move any more
    frozen_at = models.DateTimeField(null=True, editable=False)
    # some of its scans had other pixels than the study's
    resampled = models.BooleanField(default=False, editable=False)

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

    class Sex(models.TextChoices):
        FEMALE = "F", _("female")
        MALE = "M", _("male")
        OTHER = "O", _("other")

    class SliceRule(models.TextChoices):
        CENTRAL_REGION = "central-region", _("hottest voxel of the central brain")
        HOTTEST = "hottest-voxel", _("hottest voxel of the whole image")
        LARGEST_SUM = "largest-sum", _("largest sum of counts")
        PERSON = "person", _("chosen by a person")

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="cases")
    code = models.CharField(max_length=32)
    split = models.CharField(max_length=16, choices=Split, blank=True, default="")
    # keyed digest of PatientID: finds the same patient again, names nobody
    patient_digest = models.CharField(max_length=64)
    # that of the short scan, where somebody accepted a pair under two ids
    second_patient_digest = models.CharField(max_length=64, blank=True, default="")
    # in completed years, capped at 90 (HIPAA Safe Harbor); null: not stated
    age_years = models.PositiveSmallIntegerField(null=True)
    sex = models.CharField(max_length=1, choices=Sex, blank=True, default="")
    # index of the middle slice, 0 = lowest, found on the reference series
    central_slice = models.PositiveSmallIntegerField()
    central_rule = models.CharField(
        max_length=16, choices=SliceRule, default=SliceRule.CENTRAL_REGION
    )
    # why a person took another slice than the rule
    central_reason = models.CharField(max_length=500, blank=True, default="")
    # rule → the slice that it would take, e.g. {"hottest-voxel": 12, …}
    slice_candidates = models.JSONField(default=dict, blank=True)
    # how alike the two scans are: plan.ParityReport as plain values
    parity = models.JSONField(default=dict, blank=True)
    # a difference that could bias blocks a study until somebody says why it may stay
    parity_reason = models.CharField(max_length=500, blank=True, default="")
    parity_accepted_at = models.DateTimeField(null=True, editable=False)
    parity_accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # what a coordinator should know about it, one sentence a line
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["cohort", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "code"], name="case_code_unique_in_cohort"
            ),
            models.CheckConstraint(
                condition=Q(age_years__isnull=True) | Q(age_years__lte=90),
                name="case_age_capped_at_90",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def notes(self) -> list[str]:
        return self.note.splitlines()

    @property
    def patient_digests(self) -> tuple[str, ...]:
        """One, or two where the scans bear two ids of what a person calls one head."""
        return tuple(filter(None, (self.patient_digest, self.second_patient_digest)))


class Division(models.Model):
    """How a cohort was divided into training, validation and test: by patient,
    drawn once from a recorded seed. Each case holds its own part in `split`."""

    cohort = models.OneToOneField(Cohort, models.CASCADE, related_name="division")
    training = models.PositiveIntegerField()
    validation = models.PositiveIntegerField()
    test = models.PositiveIntegerField()
    seed = models.CharField(max_length=64)
    # what the parts are alike in, e.g. ["sex", "age"]
    strata = models.JSONField(default=list, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.cohort}: {self.training}/{self.validation}/{self.test}"


class Series(models.Model):
    """One acquisition of a case, decoded, upright, and without identifiers."""

    class Role(models.TextChoices):
        REFERENCE = "reference", _("reference")
        SHORT = "short", _("short")

    case = models.ForeignKey(Case, models.CASCADE, related_name="series")
    role = models.CharField(max_length=16, choices=Role)
    # .npy (slices, rows, columns), float32 or, where that loses nothing, whole
    # numbers; slice 0 lowest, row 0 anterior, column 0 on the patient's right
    counts = models.FileField(upload_to=series_path, max_length=200)
    slices = models.PositiveSmallIntegerField()
    rows = models.PositiveSmallIntegerField()
    columns = models.PositiveSmallIntegerField()
    slice_spacing_mm = models.FloatField()
    row_spacing_mm = models.FloatField()
    column_spacing_mm = models.FloatField()
    # {"shape": […], "spacing_mm": […], "interpolation": "linear"} before it was
    # resampled to the study's pixels; null: it was not
    resampled_from = models.JSONField(null=True, blank=True)
    modality = models.CharField(max_length=2, default="NM")  # NM, PT, CT: by SOP class
    unit = models.CharField(max_length=16, default="counts")  # of the voxels
    # a known maker's name; anything else is free text and does not stay
    manufacturer = models.CharField(max_length=32, blank=True, default="")
    duration_s = models.FloatField(null=True)
    # seconds from the start of the case's earlier scan; dates do not stay
    started_after_s = models.FloatField(null=True)
    total_counts = models.FloatField()
    negative_voxels = models.PositiveIntegerField(null=True)
    # striatal binding ratio by fixed VOIs (imaging.striatal_binding), patient's sides
    binding_ratio_right = models.FloatField(null=True)
    binding_ratio_left = models.FloatField(null=True)
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
    """The image of one case in one arm: five central slices, cropped, or the whole
    stack, as the cohort's study type has it.

    `method` says how it was made: `reference`, `short`, a filter's name, or a
    network's name with its weights, e.g. `unet-l4@1f2e3d4c5b6a`.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="renditions")
    method = models.CharField(max_length=100)
    # dat-spect: float32 .npy (5, 64, 64), 1.0 = the maximum of the whole slice it was
    # normalised by (the short slice for filters and networks). Other types: float32 or
    # int16 .npy of its series' shape, in its series' unit
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


class Stability(models.Model):
    """What the stability suite found of one method over one cohort.

    It enters through cases.services.stability_save alone; found again, it is replaced.
    """

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="stabilities")
    method = models.CharField(max_length=100)  # of the renditions that were looked at
    suite = models.CharField(max_length=50)  # name of the calculation
    settings = models.JSONField(default=dict, blank=True)
    # key of imaging.stability_measures → {"value", "low", "high", "n", "reason"}
    measures = models.JSONField(default=dict, blank=True)
    # curves and tables beyond single numbers, e.g. the output against the dose
    series = models.JSONField(default=dict, blank=True)
    # one SHA-256 over those of all images that went in
    images_sha256 = models.CharField(max_length=64)
    device = models.CharField(max_length=100, blank=True)
    versions = models.JSONField(default=dict, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["cohort", "method"]
        verbose_name_plural = "stabilities"
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "method"], name="stability_one_per_method"
            ),
        ]

    def __str__(self) -> str:
        return f"stability of {self.method}"


class StabilityCase(models.Model):
    """The same of one case, with its maps."""

    stability = models.ForeignKey(Stability, models.CASCADE, related_name="cases")
    case = models.ForeignKey(Case, models.CASCADE, related_name="stabilities")
    # key of imaging.stability_measures → value, or null where it is not estimable
    numbers = models.JSONField(default=dict, blank=True)
    # float32 .npy (maps, slices, rows, columns), in the order of `map_names`
    maps = models.FileField(upload_to=maps_path, max_length=200, blank=True)
    map_names = models.JSONField(default=list, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ["stability", "case"]
        constraints = [
            models.UniqueConstraint(
                fields=["stability", "case"], name="stability_case_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stability}, {self.case}"
