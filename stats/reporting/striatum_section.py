"""Image quality inside and outside of the striatum, and binding ratios."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from readerstudy.reading.models import Study

from ..image_quality import MeanSpread, NormalisedBy, mean_spread
from ..models import Mask
from ..outcomes import NotEstimable
from ..selectors import patient_codes
from .arms import ArmName, arm_name
from .images import ImageLine, ImageSet
from .striatal_uptake import ArmUptake, arm_uptakes
from .worst_cases import Criterion, WorstCase, worst_cases

NORMALISED_BY = NormalisedBy.REFERENCE_MEAN  # on the page; files have all
SSIM_RANGE = 255


@dataclass(frozen=True)
class RegionQuality:
    """One arm in one mask: over patients, each the mean of their slices.

    psnr in dB, range 255; ssim with the constants of SSIM_RANGE; mae in grey levels;
    nrmse by NORMALISED_BY, over the same pixels.
    """

    mask: str
    psnr: MeanSpread
    ssim: MeanSpread
    mae: MeanSpread
    nrmse: MeanSpread


@dataclass(frozen=True)
class ArmRegions:
    arm: ArmName
    regions: tuple[RegionQuality, ...]  # one a mask, in the order of Mask


ArmInMask = tuple[ArmName, RegionQuality]


@dataclass(frozen=True)
class Striatum:
    """Of the arms, never of the reference with itself.

    without_regions: codes of cases whose reference shows no whole brain, or that were
    not measured in any arm. uptakes: also each case's values, for figures and files.
    """

    normalised_by: str
    ssim_range: int
    quality: tuple[ArmRegions, ...]
    uptakes: tuple[ArmUptake, ...]
    worst: tuple[WorstCase, ...]
    cases: int
    without_regions: tuple[str, ...]

    @property
    def by_mask(self) -> tuple[tuple[str, tuple[ArmInMask, ...]], ...]:
        """Mask by mask, the arms in their order."""
        return tuple(
            (mask, tuple((one.arm, one.regions[place]) for one in self.quality))
            for place, mask in enumerate(Mask.values)
        )

    @property
    def by_criterion(
        self,
    ) -> tuple[tuple[Criterion, tuple[tuple[WorstCase, ...], ...]], ...]:
        """By each criterion, each arm's worst cases as ranked, the worst arm first."""
        return tuple((one, self._ranked(one)) for one in Criterion)

    def _ranked(self, criterion: Criterion) -> tuple[tuple[WorstCase, ...], ...]:
        by_arm: dict[ArmName, list[WorstCase]] = {}
        for case in self.worst:
            if case.criterion is criterion:
                by_arm.setdefault(case.arm, []).append(case)
        return tuple(map(tuple, by_arm.values()))

    @property
    def measured(self) -> bool:
        """Whether any case has regions."""
        return any(one.cases for one in self.uptakes)


def striatum_section(study: Study, images: ImageSet) -> Striatum:
    uptakes = arm_uptakes(images, patient_codes(study))
    codes = list(dict.fromkeys(one.case.code for one in images.comparisons))
    found = {case.case for arm in uptakes for case in arm.cases}
    return Striatum(
        normalised_by=NORMALISED_BY,
        ssim_range=SSIM_RANGE,
        quality=_quality(images),
        uptakes=uptakes,
        worst=worst_cases(uptakes),
        cases=len(codes),
        without_regions=tuple(code for code in codes if code not in found),
    )


def _quality(images: ImageSet) -> tuple[ArmRegions, ...]:
    arms = {one.arm.pk: arm_name(one.arm) for one in images.comparisons}
    masks = [_regions(images, mask, arms) for mask in Mask.values]
    return tuple(
        ArmRegions(name, tuple(of_mask[arm] for of_mask in masks))
        for arm, name in arms.items()
    )


def _regions(
    images: ImageSet, mask: str, arms: Iterable[int]
) -> dict[int, RegionQuality]:
    """By the arm's pk. Of one mask at a time, as there are very many lines."""
    by_arm: dict[int, list[ImageLine]] = {arm: [] for arm in arms}
    for line in images.lines(mask):
        by_arm[line.arm.pk].append(line)
    return {arm: _region(mask, lines) for arm, lines in by_arm.items()}


def _region(mask: str, lines: list[ImageLine]) -> RegionQuality:
    def over_patients(
        value: Callable[[ImageLine], float | NotEstimable],
    ) -> MeanSpread:
        """A patient whose images are all identical is counted as left out."""
        by_patient: dict[str, list[float | NotEstimable]] = {}
        for line in lines:
            by_patient.setdefault(line.patient, []).append(value(line))
        return mean_spread([mean_spread(found).mean for found in by_patient.values()])

    return RegionQuality(
        mask=mask,
        psnr=over_patients(lambda line: line.psnr),
        ssim=over_patients(lambda line: line.ssim_range_255),
        mae=over_patients(lambda line: line.mean_absolute_error),
        nrmse=over_patients(lambda line: line.nrmse(NORMALISED_BY)),
    )
