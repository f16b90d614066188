"""What a calculation can end in: a number, an interval, or a reason for neither.

Undefined is said, never shown as 0, 1 or infinity. Every function of the pure
statistics that may be undefined returns `float | NotEstimable`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

Value = TypeVar("Value")


# Below this a standard error is rounding, not variation: of kappa, or of a mean
# difference of grades, both of order 1.
ROUNDING = 1e-12


class Reason(StrEnum):
    """Why a number does not exist; the value is a sentence's second half."""

    NO_READS = "there are no reads to compare"
    NONE_ASSESSED = "no side could be assessed in both readings"
    NO_IMAGES = "there are no images to compare"
    ONE_PATIENT = "there is only one patient"
    TOO_FEW_PATIENTS = "there are too few patients for an interval at this level"
    BOTH_CONSTANT = "both readings use a single grade"
    ONE_CONSTANT = "one of the two readings uses a single grade"
    PERFECT = "agreement is perfect, so its variation cannot be estimated"
    OPPOSITE = "disagreement is total, so its variation cannot be estimated"
    NO_ROOM = "with these grades kappa could not have been another"
    NO_VARIATION = "it does not vary between patients"
    OVERLAPPING = "the data cannot tell it from the other effects"
    MORE_EFFECTS = "there are no more patients than effects to test"
    NO_DIFFERENCE = "no patient's grades differ"
    NO_ABNORMAL = "the standard has no abnormal side"
    NO_NORMAL = "the standard has no normal side"
    ONE_GRADE = "a single grade was given"
    NOT_CONVERGED = "the model does not settle on these data"
    TOO_LARGE = "there are too many grades for this model"
    NO_RESAMPLE = "no resample of the patients has it"
    ONE_SIDED = "all resamples lie on one side of it"
    LEFT_OUT_UNDEFINED = "without one of the patients it does not exist"
    ONE_READER = "there is only one reader"
    NO_COMMON_SIDE = "no side was graded by every reader"
    NO_SHARED_SIDE = "no side was graded by two readers"
    ALL_CONSTANT = "every reader uses a single grade"
    ALL_SAME = "all grades are the same"
    PAIR_MISSING = "it is not estimable for every pair of readers"
    IDENTICAL_IMAGES = "the images are identical"
    EMPTY_REFERENCE = "the reference is empty, or the same everywhere"
    EMPTY_BACKGROUND = "the background of a slice is empty"
    NO_BRAIN = "the reference image shows no whole brain to measure in"
    ONE_VALUE = "there is only one value"
    ONE_ARM = "there is only one arm to compare"
    ONE_BLOCK = "only one block has a value in every arm"
    NO_COMPLETE_PATIENT = "no patient has a value in every arm"
    NO_COMPLETE_SLICE = "no slice has a value in every arm"
    ALL_TIED = "all arms are equal in every block"
    READER_MISSING = "it is not estimable for every reader"
    READERS_ALIKE = "the readers do not differ, so their variation cannot be estimated"
    ONE_PATIENT_DECIDES = "without one of the patients it is not estimable"
    NO_GUESSES = "no guess was given"
    NO_TIME_TOLD = "no browser reported how long it took"
    NOT_ANSWERED = "nothing was read"
    ALL_ALIKE = "all answers were the same, so their variation cannot be estimated"
    ONE_PATIENT_A_READER = (
        "a reader was asked about one patient only, in the reference or in the others"
    )
    NO_RATINGS = "there are no ratings"
    NO_WITH = "no case is known to have the finding"
    NO_WITHOUT = "no case is known to be without the finding"
    ONE_OF_A_KIND = "only one patient has the finding, or only one is without it"
    NO_OVERLAP = "the ratings do not overlap, so the variation cannot be estimated"
    NO_CHOICES = "no pair was answered"
    ALL_TIES = "every answer was “no difference”"
    ALWAYS_PREFERRED = "an arm was always preferred, or never, to all it met"
    NOT_CONNECTED = "the arms were not all compared, not even by way of others"
    PENALISED = "a penalised estimate has no interval here"
    NO_CHANGES = "no patient has more changes in one arm than in another"
    NO_COMPLETE_ITEM = "no case was rated in every arm"
    NO_COMMON_IMAGE = "no image was rated by every reader"
    NO_SHARED_IMAGE = "no image was rated by two readers"


@dataclass(frozen=True)
class NotEstimable:
    """The number does not exist for these data, and why."""

    reason: Reason

    def __str__(self) -> str:
        return f"not estimable: {self.reason.value}"


@dataclass(frozen=True)
class Interval:
    """A confidence interval together with how it was made.

    level: 0 to 1. degrees_of_freedom: of Student's t, a fraction where
    they are estimated; None where it is the normal distribution.
    """

    low: float
    high: float
    level: float
    degrees_of_freedom: float | None
    method: str


def estimated(value: Value | NotEstimable) -> Value | None:
    """The value, or None where it is not estimable; for files and plots."""
    return None if isinstance(value, NotEstimable) else value


def student_quantile(*, level: float, degrees_of_freedom: float) -> float:
    """Half-width of a two-sided interval in standard errors, e.g. 2.01 for 49 df."""
    # here and not above: loading scipy takes half a second of a start-up
    from scipy import special

    return float(special.stdtrit(degrees_of_freedom, (1 + level) / 2))


def normal_quantile(*, level: float) -> float:
    """Half-width of a two-sided normal interval in standard errors, e.g. 1.96."""
    from scipy import special

    return float(special.ndtri((1 + level) / 2))


def chi_square_p(statistic: float, *, degrees_of_freedom: int) -> float:
    """P(X ≥ statistic) of a chi-square X."""
    from scipy import special

    return float(special.chdtrc(degrees_of_freedom, statistic))


def two_sided_p(z: float) -> float:
    """P(|Z| ≥ |z|) of a standard normal Z."""
    from scipy import special

    return float(2 * special.ndtr(-abs(z)))
