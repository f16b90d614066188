"""Is one arm's agreement with the standard lower than another's? No Django.

Both arms are read by the same readers, of the same patients, against the same
standard: their kappas are not independent. The standard error of the difference
follows each patient through all of them.

References
----------
Vanbelle S (2017) Comparing dependent kappa coefficients obtained on multilevel
    data. Biom J 59:1016-1034. doi:10.1002/bimj.201600093
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from ..agreement.kappa import Agreement, Weighting, influences, weighted_kappa
from ..means import mean_of_estimates
from ..outcomes import ROUNDING, Interval, NotEstimable, Reason, student_quantile

INTERVAL_METHOD = "delta method clustered by patient over readers and arms, t"

# With one of these a kappa's variation is unknown, and not the 0 that the delta
# method would make of it.
UNKNOWN_VARIATION = (Reason.ONE_CONSTANT, Reason.PERFECT, Reason.OPPOSITE)


@dataclass(frozen=True)
class Pairs:
    """One reader's grades in one arm beside the standard's, of n sides (n,)."""

    standard: Sequence[int]
    grades: Sequence[int]
    patients: Sequence[Hashable]  # whom each side is of


@dataclass(frozen=True)
class KappaDifference:
    """Mean kappa over readers in the first arm minus that in the second.

    first, second: -1 to 1. difference: -2 to 2. The interval takes the readers as
    these readers, not as a sample of readers.
    """

    readers: int
    patients: int
    first: float | NotEstimable
    second: float | NotEstimable
    difference: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable


def kappa_difference(
    readers: Sequence[tuple[Pairs, Pairs]],
    *,
    categories: Sequence[int],
    weighting: Weighting,
    level: float = 0.95,
) -> KappaDifference:
    """Difference of two arms' mean kappas, clustered by patient.

    readers: for each, the pairs of the first and of the second arm. These need not be
        of the same sides: who has no pair in an arm adds nothing to its kappa.

    Every pair's influence on its kappa, over the number of pairs and of readers and
    with a minus for the second arm, is added up for each of G patients before it is
    squared; G/(G-1) corrects for few patients, Student's t has G-1 degrees of
    freedom.

    Not estimable: a kappa that is not; the interval also where one reading is
    constant, agreement perfect or disagreement total, or where every patient
    contributes the same to both arms.
    """
    found = [
        tuple(_kappa(arm, categories, weighting) for arm in arms) for arms in readers
    ]
    first, second = (
        mean_of_estimates([arms[place].kappa for arms in found]) for place in (0, 1)
    )
    people = {who for arms in readers for pairs in arms for who in pairs.patients}
    counts = (len(readers), len(people), first, second)
    if isinstance(first, NotEstimable) or isinstance(second, NotEstimable):
        nothing = NotEstimable(Reason.READER_MISSING)
        return KappaDifference(*counts, nothing, nothing, nothing)
    error = _error(readers, found, categories, weighting)
    if isinstance(error, NotEstimable):
        return KappaDifference(*counts, first - second, error, error)
    freedom = len(people) - 1
    half = student_quantile(level=level, degrees_of_freedom=freedom) * error
    middle = first - second
    interval = Interval(middle - half, middle + half, level, freedom, INTERVAL_METHOD)
    return KappaDifference(*counts, middle, error, interval)


def _kappa(pairs: Pairs, categories: Sequence[int], weighting: Weighting) -> Agreement:
    return weighted_kappa(
        pairs.standard,
        pairs.grades,
        categories=categories,
        patients=pairs.patients,
        weighting=weighting,
    )


def _error(
    readers: Sequence[tuple[Pairs, Pairs]],
    found: Sequence[tuple[Agreement, ...]],
    categories: Sequence[int],
    weighting: Weighting,
) -> float | NotEstimable:
    for one in (one for arms in found for one in arms):
        without = one.interval
        if isinstance(without, NotEstimable) and without.reason in UNKNOWN_VARIATION:
            return without
    totals: dict[Hashable, float] = {}
    for arms in readers:
        for pairs, sign in zip(arms, (1, -1), strict=True):
            moved = influences(
                pairs.standard,
                pairs.grades,
                categories=categories,
                weighting=weighting,
            )
            moved *= sign / (len(moved) * len(readers))
            for who, share in zip(pairs.patients, moved, strict=True):
                totals[who] = totals.get(who, 0.0) + float(share)
    groups = len(totals)
    squares = float((np.array(list(totals.values())) ** 2).sum())
    error = float(np.sqrt(groups / (groups - 1) * squares))
    return NotEstimable(Reason.NO_VARIATION) if error < ROUNDING else error


def not_inferior(difference: KappaDifference, *, margin: float) -> bool | NotEstimable:
    """Whether the interval's lower limit lies above -margin; of kappa.

    margin: 0 or more; with 0 the first arm would be shown to be superior. False says
    that it was not shown, never that the first arm is inferior.
    """
    if margin < 0:
        raise ValueError("margin must not be negative")
    if isinstance(difference.interval, NotEstimable):
        return difference.interval
    return difference.interval.low > -margin
