"""The images of a study beside their reference, and what has been measured of them."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields

from django.db.models import QuerySet

from readerstudy.cases.models import Case, Rendition
from readerstudy.cases.selectors import patients_of
from readerstudy.imaging.preprocessing import STORED_SLICES
from readerstudy.reading.models import Arm, Read, Study

from ..image_quality import NormalisedBy, nrmse, psnr, rmse
from ..models import ImageQuality, Mask, StriatalUptake
from ..outcomes import NotEstimable
from ..selectors import compared_arms, reference_arm, study_cases

# Renaming it makes every image be measured again: do so when the numbers change.
CALCULATION = "8-bit, crop and regions, Gaussian 11 sigma 1.5"
PSNR_RANGE = 255.0
SSIM_RANGES = (255.0, 1.0)

Key = tuple[str, str]  # digests of the reference's and of the rendition's file


@dataclass(frozen=True, slots=True)
class Comparison:
    """One arm's image of one case, with the reference's image of that case."""

    arm: Arm
    case: Case
    patient: str  # the same for all cases of one patient
    reference: Rendition | None  # None: not made, or no longer the one that was read
    rendition: Rendition | None

    @property
    def key(self) -> Key:
        """Digests of both files; empty for an image that is not there."""
        reference, rendition = self.reference, self.rendition
        return reference.sha256 if reference else "", (
            rendition.sha256 if rendition else ""
        )


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
class ImageSet:
    """All comparisons of a study, by arm and case code.

    measured: of each pair of images the rows of each mask, lowest slice first.
    uptakes: of each pair, and of each reference with itself.
    """

    comparisons: tuple[Comparison, ...]
    measured: dict[Key, dict[str, tuple[Measured, ...]]]
    uptakes: dict[Key, StriatalUptake]

    @property
    def total(self) -> int:
        return sum(all(one.key) for one in self.comparisons)

    @property
    def done(self) -> int:
        return sum(one.key in self.measured for one in self.comparisons)

    def missing(self) -> list[Comparison]:
        """Those that have no result: an image was never made, or is damaged."""
        return [one for one in self.comparisons if one.key not in self.measured]

    def waiting(self) -> Iterator[tuple[Rendition, list[Rendition]]]:
        """Case by case: the reference's image and those not yet measured."""
        by_reference: dict[Rendition, dict[int, Rendition]] = defaultdict(dict)
        for one in self.missing():
            if one.reference and one.rendition:
                by_reference[one.reference][one.rendition.pk] = one.rendition
        for reference, images in by_reference.items():
            yield reference, list(images.values())

    def lines(self, mask: str = Mask.CROP) -> list[ImageLine]:
        """By arm, case and slice, of what has been measured in that mask."""
        return [line for one in self.comparisons for line in self.of(one, mask)]

    def of(self, one: Comparison, mask: str) -> list[ImageLine]:
        """Slice by slice of one pair of images; empty if it was not measured."""
        rows = self.measured.get(one.key, {}).get(mask, ())
        return [_line(one, mask, row) for row in rows]


def image_set(study: Study) -> ImageSet:
    cases = list(study_cases(study))
    reference = reference_arm(study)
    frozen = _frozen_digests(study)
    patients = patients_of(cases)
    by_pk = {case.pk: case for case in cases}
    renditions = {}
    for rendition in _renditions(study).iterator():
        rendition.case = by_pk[rendition.case_id]  # one for all, not one each
        renditions[rendition.case_id, rendition.method] = rendition

    def as_read(case: Case, arm: Arm) -> Rendition | None:
        rendition = renditions.get((case.pk, arm.method))
        digest = frozen.get((case.pk, arm.pk))
        unchanged = rendition and digest in (None, "", rendition.sha256)
        return rendition if unchanged else None

    comparisons = tuple(
        Comparison(
            arm=arm,
            case=case,
            patient=patients[case.pk],
            reference=as_read(case, reference),
            rendition=as_read(case, arm),
        )
        for arm in compared_arms(study)
        for case in cases
    )
    return ImageSet(comparisons, _measured(study), _uptakes(study))


def _frozen_digests(study: Study) -> dict[tuple[int, int], str]:
    """(case pk, arm pk) → SHA-256 of the image that readers were shown."""
    reads = Read.objects.filter(session__study=study, repeat=0)
    rows = reads.values_list("case_id", "arm_id", "image_sha256").distinct()
    return {(case, arm): digest for case, arm, digest in rows.order_by("case_id")}


def _renditions(study: Study) -> QuerySet[Rendition]:
    return Rendition.objects.filter(
        case__in=study_cases(study), method__in=study.arms.values("method")
    )


def _measured(study: Study) -> dict[Key, dict[str, tuple[Measured, ...]]]:
    rows = ImageQuality.objects.filter(
        calculation=CALCULATION,
        rendition_sha256__in=_renditions(study).values("sha256"),
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
        rendition_sha256__in=_renditions(study).values("sha256"),
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


def renditions_as_read(
    study: Study, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Rendition]:
    """Of (case code, method): the images that are there and still those that were read.

    Only of the study's own cases and arms.
    """
    found = _renditions(study).filter(
        case__code__in={code for code, _method in wanted},
        method__in={method for _code, method in wanted},
    )
    frozen = _frozen_digests(study)
    arms: dict[str, list[int]] = defaultdict(list)
    for arm, method in study.arms.values_list("pk", "method"):
        arms[method].append(arm)
    return {
        (one.case.code, one.method): one
        for one in found.select_related("case")
        if (one.case.code, one.method) in wanted
        and any(
            frozen.get((one.case_id, arm)) in (None, "", one.sha256)
            for arm in arms[one.method]
        )
    }
