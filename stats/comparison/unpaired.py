"""Dunn's test as published studies often make it: images as if of different patients.

Ranks are taken over all values of all arms at once, as after Kruskal and Wallis. That
arms were measured on the same patients, and that slices of one patient are alike, is
left out. It is here so that a published table can be traced; the tests in `ranks` are
the ones to rely on.

References
----------
Kruskal WH, Wallis WA (1952) Use of ranks in one-criterion variance analysis. J Am Stat
    Assoc 47:583-621. doi:10.1080/01621459.1952.10483441
Dunn OJ (1964) Multiple comparisons using rank sums. Technometrics 6:241-252.
    doi:10.1080/00401706.1964.10490181
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..outcomes import NotEstimable, Reason, chi_square_p, two_sided_p
from .ranks import holm

Floats = NDArray[np.float64]


class Family(StrEnum):
    """Which comparisons Holm's correction covers."""

    ALL_PAIRS = "all pairs"
    AGAINST_CONTROL = "against the control only"


@dataclass(frozen=True)
class KruskalWallis:
    """statistic: chi-square with arms - 1 degrees of freedom, corrected for ties."""

    values: int
    statistic: float | NotEstimable
    degrees_of_freedom: int
    p: float | NotEstimable


@dataclass(frozen=True)
class UnpairedComparison:
    """One arm (column `arm`) against the control, ranks over all values.

    rank_difference: of mean ranks, arm minus control. p two-sided; p_holm corrected
    over the family.
    """

    arm: int
    rank_difference: float | NotEstimable
    z: float | NotEstimable
    p: float | NotEstimable
    p_holm: float | NotEstimable


@dataclass(frozen=True)
class _Ranked:
    counts: tuple[int, ...]  # values of each arm
    means: tuple[float, ...]  # mean rank of each arm; 0 where it has no value
    total: int
    variance: float  # of one rank among `total`, N(N+1)/12 without ties


def _ranked(arms: Sequence[Floats]) -> _Ranked:
    from scipy.stats import rankdata

    together = np.concatenate([np.asarray(arm, dtype=np.float64) for arm in arms])
    if not np.all(np.isfinite(together)):
        raise ValueError("values must be finite")
    total = len(together)
    ranks = rankdata(together)
    ties = np.unique(together, return_counts=True)[1].astype(np.float64)
    variance = 0.0
    if total > 1:
        lost = float((ties**3 - ties).sum()) / (12 * (total - 1))
        variance = total * (total + 1) / 12 - lost
    counts = tuple(len(arm) for arm in arms)
    parts = np.split(ranks, np.cumsum(counts)[:-1])
    means = tuple(float(part.mean()) if len(part) else 0.0 for part in parts)
    return _Ranked(counts, means, total, variance)


def _untestable(ranked: _Ranked) -> Reason | None:
    if not ranked.total:
        return Reason.NO_IMAGES
    if len(ranked.counts) < 2:
        return Reason.ONE_ARM
    if min(ranked.counts) == 0:
        return Reason.NO_IMAGES
    return Reason.ALL_TIED if ranked.variance <= 0 else None


def kruskal_wallis(arms: Sequence[Floats]) -> KruskalWallis:
    """arms: the values of each, any number each, finite.

    H = Σ n_j (r̄_j - (N+1)/2)² / (variance of a rank), which holds ties. Not estimable:
    an arm without values, one arm, all values equal.
    """
    ranked = _ranked(arms)
    freedom = max(len(arms) - 1, 0)
    if reason := _untestable(ranked):
        nothing = NotEstimable(reason)
        return KruskalWallis(ranked.total, nothing, freedom, nothing)
    middle = (ranked.total + 1) / 2
    between = sum(
        count * (mean - middle) ** 2
        for count, mean in zip(ranked.counts, ranked.means, strict=True)
    )
    statistic = between / ranked.variance
    p = chi_square_p(statistic, degrees_of_freedom=freedom)
    return KruskalWallis(ranked.total, statistic, freedom, p)


def dunn_unpaired(
    arms: Sequence[Floats], *, control: int, family: Family
) -> list[UnpairedComparison]:
    """Dunn's test of each arm against arm `control`, ranks over all values.

    z = (r̄_i - r̄_control) / √(variance of a rank · (1/n_i + 1/n_control)). Holm's
    correction covers the comparisons of `family`: of all pairs of arms, as programs do
    by default, or of those with the control. Not estimable as kruskal_wallis.
    """
    ranked = _ranked(arms)
    others = [arm for arm in range(len(arms)) if arm != control]
    if reason := _untestable(ranked):
        nothing = NotEstimable(reason)
        empty = (nothing, nothing, nothing, nothing)
        return [UnpairedComparison(arm, *empty) for arm in others]

    def z(first: int, second: int) -> float:
        spread = 1 / ranked.counts[first] + 1 / ranked.counts[second]
        difference = ranked.means[first] - ranked.means[second]
        return float(difference / np.sqrt(ranked.variance * spread))

    pairs = [(arm, control) for arm in others]
    if family is Family.ALL_PAIRS:
        rest = combinations(others, 2)
        pairs += list(rest)
    p_values = [two_sided_p(z(*pair)) for pair in pairs]
    corrected = holm(p_values)
    return [
        UnpairedComparison(
            arm,
            ranked.means[arm] - ranked.means[control],
            z(arm, control),
            p_values[place],
            corrected[place],
        )
        for place, arm in enumerate(others)
    ]
