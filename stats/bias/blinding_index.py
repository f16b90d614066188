"""Did readers know what they saw? Bang's blinding index of their guesses. No Django.

A reader guesses of a read whether the image was the reference, another (comparison)
or cannot tell (unknown). In each arm the index is P(correct) - P(wrong), which is 0
for whoever tosses a coin and 1 for whoever knows.

With one reference among many arms a blinded reader guesses "another" more often than
"reference": that alone makes the index negative in the reference and positive in
every other arm. `balanced_index` is free of that leaning.

James' index (1996, doi:10.1002/(SICI)1097-0258(19960715)15:13<1421::AID-SIM266>
3.0.CO;2-H) is left out on purpose: one number for all arms, high as soon as many
answer unknown, and moved by how many reads each arm has.

References
----------
Bang H, Ni L, Davis CE (2004) Assessment of blinding in clinical trials. Control Clin
    Trials 25:143-156. doi:10.1016/j.cct.2003.10.016
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..agreement.kappa import clustered_error
from ..outcomes import (
    ROUNDING,
    Interval,
    NotEstimable,
    Reason,
    normal_quantile,
    student_quantile,
)

Truth = Literal["reference", "comparison"]
Guess = Literal["reference", "comparison", "unknown"]
GUESSES: tuple[Guess, ...] = ("reference", "comparison", "unknown")
CONFIDENCES = (1, 2, 3, 4, 5)

BANG_METHOD = "multinomial variance of Bang 2004, normal"
CLUSTERED_METHOD = "variance clustered by patient, t"
CLIPPED = "; limits clipped to -1 and 1"

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class BlindingIndex:
    """Bang's index of the guesses made in one arm, or in several of one role.

    index: (correct - wrong) / reads, -1 to 1; unknown counts in reads only.
    standard_error, interval: Bang's, for reads that are each of another patient.
    standard_error_clustered, interval_clustered: reads of one patient, by one
        reader or several, may be correlated. The readers are these, not a sample.
    """

    reads: int
    patients: int
    correct: int
    wrong: int
    unknown: int
    index: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable
    standard_error_clustered: float | NotEstimable
    interval_clustered: Interval | NotEstimable


@dataclass(frozen=True)
class BalancedIndex:
    """Mean of the reference arm's index and that of all other arms together.

    Each of the three is the plain mean over the readers, -1 to 1; reference and
    comparison say how far readers lean, index what they know.
    """

    readers: int
    reads: int
    patients: int
    reference: float | NotEstimable
    comparison: float | NotEstimable
    index: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable


@dataclass(frozen=True)
class ConfidenceCounts:
    """How sure readers were of correct and of wrong guesses: counts for 1 to 5."""

    correct: tuple[int, ...]
    wrong: tuple[int, ...]


def clipped_interval(
    index: float,
    error: float,
    *,
    level: float,
    degrees_of_freedom: int | None,
    method: str,
) -> Interval:
    """index ± quantile · error within -1 and 1; the method says where it was cut.

    degrees_of_freedom: of Student's t, or None for the normal distribution.
    """
    if degrees_of_freedom is None:
        half = normal_quantile(level=level) * error
    else:
        half = error * student_quantile(
            level=level, degrees_of_freedom=degrees_of_freedom
        )
    low, high = index - half, index + half
    if low < -1 or high > 1:
        low, high, method = max(low, -1.0), min(high, 1.0), method + CLIPPED
    return Interval(low, high, level, degrees_of_freedom, method)


def _numbered(labels: Sequence[Hashable]) -> Integers:
    """(n,) the labels as numbers from 0, in order of appearance."""
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return np.array([numbers[label] for label in labels], dtype=np.int64)


def _scores(guesses: Sequence[Guess], truths: Sequence[Truth]) -> Floats:
    """(n,) 1 for a correct guess, -1 for a wrong one, 0 for unknown."""
    strange = set(guesses) - set(GUESSES) or set(truths) - {"reference", "comparison"}
    if strange:
        raise ValueError(f"neither guess nor role of an arm: {sorted(strange)}")
    return np.array(
        [
            0.0 if guess == "unknown" else 1.0 if guess == truth else -1.0
            for guess, truth in zip(guesses, truths, strict=True)
        ],
        dtype=np.float64,
    )


def bang_index(
    guesses: Sequence[Guess],
    *,
    truth: Truth,
    patients: Sequence[Hashable],
    level: float = 0.95,
) -> BlindingIndex:
    """Bang's index of n guesses about images whose arm has the role `truth`.

    guesses: (n,) one for each read that was asked about.
    patients: (n,) whom the image is of.
    level: of both intervals.

    Bang's variance is (P(correct) + P(wrong) - index²) / n; the clustered one adds
    up each of G patients' deviations before they are squared, times G/(G-1). With
    every read of another patient it is Bang's times n/(n-1).

    No guesses: nothing is estimable. All answers the same, all unknown among them
    (then the index is 0): no standard error and no interval. One patient, or
    patients who all contribute the same: no clustered one.

    Raises ValueError for lengths that differ and for anything but a guess.
    """
    if len(guesses) != len(patients):
        raise ValueError("guesses and patients must have one length")
    scores = _scores(guesses, [truth] * len(guesses))
    correct, wrong = int((scores > 0).sum()), int((scores < 0).sum())
    n, numbers = len(scores), _numbered(patients)
    counts = (n, int(numbers.max(initial=-1)) + 1, correct, wrong, n - correct - wrong)
    if not n:
        nothing = NotEstimable(Reason.NO_GUESSES)
        return BlindingIndex(*counts, nothing, nothing, nothing, nothing, nothing)
    index = (correct - wrong) / n
    if len(set(guesses)) == 1:
        nothing = NotEstimable(Reason.ALL_ALIKE)
        return BlindingIndex(*counts, index, nothing, nothing, nothing, nothing)
    error = float(np.sqrt(((correct + wrong) / n - index**2) / n))
    interval = clipped_interval(
        index, error, level=level, degrees_of_freedom=None, method=BANG_METHOD
    )
    clustered = _clustered(scores - index, numbers)
    if isinstance(clustered, NotEstimable):
        return BlindingIndex(*counts, index, error, interval, clustered, clustered)
    around_patients = clipped_interval(
        index,
        clustered,
        level=level,
        degrees_of_freedom=int(numbers.max()),
        method=CLUSTERED_METHOD,
    )
    return BlindingIndex(*counts, index, error, interval, clustered, around_patients)


def _clustered(deviations: Floats, patients: Integers) -> float | NotEstimable:
    if patients.max() == 0:
        return NotEstimable(Reason.ONE_PATIENT)
    error = clustered_error(deviations, patients)
    return NotEstimable(Reason.NO_VARIATION) if error < ROUNDING else error


def balanced_index(
    guesses: Sequence[Guess],
    *,
    truths: Sequence[Truth],
    readers: Sequence[Hashable],
    patients: Sequence[Hashable],
    everyone: Sequence[Hashable] = (),
    level: float = 0.95,
) -> BalancedIndex:
    """What readers know, whatever they lean to: 0 under blinding, 1 if they know all.

    guesses: (n,) one for each read that was asked about.
    truths: (n,) role of the arm it was in. readers, patients: (n,) whose it is.
    everyone: readers who must be among them, for none is left out silently.

    For one reader let d be 1 for the guess "reference", -1 for "comparison" and 0
    for unknown. The index is E(d) in the reference arm and -E(d) in the others, so
    half their sum is (E(d | reference) - E(d | others)) / 2. A blinded reader's
    guess has one distribution in all arms: both means are the same and the balanced
    index is 0, however often that reader says "comparison" or nothing. It needs
    reads drawn for asking without regard to arm and patient. The mean over readers
    is of such indices, so readers who lean differently, or were asked about
    different numbers of reads, do not move it either.

    The standard error adds up the deviations of each patient's reads from the mean
    of their cell (a reader's reference reads, or other reads) before squaring; a
    cell of G patients is corrected by G/(G-1). Student's t has the patients of the
    role with fewer of them, less one, as degrees of freedom.

    Not estimable: no guesses; a reader without any in the reference or in the other
    arms. The interval also: a cell of one patient; nothing that varies.

    Raises ValueError for lengths that differ and for anything but a guess or role.
    """
    if not len(guesses) == len(truths) == len(readers) == len(patients):
        raise ValueError("guesses, truths, readers and patients must have one length")
    scores, people = _scores(guesses, truths), _numbered(patients)
    roles = np.array([truth == "comparison" for truth in truths], dtype=np.int64)
    numbers = _numbered([*everyone, *readers])
    cells = 2 * numbers[len(everyone) :] + roles
    return _balanced(
        scores,
        cells,
        people,
        readers=int(numbers.max(initial=-1)) + 1,
        level=level,
        several=len(set(guesses)) > 1,
    )


def _balanced(
    scores: Floats,
    cells: Integers,
    patients: Integers,
    *,
    readers: int,
    level: float,
    several: bool,
) -> BalancedIndex:
    """cells: (n,) 0, 2, … of the readers' reference reads, 1, 3, … of the others.

    several: whether there is more than one kind of answer.
    """
    counts = (readers, len(scores), int(patients.max(initial=-1)) + 1)
    sizes = np.bincount(cells, minlength=2 * readers)
    if not len(scores) or not sizes.all():
        reason = Reason.READER_MISSING if len(scores) else Reason.NO_GUESSES
        return BalancedIndex(*counts, *[NotEstimable(reason)] * 5)
    means = np.bincount(cells, weights=scores) / sizes
    reference, others = float(means[0::2].mean()), float(means[1::2].mean())
    found = (*counts, reference, others, (reference + others) / 2)
    deviations = (scores - means[cells]) / (2 * readers * sizes[cells])
    error = _balanced_error(deviations, cells, patients)
    if isinstance(error, NotEstimable):
        if error.reason is Reason.NO_VARIATION and not several:
            error = NotEstimable(Reason.ALL_ALIKE)
        return BalancedIndex(*found, error, error)
    fewer = min(len(np.unique(patients[cells % 2 == role])) for role in (0, 1))
    interval = clipped_interval(
        found[-1],
        error,
        level=level,
        degrees_of_freedom=fewer - 1,
        method=CLUSTERED_METHOD,
    )
    return BalancedIndex(*found, error, interval)


def _balanced_error(
    deviations: Floats, cells: Integers, patients: Integers
) -> float | NotEstimable:
    """Standard error of a sum whose n parts deviate so, each in its cell."""
    pairs = np.unique(np.stack([cells, patients]), axis=1)
    groups = np.bincount(pairs[0])
    if groups.min() == 1:
        return NotEstimable(Reason.ONE_PATIENT_A_READER)
    corrected = deviations * np.sqrt(groups / (groups - 1))[cells]
    totals = np.bincount(patients, weights=corrected)
    error = float(np.sqrt((totals**2).sum()))
    return NotEstimable(Reason.NO_VARIATION) if error < ROUNDING else error


def confidence_counts(
    guesses: Sequence[Guess], confidences: Sequence[int | None], *, truth: Truth
) -> ConfidenceCounts:
    """Counts of each confidence among correct and among wrong guesses.

    confidences: (n,) 1 (hardly) to 5 (certain) of each guess, None for unknown.
    Readers who are surer of their correct guesses than of their wrong ones see
    something, even where the index is near 0.
    """
    scores = _scores(guesses, [truth] * len(guesses))
    pairs = list(zip(scores, confidences, strict=True))
    if any(score and sure not in CONFIDENCES for score, sure in pairs):
        raise ValueError("a guess needs a confidence of 1 to 5")
    return ConfidenceCounts(
        correct=tuple(pairs.count((1.0, sure)) for sure in CONFIDENCES),
        wrong=tuple(pairs.count((-1.0, sure)) for sure in CONFIDENCES),
    )
