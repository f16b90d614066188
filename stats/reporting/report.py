"""The results of one unblinded study as plain values, ready for a page or a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from readerstudy.imaging.study_types import DAT_SPECT
from readerstudy.reading.questions import Kind

from ..agreement.kappa import Agreement
from ..comparison.ranks import AgainstControl, Friedman
from ..image_quality.similarity import MeanSpread
from ..means import PatientMean
from ..outcomes import NotEstimable
from .analysis_plan import AnalysisPlan, Metric
from .arms import ArmName
from .asked import Asked
from .assessability import AssessabilityLine, Sides
from .bias_section import Bias
from .blinding_tables import Blinding
from .comparison_section import Comparison
from .conduct import Conduct
from .confidence_section import Confidence
from .examples import Examples
from .fidelity_section import Fidelity
from .multireader_section import MultiReader
from .preference_section import Preferences
from .primary import PrimaryComparison
from .rating_section import Ratings
from .reading_progress import ReaderProgress
from .reading_times import TimeLine
from .reliability_section import Reliability
from .remarks_section import Remarks
from .several_section import SeveralReaders
from .stability_section import Stability
from .stack_section import Stacks
from .striatum_section import Striatum


@dataclass(frozen=True)
class ReaderAgreement:
    """One reader in one arm against the reference standard."""

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
    declined: sides that could not be assessed, over all readers.
    pairs: sides graded here and by the same reader in the reference, over all readers;
        left_out: sides read in both, of which one could not be assessed.
    shift: mean of arm grade minus reference grade over readers and sides, then over
        patients; above 0 the arm is graded healthier than the standard.
    shifts: the same for each reader, (code, value).
    """

    arm: ArmName
    counts: tuple[int, ...]
    declined: int
    pairs: int
    left_out: int
    shift: PatientMean | None  # None for the reference itself
    shifts: tuple[tuple[str, PatientMean], ...]


@dataclass(frozen=True)
class ArmQuality:
    """One metric of one arm against the reference.

    images: over single slices, as the study prints it.
    patients: over patients, each the mean of their slices.
    patient_means: the same values, by patient, for a plot.
    mean_rank: within blocks, 1 = worst. against_control: None for the control.
    """

    metric: Metric
    arm: ArmName
    images: MeanSpread
    patients: MeanSpread
    patient_means: tuple[float, ...]
    mean_rank: float | None
    against_control: AgainstControl | None

    @property
    def measured(self) -> int:
        """Slices with or without a value in this metric."""
        return self.images.n + self.images.left_out


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
    window_adjustable: bool  # by each reader, on each read
    plan: AnalysisPlan
    primary: PrimaryComparison
    control: ArmName | None  # of image quality
    kappa: tuple[KappaLine, ...]
    intra_reader: tuple[IntraReaderLine, ...]
    grades: tuple[GradeLine, ...]
    assessability: tuple[AssessabilityLine, ...]
    times: tuple[TimeLine, ...]
    progress: tuple[ReaderProgress, ...]
    quality: tuple[MetricTable, ...]
    images_missing: tuple[tuple[str, str], ...]  # (case code, arm title)
    examples: Examples
    comparison: Comparison
    several: SeveralReaders
    multireader: MultiReader
    bias: Bias
    striatum: Striatum
    conduct: Conduct
    blinding: Blinding | None  # None: no guesses were asked for
    # Below: of studies that ask for something else than grades, or of other images.
    # Each has a value that says it is not there, and is then left out of the report's
    # text: `keeping`.
    study_type: str = DAT_SPECT  # a key of imaging.study_types
    asked: tuple[Asked, ...] = ()  # empty: for grades alone
    stacks: Stacks | None = None  # of whole stacks with a unit
    ratings: Ratings | None = None
    preferences: Preferences | None = None
    confidence: Confidence | None = None
    fidelity: Fidelity | None = None
    remarks: Remarks | None = None
    stability: Stability | None = None  # None: the suite looked at no arm
    reliability: Reliability | None = None  # None: no answer about images is repeated
    # All arms, of a study whose cases have no reference: no image is measured against
    # one, and `reference` is the arm that the answers of the others are compared with.
    unreferenced: tuple[ArmName, ...] = ()

    @property
    def is_graded(self) -> bool:
        """Grades were asked for, and the sections about them are filled."""
        return bool(self.categories)

    @property
    def in_pairs(self) -> bool:
        """Two images of a case were shown side by side."""
        return any(one.kind == Kind.CHOICE for one in self.asked)

    @property
    def control_is_planned(self) -> bool:
        """The plan leaves the control open, or names this one."""
        code = self.control.code if self.control else ""
        return self.plan.control in ("", code)

    @property
    def quality_rows(self) -> tuple[tuple[ArmQuality, ...], ...]:
        """Arm by arm, its quality in each metric: the rows of the printed table."""
        return tuple(zip(*(table.arms for table in self.quality), strict=True))

    @property
    def kappa_patients(self) -> tuple[int, int]:
        """The fewest and the most patients that a kappa of both sides is of."""
        return _range([r.both.patients for line in self.kappa for r in line.readers])

    @property
    def sides(self) -> Sides:
        """All that were answered, second readings too; how many without a grade."""
        return sum((line.all for line in self.assessability), Sides(0, 0))

    @property
    def unassessable_shares(self) -> tuple[AssessabilityLine, AssessabilityLine] | None:
        """The arms with the lowest and the highest share, of first readings.

        None where all arms have the same share, as where every side was graded.
        """
        read = [one for one in self.assessability if one.all.answered]
        first = [one for one in read if not one.repeat]
        if len({one.all.share for one in first}) < 2:
            return None
        low, high = (find(first, key=lambda a: a.all.share or 0) for find in (min, max))
        return low, high

    @property
    def times_told(self) -> bool:
        """Some browser told how long a read took."""
        return any(time.told for line in self.times for time in line.readers)

    @property
    def simulated(self) -> bool:
        return self.readers_simulated or self.images_simulated

    @property
    def complete(self) -> bool:
        """Every planned read was made and every image measured."""
        return self.reads_planned == self.reads_submitted and not self.images_missing
