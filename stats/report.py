"""The results of one unblinded study as plain values, ready for a page or a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from readerstudy.reading.models import Arm

from .agreement import Agreement, Weighting
from .comparison import AgainstControl, Friedman, PatientMean
from .image_quality import MeanSpread
from .outcomes import NotEstimable


@dataclass(frozen=True)
class ArmName:
    code: str
    title: str
    method: str
    position: int


def arm_name(arm: Arm) -> ArmName:
    return ArmName(arm.code, arm.title, arm.method, arm.position)


@dataclass(frozen=True)
class ReaderAgreement:
    """One reader in one arm against their own reading of the reference arm."""

    reader: str
    both: Agreement  # both sides pooled, as the study prints it
    right: Agreement
    left: Agreement


@dataclass(frozen=True)
class KappaLine:
    """One arm of the kappa table; `mean` over its readers."""

    arm: ArmName
    readers: tuple[ReaderAgreement, ...]
    mean: float | NotEstimable


@dataclass(frozen=True)
class IntraReaderLine:
    """First against second reading of a repeated arm by one reader."""

    arm: ArmName
    reader: str
    both: Agreement
    right: Agreement
    left: Agreement


@dataclass(frozen=True)
class GradeLine:
    """Grades given in one arm, first readings, and how far they lie from the standard.

    counts: for each grade of the scale, over all readers and sides.
    shift: mean of arm grade minus reference grade over readers and sides, then over
        patients; above 0 the arm is graded healthier than the standard.
    shifts: the same for each reader, (code, value).
    """

    arm: ArmName
    counts: tuple[int, ...]
    shift: PatientMean | None  # None for the reference itself
    shifts: tuple[tuple[str, PatientMean], ...]


@dataclass(frozen=True)
class Metric:
    """What was measured. key names it in files; unit is empty for pure numbers."""

    key: str  # "psnr" or "ssim"
    data_range: int  # in grey levels of 8 bits
    unit: str


PSNR = Metric("psnr", 255, "dB")
SSIM_255 = Metric("ssim", 255, "")
SSIM_1 = Metric("ssim", 1, "")
METRICS = (PSNR, SSIM_255, SSIM_1)


@dataclass(frozen=True)
class ArmQuality:
    """One metric of one arm against the reference.

    images: over single slices, as the study prints it.
    patients: over patients, each the mean of their slices.
    patient_means: the same values, by patient, for a plot.
    mean_rank: within blocks, 1 = worst. against_control: None for the control.
    """

    arm: ArmName
    images: MeanSpread
    patients: MeanSpread
    patient_means: tuple[float, ...]
    mean_rank: float | None
    against_control: AgainstControl | None


@dataclass(frozen=True)
class MetricTable:
    """One metric over all arms. blocks: "patient" or "slice"."""

    metric: Metric
    arms: tuple[ArmQuality, ...]
    friedman: Friedman
    blocks: str
    blocks_left_out: int  # without a value in every arm

    @property
    def patients(self) -> tuple[int, int]:
        """The fewest and the most patients who have a value in an arm."""
        return _range([arm.patients.n for arm in self.arms])


def _range(counts: Sequence[int]) -> tuple[int, int]:
    return min(counts, default=0), max(counts, default=0)


@dataclass(frozen=True)
class Report:
    """Everything that the report page and the export show of one study."""

    slug: str
    title: str
    protocol_sha256: str
    seed_sha256: str
    unblinded_at: datetime
    made_at: datetime
    readers_simulated: bool
    images_simulated: bool
    readers: tuple[str, ...]
    reference: ArmName
    cases: int
    patients: int
    reads_planned: int
    reads_submitted: int
    question: str
    categories: tuple[int, ...]
    grade_words: tuple[str, ...]  # of each category, in English
    window: str  # the protocol's rule from pixel value to display value
    weighting: Weighting
    control: ArmName | None
    kappa: tuple[KappaLine, ...]
    intra_reader: tuple[IntraReaderLine, ...]
    grades: tuple[GradeLine, ...]
    quality: tuple[MetricTable, ...]
    images_missing: tuple[tuple[str, str], ...]  # (case code, arm title)

    @property
    def quality_rows(self) -> tuple[tuple[ArmQuality, ...], ...]:
        """Arm by arm, its quality in each metric: the rows of the printed table."""
        return tuple(zip(*(table.arms for table in self.quality), strict=True))

    @property
    def kappa_patients(self) -> tuple[int, int]:
        """The fewest and the most patients that a kappa of both sides is of."""
        return _range([r.both.patients for line in self.kappa for r in line.readers])

    @property
    def simulated(self) -> bool:
        return self.readers_simulated or self.images_simulated

    @property
    def complete(self) -> bool:
        """Every planned read was made and every image measured."""
        return self.reads_planned == self.reads_submitted and not self.images_missing
