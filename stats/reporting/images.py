"""What has been measured of central slices beside those of the reference."""

from collections import defaultdict
from dataclasses import dataclass, fields

from readerstudy.cases.models import Case
from readerstudy.imaging.preprocessing import STORED_SLICES
from readerstudy.reading.models import Arm, Study

from ..image_quality import NormalisedBy, nrmse, psnr, rmse
from ..models import ImageQuality, Mask, StriatalUptake
from ..outcomes import NotEstimable
from .analysis_plan import Metric
from .comparisons import (
    Comparison,
    ImagePairs,
    Key,
    comparisons,
    study_renditions,
)

# Renaming it makes every image be measured again: do so when the numbers change.
CALCULATION = "8-bit, crop and regions, Gaussian 11 sigma 1.5"
PSNR_RANGE = 255.0
SSIM_RANGES = (255.0, 1.0)


@dataclass(frozen=True, slots=True)
class ImageLine:
    """One slice of one arm's image of one case, against the reference, in one mask.

    Errors and the reference's mean and range in grey levels of 8 bits.
    """

    arm: Arm
    case: Case
    patient: str  # as in Comparison
    slice: int  # -2 to 2; 0 = central, negative = lower
    mask: str
    pixels: int
    mean_squared_error: float  # squared grey levels
    mean_absolute_error: float
    psnr: float | NotEstimable  # dB, range 255
    ssim_range_255: float
    ssim_range_1: float
    reference_mean: float
    reference_range: float

    def value(self, metric: Metric) -> float | NotEstimable:
        if metric.key == "psnr":
            return self.psnr
        return self.ssim_range_1 if metric.data_range == 1 else self.ssim_range_255

    @property
    def rmse(self) -> float:
        return rmse(self.mean_squared_error)

    def nrmse(self, by: NormalisedBy) -> float | NotEstimable:
        divisors = {
            NormalisedBy.REFERENCE_MEAN: self.reference_mean,
            NormalisedBy.REFERENCE_RANGE: self.reference_range,
            NormalisedBy.DATA_RANGE: PSNR_RANGE,
        }
        return nrmse(self.mean_squared_error, divisor=divisors[by])


@dataclass(frozen=True, slots=True)
class Measured:
    """What an ImageQuality row says of its slice: a study has very many of them."""

    slice: int
    pixels: int
    mean_squared_error: float
    mean_absolute_error: float
    ssim_range_255: float
    ssim_range_1: float
    reference_mean: float
    reference_range: float


MEASURED = tuple(field.name for field in fields(Measured))


@dataclass(frozen=True)
class ImageSet(ImagePairs):
    """Of three central slices.

    measured: of each pair of images the rows of each mask, lowest slice first.
    uptakes: of each pair, and of each reference with itself.
    """

    measured: dict[Key, dict[str, tuple[Measured, ...]]]
    uptakes: dict[Key, StriatalUptake]

    def lines(self, mask: str = Mask.CROP) -> list[ImageLine]:
        """By arm, case and slice, of what has been measured in that mask."""
        return [line for one in self.comparisons for line in self.of(one, mask)]

    def of(self, one: Comparison, mask: str) -> list[ImageLine]:
        """Slice by slice of one pair of images; empty if it was not measured."""
        rows = self.measured.get(one.key, {}).get(mask, ())
        return [_line(one, mask, row) for row in rows]


def image_set(study: Study) -> ImageSet:
    return ImageSet(comparisons(study), _measured(study), _uptakes(study))


def _measured(study: Study) -> dict[Key, dict[str, tuple[Measured, ...]]]:
    rows = ImageQuality.objects.filter(
        calculation=CALCULATION,
        rendition_sha256__in=study_renditions(study).values("sha256"),
    ).order_by("slice")
    columns = rows.values_list(
        "reference_sha256", "rendition_sha256", "mask", *MEASURED
    )
    found: dict[Key, dict[str, list[Measured]]] = defaultdict(dict)
    for reference, rendition, mask, *said in columns.iterator():
        by_mask = found[reference, rendition]
        by_mask.setdefault(mask, []).append(Measured(*said))
    return {
        key: {mask: tuple(slices) for mask, slices in masks.items()}
        for key, masks in found.items()
    }


def _uptakes(study: Study) -> dict[Key, StriatalUptake]:
    rows = StriatalUptake.objects.filter(
        calculation=CALCULATION,
        rendition_sha256__in=study_renditions(study).values("sha256"),
    )
    return {(row.reference_sha256, row.rendition_sha256): row for row in rows}


def _line(one: Comparison, mask: str, row: Measured) -> ImageLine:
    return ImageLine(
        arm=one.arm,
        case=one.case,
        patient=one.patient,
        slice=row.slice - STORED_SLICES // 2,
        mask=mask,
        pixels=row.pixels,
        mean_squared_error=row.mean_squared_error,
        mean_absolute_error=row.mean_absolute_error,
        psnr=psnr(row.mean_squared_error, data_range=PSNR_RANGE),
        ssim_range_255=row.ssim_range_255,
        ssim_range_1=row.ssim_range_1,
        reference_mean=row.reference_mean,
        reference_range=row.reference_range,
    )
