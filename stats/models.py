"""Image quality that has been measured once. Rules live in services."""

from django.db import models


class ImageQuality(models.Model):
    """How one slice of one rendition differs from the same slice of the reference.

    Keyed by what was compared, not by case or arm: the digests of the two files and
    the name of the calculation. A rendition made again has another digest, so a row
    never goes stale.
    """

    reference_sha256 = models.CharField(max_length=64)
    rendition_sha256 = models.CharField(max_length=64)
    slice = models.PositiveSmallIntegerField()  # 0 = lowest of the stored five
    calculation = models.CharField(max_length=50)
    # of 8-bit images, in squared grey levels; 0 = identical
    mean_squared_error = models.FloatField()
    ssim_range_255 = models.FloatField()
    ssim_range_1 = models.FloatField()
    measured_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "image quality"
        constraints = [
            models.UniqueConstraint(
                fields=["rendition_sha256", "reference_sha256", "calculation", "slice"],
                name="image_quality_measured_once",
            ),
            models.CheckConstraint(
                condition=models.Q(mean_squared_error__gte=0),
                name="image_quality_error_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rendition_sha256[:8]} slice {self.slice}"
