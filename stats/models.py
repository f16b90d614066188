"""Image quality that has been measured once, and reports that are frozen. Rules live in
services."""

from django.contrib.auth.models import User
from django.db import models
from django.utils.translation import gettext_lazy as _

from readerstudy.reading.models import Study


class Mask(models.TextChoices):
    """Which pixels of an image a number is of; always found in the reference."""

    CROP = "crop", _("Whole image (64×64 pixels)")
    STRIATUM = "striatum", _("Striatum")
    BACKGROUND = "background", _("Background: brain away from the striatum")


class ImageQuality(models.Model):
    """How one slice of one rendition differs from the same slice of the reference,
    in one mask.

    Keyed by what was compared, not by case or arm: the digests of the two files and
    the name of the calculation. A rendition made again has another digest, so a row
    never goes stale. Grey levels are those of 8-bit images.
    """

    reference_sha256 = models.CharField(max_length=64)
    rendition_sha256 = models.CharField(max_length=64)
    slice = models.PositiveSmallIntegerField()  # 0 = lowest of the stored five
    calculation = models.CharField(max_length=50)
    mask = models.CharField(max_length=10, choices=Mask)
    pixels = models.PositiveIntegerField()
    # in squared grey levels; 0 = identical
    mean_squared_error = models.FloatField()
    mean_absolute_error = models.FloatField()
    ssim_range_255 = models.FloatField()
    ssim_range_1 = models.FloatField()
    # of the reference in this mask: what errors are normalised by
    reference_mean = models.FloatField()
    reference_range = models.FloatField()
    measured_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "image quality"
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "rendition_sha256",
                    "reference_sha256",
                    "calculation",
                    "slice",
                    "mask",
                ],
                name="image_quality_measured_once",
            ),
            models.CheckConstraint(
                condition=models.Q(mean_squared_error__gte=0),
                name="image_quality_error_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rendition_sha256[:8]} slice {self.slice} {self.mask}"


class StackQuality(models.Model):
    """How one slice of a stack with a unit differs from that of the reference.

    Keyed as ImageQuality is. `calculation` names unit, declared window and all that is
    shown, too: errors are in the unit, of values cut to all that is shown; PSNR's and
    SSIM's are of values cut to the window.
    """

    reference_sha256 = models.CharField(max_length=64)
    rendition_sha256 = models.CharField(max_length=64)
    slice = models.PositiveSmallIntegerField()  # 0 = lowest
    calculation = models.CharField(max_length=100)
    mean_absolute_error = models.FloatField()
    mean_error = models.FloatField()  # rendition minus reference
    windowed_squared_error = models.FloatField()
    ssim = models.FloatField()
    measured_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "stack quality"
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "rendition_sha256",
                    "reference_sha256",
                    "calculation",
                    "slice",
                ],
                name="stack_quality_measured_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rendition_sha256[:8]} slice {self.slice}"


class StriatalUptake(models.Model):
    """What one rendition shows in and around the striatum, over its five slices.

    Masks are those of the reference, which has a row of its own, with its digest
    twice. Keyed as ImageQuality is. All numbers are empty where the reference shows
    no brain to measure in.
    """

    reference_sha256 = models.CharField(max_length=64)
    rendition_sha256 = models.CharField(max_length=64)
    calculation = models.CharField(max_length=50)
    # binding ratios of the stored slices, the patient's sides
    right = models.FloatField(null=True)
    left = models.FloatField(null=True)
    # in grey levels of 8-bit images
    striatum_mean = models.FloatField(null=True)
    background_mean = models.FloatField(null=True)
    background_sd = models.FloatField(null=True)
    measured_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "striatal uptake"
        constraints = [
            models.UniqueConstraint(
                fields=["rendition_sha256", "reference_sha256", "calculation"],
                name="striatal_uptake_measured_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rendition_sha256[:8]} striatum"


class FrozenReport(models.Model):
    """A report as it was computed once, and what it was computed from.

    The database refuses to change a row. A later computation, e.g. with a corrected
    program, is the next version with its reason; earlier ones stay to be read.
    """

    study = models.ForeignKey(Study, models.PROTECT, related_name="frozen_reports")
    number = models.PositiveSmallIntegerField()  # from 1 within the study
    content = models.TextField()  # reporting.keeping.report_json
    sha256 = models.CharField(max_length=64)  # of `content` as UTF-8
    built_at = models.DateTimeField()
    # None: the program itself, at unblinding or from its command line
    built_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)  # why anew; blank for the first
    program = models.CharField(max_length=50)  # version
    program_sha256 = models.CharField(max_length=64)  # of the code of this app
    libraries = models.JSONField()  # name → version
    # what went in
    protocol_sha256 = models.CharField(max_length=64)  # as amended, if it was
    answers = models.PositiveIntegerField()  # scores and guesses, all versions
    answers_sha256 = models.CharField(max_length=64)
    images = models.PositiveIntegerField()
    images_sha256 = models.CharField(max_length=64)
    # of the audit log just before the event of this freezing
    audit_events = models.PositiveBigIntegerField()
    audit_anchor = models.CharField(max_length=64)

    class Meta:
        ordering = ["study", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "number"], name="frozen_report_version_once"
            ),
            models.CheckConstraint(
                condition=models.Q(number=1, reason="")
                | models.Q(number__gt=1) & ~models.Q(reason=""),
                name="frozen_report_later_version_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"report {self.number} of {self.study_id}"


class ReportWork(models.Model):
    """Somebody computes a study's report now; gone once it is frozen.

    It keeps two from computing the same at once. Nothing depends on it: whoever
    holds it and is not heard of for a while is passed over.
    """

    study = models.OneToOneField(Study, models.CASCADE, related_name="report_work")
    claim = models.CharField(max_length=32)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"report of {self.study_id}"


class FrozenDocument(models.Model):
    """The PDF of a frozen report in one language, as it was first given out."""

    report = models.ForeignKey(FrozenReport, models.PROTECT, related_name="documents")
    language = models.CharField(max_length=10)
    content = models.BinaryField()
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["report", "language"], name="frozen_document_once_a_language"
            )
        ]

    def __str__(self) -> str:
        return f"{self.report_id} in {self.language}"
