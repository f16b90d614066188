"""Two ways of measuring the same: limits of agreement with intervals. No Django.

References
----------
Bland JM, Altman DG (1986) Statistical methods for assessing agreement between two
    methods of clinical measurement. Lancet 327:307-310.
    doi:10.1016/S0140-6736(86)90837-8
Bland JM, Altman DG (2007) Agreement between methods of measurement with multiple
    observations per individual. J Biopharm Stat 17:571-582.
    doi:10.1080/10543400701329422
Zou GY (2013) Confidence interval estimation for the Bland-Altman limits of agreement
    with multiple observations per individual. Stat Methods Med Res 22:630-642.
    doi:10.1177/0962280211402548
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..outcomes import (
    ROUNDING,
    Interval,
    NotEstimable,
    Reason,
    normal_quantile,
)
from .regression import Slope, clustered_fit, no_slope
from .t_intervals import t_half_width

Floats = NDArray[np.float64]

BIAS_METHOD = "t interval over patient means"
LIMIT_METHOD = "recovered variances (Zou 2013)"


@dataclass(frozen=True)
class LimitsOfAgreement:
    """How far single measurements of a method lie from those of another.

    items, patients: what it is of. All numbers but slope have the unit of the
    measurements.

    bias: mean over patients of their mean differences. standard_deviation: of the
    difference of a single item, between and within patients together. lower, upper:
    bias ± z · standard_deviation, within which `level` of all differences lie.
    slope: how the difference changes per unit of the mean of both methods; above 0 the
    first method measures too much where there is much.
    """

    items: int
    patients: int
    bias: float | NotEstimable
    bias_interval: Interval | NotEstimable
    standard_deviation: float | NotEstimable
    lower: float | NotEstimable
    lower_interval: Interval | NotEstimable
    upper: float | NotEstimable
    upper_interval: Interval | NotEstimable
    slope: Slope


def limits_of_agreement(
    method: Sequence[float],
    standard: Sequence[float],
    *,
    patients: Sequence[Hashable],
    level: float = 0.95,
    interval_level: float = 0.95,
    without: Reason = Reason.NO_IMAGES,
) -> LimitsOfAgreement:
    """Differences method - standard of n items, several of one patient or one of each.

    method, standard: (n,) finite, in one unit. patients: (n,) whose item it is.
    level: share of differences between the limits; interval_level: of the intervals.
    without: why there are no items.

    With G patients of m_g items and d̄_g their mean differences, h the harmonic mean of
    m_g: SD² = S_b² + (1 - 1/h) S_w², where S_b² is the variance of the G means and S_w²
    the pooled variance within patients. With one item a patient it is the plain
    variance, with two of each that of the analysis of variance of Bland and Altman
    (2007, true value varies). Intervals of the limits recover variances (Zou 2013).

    Not estimable: no items; with one patient all but bias and slope's estimate; all
    differences the same: SD 0 and limits at the bias without intervals; a slope where
    the means do not vary.

    Raises ValueError for lengths that differ and for numbers that are not finite.
    """
    if not len(method) == len(standard) == len(patients):
        raise ValueError("method, standard and patients must have one length")
    first, second = (np.asarray(v, dtype=np.float64) for v in (method, standard))
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("measurements must be finite")
    if not len(first):
        nothing = NotEstimable(without)
        return _without_limits((0, 0), nothing, nothing, no_slope(without))
    numbers = {label: place for place, label in enumerate(dict.fromkeys(patients))}
    owners = np.array([numbers[label] for label in patients], dtype=np.int64)
    differences = first - second
    design = np.stack([np.ones(len(first)), (first + second) / 2], axis=1)
    slope = clustered_fit(differences, design, owners, level=interval_level).slopes[1]
    spread = _Spread.of(differences, owners)
    counts = (len(first), spread.patients)
    if spread.patients == 1:
        nothing = NotEstimable(Reason.ONE_PATIENT)
        return _without_limits(counts, spread.bias, nothing, slope)
    half = normal_quantile(level=level) * spread.deviation
    return LimitsOfAgreement(
        *counts,
        spread.bias,
        spread.bias_interval(interval_level),
        spread.deviation,
        spread.bias - half,
        spread.limit_interval(-1, level=level, interval_level=interval_level),
        spread.bias + half,
        spread.limit_interval(1, level=level, interval_level=interval_level),
        slope,
    )


def _without_limits(
    counts: tuple[int, int],
    bias: float | NotEstimable,
    nothing: NotEstimable,
    slope: Slope,
) -> LimitsOfAgreement:
    six = (nothing, nothing, nothing, nothing, nothing, nothing)
    return LimitsOfAgreement(*counts, bias, *six, slope)


@dataclass(frozen=True)
class _Spread:
    """Mean difference and its variances. between: S_b²; within: (1 - 1/h) S_w²."""

    items: int
    patients: int
    bias: float
    between: float
    within: float

    @classmethod
    def of(cls, differences: Floats, owners: NDArray[np.int64]) -> "_Spread":
        sizes = np.bincount(owners)
        means = np.bincount(owners, weights=differences) / sizes
        count, rest = len(sizes), len(owners) - len(sizes)
        between = float(means.var(ddof=1)) if count > 1 else 0.0
        within = 0.0
        if rest:
            pooled = float(((differences - means[owners]) ** 2).sum()) / rest
            within = (1 - float(np.mean(1 / sizes))) * pooled
        return cls(len(owners), count, float(means.mean()), between, within)

    @property
    def deviation(self) -> float:
        return float(np.sqrt(self.between + self.within))

    def _mean_half(self, level: float) -> float:
        error = float(np.sqrt(self.between / self.patients))
        return t_half_width(error, freedom=self.patients - 1, level=level)

    def bias_interval(self, level: float) -> Interval | NotEstimable:
        if np.sqrt(self.between) < ROUNDING:
            return NotEstimable(Reason.NO_VARIATION)
        half = self._mean_half(level)
        return Interval(
            self.bias - half, self.bias + half, level, self.patients - 1, BIAS_METHOD
        )

    def limit_interval(
        self, sign: int, *, level: float, interval_level: float
    ) -> Interval | NotEstimable:
        """Of bias + sign · z · SD, from the limits of the mean and of the variance."""
        from scipy import special

        if self.deviation < ROUNDING:
            return NotEstimable(Reason.NO_VARIATION)
        alpha, z = (1 - interval_level) / 2, normal_quantile(level=level)
        below = above = 0.0
        for variance, freedom in (
            (self.between, self.patients - 1),
            (self.within, self.items - self.patients),
        ):
            if freedom and variance:
                low = freedom / special.chdtri(freedom, alpha)
                high = freedom / special.chdtri(freedom, 1 - alpha)
                below += (variance * (1 - low)) ** 2
                above += (variance * (high - 1)) ** 2
        squared = self.between + self.within
        least = float(np.sqrt(max(squared - np.sqrt(below), 0.0)))
        most = float(np.sqrt(squared + np.sqrt(above)))
        half = self._mean_half(interval_level)
        inward = float(np.hypot(half, z * (self.deviation - least)))
        outward = float(np.hypot(half, z * (most - self.deviation)))
        limit = self.bias + sign * z * self.deviation
        low, high = (inward, outward) if sign > 0 else (outward, inward)
        return Interval(limit - low, limit + high, interval_level, None, LIMIT_METHOD)
