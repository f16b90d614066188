"""One value a patient in two arms: how far apart, and is it chance? No Django.

References
----------
Wilcoxon F (1945) Individual comparisons by ranking methods. Biometrics Bull 1:80-83.
    doi:10.2307/3001968
Hodges JL, Lehmann EL (1963) Estimates of location based on rank tests. Ann Math Stat
    34:598-611. doi:10.1214/aoms/1177704172
Kerby DS (2014) The simple difference formula: an approach to teaching nonparametric
    correlation. Compr Psychol 3:11.IT.3.1. doi:10.2466/11.IT.3.1
Hollander M, Wolfe DA, Chicken E (2014) Nonparametric statistical methods, 3rd ed.,
    sections 3.1 to 3.3. doi:10.1002/9781119196037
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..means import PatientMean, patient_mean
from ..outcomes import ROUNDING, Interval, NotEstimable, Reason, normal_quantile
from .rank_tests import DECIMALS, signed_rank, signed_sums

Floats = NDArray[np.float64]

EXACT = "Wilcoxon signed rank, exact"
NORMAL = "Wilcoxon signed rank, normal approximation with continuity correction"
# The means of two values of more patients would not fit in memory.
MOST_SORTED = 2000
FEW = 2**20  # of these means, searched for one of them
MOST_EXACT = 49  # non-zero differences; R's wilcox.test draws the line there too
WALSH = "Hodges-Lehmann, from the signed rank test"


@dataclass(frozen=True)
class PairedDifference:
    """Differences of one value a patient, arm minus control.

    patients: how many have both. zeros: of them without any difference, which the test
    leaves out, as Wilcoxon did. mean: with its t interval. median: pseudomedian of
    Hodges and Lehmann, with the interval that belongs to the test. rank_biserial:
    effect size, (sum of positive ranks - of negative ones) / sum of all, -1 to 1.
    method: of p.
    """

    patients: int
    zeros: int
    mean: PatientMean
    median: float | NotEstimable
    interval: Interval | NotEstimable
    rank_biserial: float | NotEstimable
    p: float | NotEstimable
    method: str


def paired_difference(
    differences: Sequence[float], *, level: float = 0.95
) -> PairedDifference:
    """differences: (patients,) finite, in the unit of the values.

    The test is exact with fewer than 50 non-zero differences without ties, as R's
    wilcox.test(exact = NULL); else it is the normal approximation with continuity and
    tie correction. Not estimable: no patient, one patient, no difference in any; the
    intervals also where all differences are the same.
    """
    values = np.asarray(differences, dtype=np.float64)
    if values.ndim != 1 or not np.all(np.isfinite(values)):
        raise ValueError("differences must be finite, (patients,)")
    mean = patient_mean(
        [float(v) for v in values], without=Reason.NO_IMAGES, level=level
    )
    if len(values) < 2 or not values.any():
        zeros = int((values == 0).sum())
        nothing = NotEstimable(_reason(len(values)))
        return PairedDifference(
            len(values), zeros, mean, nothing, nothing, nothing, nothing, NORMAL
        )
    # whatever the unit, what differs by rounding only is tied
    shares = np.round(values / np.abs(values).max(), DECIMALS)
    sizes = np.unique(np.abs(shares))
    exact = len(values) <= MOST_EXACT and len(sizes) == len(values) and sizes[0] > 0
    test = signed_rank(shares.tolist(), zeros="wilcoxon", exact=bool(exact))
    return PairedDifference(
        patients=len(values),
        zeros=test.zeros,
        mean=mean,
        median=_pseudomedian(values),
        interval=_interval(values, exact=bool(exact), level=level),
        rank_biserial=(test.positive - test.negative) / (test.positive + test.negative),
        p=test.p,
        method=EXACT if exact else NORMAL,
    )


def _reason(patients: int) -> Reason:
    return {0: Reason.NO_IMAGES, 1: Reason.ONE_PATIENT}.get(patients, Reason.ALL_TIED)


def _pseudomedian(values: Floats) -> float:
    count = len(values) * (len(values) + 1) // 2
    return float(np.mean(_walsh(values, [(count - 1) // 2, count // 2])))


def _walsh(values: Floats, places: Sequence[int]) -> list[float]:
    """Of all n(n+1)/2 means of two values, each with itself too, in ascending order,
    those at these places from 0."""
    if len(values) > MOST_SORTED:
        ordered = np.sort(values)
        return [_walsh_searched(ordered, place) for place in places]
    first, second = np.triu_indices(len(values))
    averages = np.sort((values[first] + values[second]) / 2)
    return [float(averages[place]) for place in places]


def _walsh_searched(values: Floats, place: int) -> float:
    """The same of one place, of ascending values, without making all their means:
    between two bounds that are moved together until the means there are few."""
    firsts = np.arange(len(values))
    low, high = values[0], values[-1]
    # of each value: from which other one on the means lie between the bounds, and up
    # to which
    begin, end = firsts, np.full(len(values), len(values))
    while (end - begin).sum() > FEW:
        middle = (low + high) / 2
        if not low < middle < high:
            return float(low)  # what is left is all the same
        cut = np.maximum(np.searchsorted(values, 2 * middle - values), firsts)
        if (cut - firsts).sum() <= place:
            low, begin = middle, cut
        else:
            high, end = middle, cut
    counts = end - begin
    first = np.repeat(firsts, counts)
    steps = np.arange(len(first)) - np.repeat(counts.cumsum() - counts, counts)
    averages = np.sort((values[first] + values[begin[first] + steps]) / 2)
    return float(averages[place - int((begin - firsts).sum())])


def _interval(values: Floats, *, exact: bool, level: float) -> Interval | NotEstimable:
    """From the Walsh averages that the two-sided test would not reject.

    Exact: by the distribution of the signed rank sum, with at least `level`; too few
    values for that: not estimable. Else by its normal approximation. Not estimable
    where all values are the same: a point would be no interval.
    """
    if np.ptp(values) < ROUNDING:
        return NotEstimable(Reason.NO_VARIATION)
    n = len(values)
    if exact:
        below = signed_sums(np.arange(1, n + 1)).cumsum()
        place = int(np.searchsorted(below, (1 - level) / 2, side="right"))
    else:
        spread = np.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        place = int(n * (n + 1) / 4 - normal_quantile(level=level) * spread)
    if place < 1:
        return NotEstimable(Reason.TOO_FEW_PATIENTS)
    low, high = _walsh(values, [place - 1, n * (n + 1) // 2 - place])
    return Interval(low, high, level, None, WALSH)
