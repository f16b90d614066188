"""Are arms different? Rank tests within blocks, and means over patients. No Django.

A block is what all arms were measured on: by default one patient (means over the
slices), because slices of one patient are not independent; with slices as blocks
the tests find differences that are not there.

References
----------
Friedman M (1937) The use of ranks to avoid the assumption of normality implicit in
    the analysis of variance. J Am Stat Assoc 32:675-701.
    doi:10.1080/01621459.1937.10503522
Dunn OJ (1964) Multiple comparisons using rank sums. Technometrics 6:241-252.
    doi:10.1080/00401706.1964.10490181
Holm S (1979) A simple sequentially rejective multiple test procedure. Scand J Stat
    6:65-70. https://www.jstor.org/stable/4615733
Hollander M, Wolfe DA, Chicken E (2014) Nonparametric statistical methods, 3rd ed.,
    sections 7.1 and 7.3. doi:10.1002/9781119196037
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..outcomes import (
    NotEstimable,
    Reason,
    chi_square_p,
    two_sided_p,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Friedman:
    """Friedman's test over k arms in n blocks, corrected for ties.

    statistic: chi-square with k - 1 degrees of freedom under no difference.
    concordance: Kendall's W = statistic / (n (k - 1)), 0 to 1.
    mean_ranks: (k,) 1 = smallest value of the block, ties share their mean.
    """

    blocks: int
    mean_ranks: tuple[float, ...]
    statistic: float | NotEstimable
    degrees_of_freedom: int
    p: float | NotEstimable
    concordance: float | NotEstimable


@dataclass(frozen=True)
class AgainstControl:
    """One arm against the control: difference of mean ranks, arm minus control.

    arm: its column. p two-sided; p_holm corrected over all arms but the control.
    """

    arm: int
    rank_difference: float | NotEstimable
    z: float | NotEstimable
    p: float | NotEstimable
    p_holm: float | NotEstimable


def ranks_within_blocks(values: Floats) -> Floats:
    """(blocks, arms) ranks from 1 (smallest) within each row; ties share a mean."""
    if values.ndim != 2 or not np.all(np.isfinite(values)):
        raise ValueError("values must be finite, (blocks, arms)")
    below = (values[:, :, None] > values[:, None, :]).sum(axis=2)
    equal = (values[:, :, None] == values[:, None, :]).sum(axis=2)
    ranks: Floats = below + (equal + 1) / 2
    return ranks


def friedman(values: Floats, *, without: Reason = Reason.NO_IMAGES) -> Friedman:
    """Friedman's test of values (blocks, arms).

    The statistic is (k-1) Σ_j (R_j - n(k+1)/2)² / Σ_ij (r_ij - (k+1)/2)², which
    needs no separate correction for ties. Not estimable: no block, one arm, one
    block (its ranks always concur, W = 1), or all arms equal in every block.

    without: why there is no block, where the caller has left some out.
    """
    blocks, arms = values.shape
    if blocks == 0:
        nothing = NotEstimable(without)
        return Friedman(0, (), nothing, max(arms - 1, 0), nothing, nothing)
    ranks = ranks_within_blocks(values)
    centred = ranks - (arms + 1) / 2
    spread = float((centred**2).sum())
    means = tuple(float(rank) for rank in ranks.mean(axis=0))
    reason = Reason.ONE_ARM if arms < 2 else _untestable(blocks, spread)
    if reason:
        nothing = NotEstimable(reason)
        return Friedman(blocks, means, nothing, arms - 1, nothing, nothing)
    statistic = float((arms - 1) * (centred.sum(axis=0) ** 2).sum() / spread)
    return Friedman(
        blocks=blocks,
        mean_ranks=means,
        statistic=statistic,
        degrees_of_freedom=arms - 1,
        p=chi_square_p(statistic, degrees_of_freedom=arms - 1),
        concordance=statistic / (blocks * (arms - 1)),
    )


def _untestable(blocks: int, spread: float) -> Reason | None:
    """Why ranks with this sum of squares around their mean carry no test."""
    if blocks == 1:
        return Reason.ONE_BLOCK
    return Reason.ALL_TIED if spread == 0 else None


def dunn_against_control(
    values: Floats, *, control: int, without: Reason = Reason.NO_IMAGES
) -> list[AgainstControl]:
    """Dunn's test of each arm against column `control`, on ranks within blocks.

    z = difference of mean ranks / SE with SE² = 2 Σ_ij (r_ij - (k+1)/2)² / (n² (k-1)),
    which is k(k+1)/(6n) without ties. Holm's correction covers the k - 1
    comparisons. This is the form that follows Friedman's test; the form for
    unpaired groups (ranks over all values, as after Kruskal and Wallis) ignores the
    blocks and is blind to differences smaller than those between patients.

    Fewer than two blocks, or all arms equal in every block: not estimable.
    without: why there is no block, where the caller has left some out.
    """
    blocks, arms = values.shape
    others = [arm for arm in range(arms) if arm != control]
    if blocks == 0:
        nothing = NotEstimable(without)
        return [AgainstControl(a, nothing, nothing, nothing, nothing) for a in others]
    ranks = ranks_within_blocks(values)
    means = ranks.mean(axis=0)
    spread = float(((ranks - (arms + 1) / 2) ** 2).sum())
    if reason := _untestable(blocks, spread):
        nothing = NotEstimable(reason)
        return [AgainstControl(a, nothing, nothing, nothing, nothing) for a in others]
    error = float(np.sqrt(2 * spread / (arms - 1))) / blocks
    differences = [float(means[arm] - means[control]) for arm in others]
    z_values = [difference / error for difference in differences]
    p_values = [two_sided_p(z) for z in z_values]
    return [
        AgainstControl(arm, difference, z, p, p_holm)
        for arm, difference, z, p, p_holm in zip(
            others, differences, z_values, p_values, holm(p_values), strict=True
        )
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order given, at most 1.

    Two lines of arithmetic instead of statsmodels.multipletests, whose import
    alone costs the web process more than a second; the tests compare them.
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted, highest = [0.0] * len(order), 0.0
    for step, index in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - step) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def holm_of(
    p_values: Sequence[float | NotEstimable],
) -> tuple[float | NotEstimable, ...]:
    """Holm over all comparisons of a family, p-values that do not exist among them.

    These stay as they are and count as 1: the family is what was to be compared, and
    not what the data let be tested. R: p.adjust(p, "holm", n = length(p)).
    """
    adjusted = holm([1.0 if isinstance(p, NotEstimable) else p for p in p_values])
    return tuple(
        p if isinstance(p, NotEstimable) else corrected
        for p, corrected in zip(p_values, adjusted, strict=True)
    )
