"""What each arm shows in and around the striatum, case by case and over the cases."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..bias import LimitsOfAgreement, limits_of_agreement
from ..image_quality import mean_spread
from ..means import PatientMean, patient_mean
from ..models import Mask, StriatalUptake
from ..outcomes import NotEstimable, Reason, estimated
from .arms import ArmName, arm_name
from .comparisons import Comparison
from .images import ImageSet

Estimate = float | NotEstimable
SIDES = ("right", "left")  # the patient's


@dataclass(frozen=True)
class SideBinding:
    """Binding ratio of the stored slices on one side, in the arm and the reference."""

    side: str
    ratio: Estimate
    reference: Estimate

    @property
    def error(self) -> Estimate:
        """Arm minus reference."""
        if isinstance(self.ratio, NotEstimable):
            return self.ratio
        if isinstance(self.reference, NotEstimable):
            return self.reference
        return self.ratio - self.reference


@dataclass(frozen=True)
class CaseUptake:
    """One arm's image of one case beside the reference's, over the five slices.

    psnr: mean over the slices of the whole crop, in dB. Levels are mean grey levels
    of 8-bit images, each slice relative to its own maximum: (arm, reference).
    noise: standard deviation within the background.
    """

    case: str
    patient: str  # P01, …
    sides: tuple[SideBinding, SideBinding]
    psnr: Estimate
    striatum: tuple[float, float]
    background: tuple[float, float]
    noise: tuple[float, float]

    @property
    def suppression(self) -> Estimate:
        """Share of the background that is gone: 1 − arm / reference; below 0: more."""
        ratio = _ratio(self.background)
        return ratio if isinstance(ratio, NotEstimable) else 1 - ratio

    @property
    def emphasis(self) -> Estimate:
        """Share that the striatum has too much: arm / reference − 1; below 0: less."""
        ratio = _ratio(self.striatum)
        return ratio if isinstance(ratio, NotEstimable) else ratio - 1

    @property
    def noise_ratio(self) -> Estimate:
        """Noise of the arm over that of the reference."""
        return _ratio(self.noise)

    @property
    def largest_error(self) -> tuple[str, Estimate]:
        """The side with the largest error of the binding ratio, either way."""
        errors = [(one.side, one.error) for one in self.sides]
        found = [(s, e) for s, e in errors if not isinstance(e, NotEstimable)]
        return max(found, key=lambda one: abs(one[1])) if found else errors[0]


def _ratio(levels: tuple[float, float]) -> Estimate:
    arm, reference = levels
    if reference <= 0:
        return NotEstimable(Reason.EMPTY_REFERENCE)
    return arm / reference


@dataclass(frozen=True)
class ArmUptake:
    """One arm over its cases. Binding: limits of agreement with the reference, of both
    sides and of each; the others: means over patients, see CaseUptake.
    """

    arm: ArmName
    cases: tuple[CaseUptake, ...]
    both: LimitsOfAgreement
    right: LimitsOfAgreement
    left: LimitsOfAgreement
    suppression: PatientMean
    emphasis: PatientMean
    noise_ratio: PatientMean


def arm_uptakes(images: ImageSet, patients: dict[int, str]) -> tuple[ArmUptake, ...]:
    """In the order of the arms. patients: case pk → its patient's code."""
    by_arm: dict[ArmName, list[CaseUptake]] = {}
    for one in images.comparisons:
        cases = by_arm.setdefault(arm_name(one.arm), [])
        found = _case(images, one, patients)
        if found is not None:
            cases.append(found)
    return tuple(_arm(arm, cases) for arm, cases in by_arm.items())


def _case(
    images: ImageSet, one: Comparison, patients: dict[int, str]
) -> CaseUptake | None:
    """None where it was not measured, or the reference has no regions."""
    arm = images.uptakes.get(one.key)
    reference = images.uptakes.get((one.key[0], one.key[0]))
    if arm is None or reference is None or None in (levels(arm), levels(reference)):
        return None
    crop = [line.psnr for line in images.of(one, Mask.CROP)]
    striatum, background, noise = zip(
        levels(arm) or (), levels(reference) or (), strict=True
    )
    right, left = (_side(side, arm, reference) for side in SIDES)
    return CaseUptake(
        case=one.case.code,
        patient=patients[one.case.pk],
        sides=(right, left),
        psnr=mean_spread(crop).mean,
        striatum=striatum,
        background=background,
        noise=noise,
    )


def levels(row: StriatalUptake) -> tuple[float, float, float] | None:
    """Of striatum, background and noise; None without regions."""
    found = row.striatum_mean, row.background_mean, row.background_sd
    if found[0] is None or found[1] is None or found[2] is None:
        return None
    return found[0], found[1], found[2]


def _side(side: str, arm: StriatalUptake, reference: StriatalUptake) -> SideBinding:
    ratios: list[Estimate] = [
        NotEstimable(Reason.EMPTY_BACKGROUND) if value is None else value
        for value in (getattr(arm, side), getattr(reference, side))
    ]
    return SideBinding(side, *ratios)


def _arm(arm: ArmName, cases: Sequence[CaseUptake]) -> ArmUptake:
    def over_patients(value: Callable[[CaseUptake], Estimate]) -> PatientMean:
        found: dict[str, list[float]] = defaultdict(list)
        for one in cases:
            number = estimated(value(one))
            if number is not None:
                found[one.patient].append(number)
        means = [float(np.mean(numbers)) for numbers in found.values()]
        return patient_mean(means, without=Reason.NO_BRAIN)

    return ArmUptake(
        arm=arm,
        cases=tuple(cases),
        both=_agreement(cases, SIDES),
        right=_agreement(cases, ("right",)),
        left=_agreement(cases, ("left",)),
        suppression=over_patients(lambda one: one.suppression),
        emphasis=over_patients(lambda one: one.emphasis),
        noise_ratio=over_patients(lambda one: one.noise_ratio),
    )


def _agreement(cases: Sequence[CaseUptake], sides: Sequence[str]) -> LimitsOfAgreement:
    """Of the sides that have a ratio in both images."""
    pairs = [
        (one.patient, side.ratio, side.reference)
        for one in cases
        for side in one.sides
        if side.side in sides
    ]
    found = [
        (patient, ratio, reference)
        for patient, ratio, reference in pairs
        if not isinstance(ratio, NotEstimable)
        and not isinstance(reference, NotEstimable)
    ]
    without = Reason.EMPTY_BACKGROUND if pairs else Reason.NO_BRAIN
    return limits_of_agreement(
        [ratio for _, ratio, _ in found],
        [reference for _, _, reference in found],
        patients=[patient for patient, _, _ in found],
        without=without,
    )
