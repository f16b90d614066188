"""The same measured twice by one reader: how far apart are two answers? No Django.

References
----------
Bland JM, Altman DG (1999) Measuring agreement in method comparison studies. Stat
    Methods Med Res 8:135-160. doi:10.1177/096228029900800204
"""

from dataclasses import dataclass

import numpy as np

from ..outcomes import (
    ROUNDING,
    Interval,
    NotEstimable,
    Reason,
    normal_quantile,
    student_quantile,
)
from ..readings import Integers
from .bootstrap import jackknife_error
from .kappa import Floats
from .tables import Estimate, clustered_mean

METHOD = "delete-one-patient jackknife, t on the logarithmic scale"


@dataclass(frozen=True)
class Repeatability:
    """Two readings of the same items, in the unit of the readings.

    shift: mean of second minus first.
    standard_deviation: of these differences, n - 1.
    coefficient: below which 95 % of such differences are expected to lie, if nothing
        shifts: z · √(mean of the squared differences).
    """

    items: int
    patients: int
    shift: Estimate
    standard_deviation: float | NotEstimable
    coefficient: Estimate


def repeatability(
    first: Floats,
    second: Floats,
    *,
    patients: Integers,
    share: float = 0.95,
    level: float = 0.95,
) -> Repeatability:
    """Of the items that have a value in both readings.

    first, second: (items,) finite, NaN where there is none. patients: (items,) numbers
    of whom each item is of. share: of differences that lie below the coefficient.
    level: of the intervals.

    Not estimable: all of it without items; the deviation with one item; the intervals
    with one patient, or where nothing varies; that of the coefficient also where no
    difference is left without one of the patients.

    Raises ValueError for lengths that differ and for infinite values.
    """
    if not first.shape == second.shape == patients.shape:
        raise ValueError("first, second and patients must have one length")
    both = ~np.isnan(first) & ~np.isnan(second)
    apart = second[both] - first[both]
    if not np.isfinite(apart).all():
        raise ValueError("readings must be finite, or NaN where there is none")
    owners = np.unique(patients[both], return_inverse=True)[1].astype(np.int64)
    n = len(apart)
    spread: float | NotEstimable = NotEstimable(
        Reason.ONE_VALUE if n else Reason.NO_READS
    )
    if n > 1:
        spread = float(apart.std(ddof=1))
    return Repeatability(
        items=n,
        patients=int(owners.max()) + 1 if n else 0,
        shift=clustered_mean(apart, patients=owners, level=level),
        standard_deviation=spread,
        coefficient=_coefficient(apart, owners, share, level),
    )


def _coefficient(
    apart: Floats, owners: Integers, share: float, level: float
) -> Estimate:
    if not len(apart):
        nothing = NotEstimable(Reason.NO_READS)
        return Estimate(nothing, nothing)
    squares, items = np.bincount(owners, apart**2), np.bincount(owners)
    z = normal_quantile(level=share)
    value = float(z * np.sqrt(squares.sum() / items.sum()))
    if len(items) < 2:
        return Estimate(value, NotEstimable(Reason.ONE_PATIENT))
    if value < ROUNDING:
        return Estimate(value, NotEstimable(Reason.PERFECT))
    rest = (squares.sum() - squares) / (items.sum() - items)
    if (rest <= 0).any():
        return Estimate(value, NotEstimable(Reason.LEFT_OUT_UNDEFINED))
    error = jackknife_error(np.log(rest) / 2)
    if error < ROUNDING:
        return Estimate(value, NotEstimable(Reason.NO_VARIATION))
    freedom = len(items) - 1
    half = student_quantile(level=level, degrees_of_freedom=freedom) * error
    low, high = value * np.exp(-half), value * np.exp(half)
    return Estimate(value, Interval(float(low), float(high), level, freedom, METHOD))
