"""Two readings of the same items: how often they agree, where they do not.

Arrays in, frozen dataclasses out; no Django.

References
----------
Byrt T, Bishop J, Carlin JB (1993) Bias, prevalence and kappa. J Clin Epidemiol
    46:423-429. doi:10.1016/0895-4356(93)90018-V
Brennan RL, Prediger DJ (1981) Coefficient kappa: some uses, misuses, and
    alternatives. Educ Psychol Meas 41:687-699. doi:10.1177/001316448104100307
Saha KK, Miller D, Wang S (2016) A comparison of some approximate confidence intervals
    for a single proportion for clustered binary outcome data. Int J Biostat 12(2).
    doi:10.1515/ijb-2015-0024
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..outcomes import ROUNDING, Interval, NotEstimable, Reason, student_quantile
from ..readings import MISSING, Integers
from .kappa import Floats, clustered_error, confusion_table

WILSON = "Wilson score, effective number of sides clustered by patient, t"
CLUSTERED = "t interval clustered by patient"


@dataclass(frozen=True)
class Estimate:
    """A number and its interval; each may be not estimable by itself."""

    value: float | NotEstimable
    interval: Interval | NotEstimable


@dataclass(frozen=True)
class GradeIndex:
    """One grade against all others, as a table of two by two.

    prevalence: share of items to which both readings gave the grade minus the share
        to which neither did, -1 to 1; far from 0 chance agreement is high and kappa
        is low.
    bias: share with the grade in the second reading minus that in the first, -1 to 1.
    """

    grade: int
    prevalence: Estimate
    bias: Estimate


@dataclass(frozen=True)
class PairTable:
    """Two readings of the same items.

    table: counts, row = category of the first reading, column = of the second.
    exact: share of items with equal grades. within_one: with equal or neighbouring
        grades. Both 0 to 1.
    pabak: (k · exact - 1)/(k - 1), -1/(k-1) to 1: kappa if all k grades were equally
        frequent in both readings (Byrt et al. for two, Brennan and Prediger for k).
    grades: one for each category.
    """

    items: int
    patients: int
    table: tuple[tuple[int, ...], ...]
    exact: Estimate
    within_one: Estimate
    pabak: Estimate
    grades: tuple[GradeIndex, ...]


def pair_table(
    first: Integers,
    second: Integers,
    *,
    categories: Sequence[int],
    patients: Integers,
    level: float = 0.95,
) -> PairTable:
    """Of the items that have a grade in both readings.

    first, second: (items,) places within `categories`, MISSING where there is none.
    patients: (items,) numbers of whom each item is of.

    Intervals cluster by patient: of shares Wilson's with the effective number of
    items, of the indices t(G-1). Not estimable: all of it without pairs, the intervals
    with one patient, those of the indices where they do not vary between patients.

    Raises ValueError for places outside the categories or lengths that differ.
    """
    if not first.shape == second.shape == patients.shape:
        raise ValueError("first, second and patients must have one length")
    k = len(categories)
    both = (first != MISSING) & (second != MISSING)
    x, y = first[both], second[both]
    if len(x) and not (0 <= min(x.min(), y.min()) <= max(x.max(), y.max()) < k):
        raise ValueError("a place is not one of the declared categories")
    owners = np.unique(patients[both], return_inverse=True)[1].astype(np.int64)
    table = confusion_table(x, y, categories=k)
    exact = clustered_share(x == y, patients=owners, level=level)
    return PairTable(
        items=len(x),
        patients=int(owners.max()) + 1 if len(owners) else 0,
        table=tuple(tuple(int(count) for count in line) for line in table),
        exact=exact,
        within_one=clustered_share(np.abs(x - y) <= 1, patients=owners, level=level),
        pabak=_stretched(exact, k),
        grades=tuple(
            _grade_index(grade, x == place, y == place, owners, level)
            for place, grade in enumerate(categories)
        ),
    )


def _grade_index(
    grade: int,
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    patients: Integers,
    level: float,
) -> GradeIndex:
    """first, second: (n,) whether the reading gave the grade."""

    def mean(values: Floats) -> Estimate:
        return clustered_mean(values, patients=patients, bound=1.0, level=level)

    neither = (~first & ~second).astype(np.float64)
    return GradeIndex(
        grade,
        prevalence=mean((first & second) - neither),
        bias=mean(second.astype(np.float64) - first),
    )


def _stretched(exact: Estimate, k: int) -> Estimate:
    """PABAK of the share of equal grades; its interval is the share's, likewise."""

    def stretch(share: float) -> float:
        return (k * share - 1) / (k - 1)

    value, interval = exact.value, exact.interval
    if isinstance(value, NotEstimable):
        return exact
    if isinstance(interval, Interval):
        interval = Interval(
            stretch(interval.low),
            stretch(interval.high),
            interval.level,
            interval.degrees_of_freedom,
            interval.method,
        )
    return Estimate(stretch(value), interval)


def clustered_share(
    successes: NDArray[np.bool_], *, patients: Integers, level: float = 0.95
) -> Estimate:
    """Share of (n,) items, 0 to 1, with Wilson's interval.

    patients: (n,) numbers from 0 without a gap.

    n is replaced by the effective number share · (1 - share)/SE², SE clustered by
    patient, at most n; where all items are alike, by the number G of patients, as if
    a patient's items were one. t(G-1) instead of z. Not estimable: no items; the
    interval with one patient.
    """
    n = len(successes)
    if not n:
        nothing = NotEstimable(Reason.NO_READS)
        return Estimate(nothing, nothing)
    share = float(successes.mean())
    groups = int(patients.max()) + 1
    if groups < 2:
        return Estimate(share, NotEstimable(Reason.ONE_PATIENT))
    effective = float(groups)
    if 0 < share < 1:
        error = clustered_error(successes.astype(np.float64) - share, patients)
        effective = min(share * (1 - share) / max(error, ROUNDING) ** 2, n)
    t = student_quantile(level=level, degrees_of_freedom=groups - 1)
    shrunk = 1 + t**2 / effective
    middle = (share + t**2 / (2 * effective)) / shrunk
    inside = share * (1 - share) / effective + t**2 / (4 * effective**2)
    half = float(t * np.sqrt(inside) / shrunk)
    return Estimate(
        share,
        Interval(
            max(middle - half, 0.0), min(middle + half, 1.0), level, groups - 1, WILSON
        ),
    )


def clustered_mean(
    values: Floats,
    *,
    patients: Integers,
    bound: float = float("inf"),
    level: float = 0.95,
) -> Estimate:
    """Mean of (n,) values ± t(G-1) · SE, clustered by patient; cut at ± bound.

    patients: (n,) numbers from 0 without a gap. Not estimable: no items; the interval
    with one patient, or where the values do not vary between patients.
    """
    if not len(values):
        nothing = NotEstimable(Reason.NO_READS)
        return Estimate(nothing, nothing)
    mean = float(values.mean())
    groups = int(patients.max()) + 1
    if groups < 2:
        return Estimate(mean, NotEstimable(Reason.ONE_PATIENT))
    error = clustered_error(values - mean, patients)
    if error < ROUNDING:
        return Estimate(mean, NotEstimable(Reason.NO_VARIATION))
    half = student_quantile(level=level, degrees_of_freedom=groups - 1) * error
    low, high = max(mean - half, -bound), min(mean + half, bound)
    return Estimate(mean, Interval(low, high, level, groups - 1, CLUSTERED))
