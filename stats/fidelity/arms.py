"""Do arms differ in how often anatomy was shown wrongly? No Django.

References
----------
Cochran WG (1950) The comparison of percentages in matched samples. Biometrika
    37:256-266. doi:10.1093/biomet/37.3-4.256
McNemar Q (1947) Note on the sampling error of the difference between correlated
    proportions or percentages. Psychometrika 12:153-157. doi:10.1007/BF02295996
Holm S (1979) A simple sequentially rejective multiple test procedure. Scand J Stat
    6:65-70. https://www.jstor.org/stable/4615733
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from ..agreement import Estimate, clustered_mean
from ..comparison.exchanges import exchange_p
from ..comparison.ranks import holm_of
from ..outcomes import Interval, NotEstimable, Reason, chi_square_p
from ..ratings import Flags, Floats, RatingTable


@dataclass(frozen=True)
class CochranQ:
    """Chi-square of equal rates in all arms. patients: the blocks."""

    patients: int
    statistic: float | NotEstimable
    degrees_of_freedom: int
    p: float | NotEstimable


@dataclass(frozen=True)
class PairOfArms:
    """first, second: places. only_first, only_second: ratings that found a change in
    one arm and none in the other, of the same reader and item. difference: of rates,
    first minus second; interval: clustered by patient. p: two-sided; p_holm: over all
    pairs that are compared."""

    first: int
    second: int
    ratings: int
    only_first: int
    only_second: int
    difference: float | NotEstimable
    interval: Interval | NotEstimable
    p: float | NotEstimable
    p_holm: float | NotEstimable


@dataclass(frozen=True)
class ArmsCompared:
    q: CochranQ
    pairs: tuple[PairOfArms, ...]


def arms_compared(
    table: RatingTable,
    *,
    faithful: int,
    control: int | None = None,
    reader: int | None = None,
    level: float = 0.95,
) -> ArmsCompared:
    """Cochran's Q over all arms, then pairs: all, or each arm against `control`.

    Blocks are patients. With one rating a patient in each arm (reader given, one item
    a patient) it is Cochran's Q, and pairs are McNemar's exact test. With several it
    is of each patient's number of changes, whose arms are exchanged together: the same
    permutation argument, for patients instead of ratings.

    Of what was rated in every arm compared. Not estimable: one arm; nothing rated in
    all; fewer than two patients; no patient with a difference between arms; the
    interval also where patients do not differ in it.
    """
    chosen = table.ratings if reader is None else table.ratings[reader : reader + 1]
    arms = chosen.shape[1]
    others = [arm for arm in range(arms) if arm != control]
    wanted = (
        list(combinations(range(arms), 2))
        if control is None
        else [(arm, control) for arm in others]
    )
    pairs = [_pair(chosen, table, pair, faithful, level) for pair in wanted]
    adjusted = holm_of([one.p for one in pairs])
    return ArmsCompared(
        cochran_q(_changes(chosen, table, range(arms), faithful)),
        tuple(replace(one, p_holm=p) for one, p in zip(pairs, adjusted, strict=True)),
    )


def _changes(
    chosen: Floats, table: RatingTable, arms: Sequence[int], faithful: int
) -> Floats:
    """(patients, arms) how many ratings found a change, of those in all these arms."""
    kept = chosen[:, list(arms)]
    rated = np.logical_and.reduce(~np.isnan(kept), axis=1)  # (readers, items)
    owners = np.broadcast_to(table.patients, rated.shape)[rated]
    people, numbers = np.unique(owners, return_inverse=True)
    found = np.zeros((len(people), len(arms)))
    changed = np.moveaxis(kept != faithful, 1, -1)[rated]  # (ratings, arms)
    np.add.at(found, numbers, changed.astype(np.float64))
    return found


def cochran_q(changes: Floats) -> CochranQ:
    """changes: (patients, arms), 0 and 1 in the test that bears the name.

    (k-1) Σ_j (T_j - T̄)² / Σ_gj (y_gj - ȳ_g)², χ² with k - 1 degrees of freedom: the
    arms of a patient are as likely in any other order, if none differs.
    """
    patients, arms = changes.shape
    reason = None
    if arms < 2:
        reason = Reason.ONE_ARM
    elif patients < 2:
        reason = Reason.ONE_PATIENT if patients else Reason.NO_COMPLETE_ITEM
    within = changes - changes.mean(axis=1, keepdims=True)
    spread = float((within**2).sum())
    if reason is None and spread == 0:
        reason = Reason.NO_CHANGES
    if reason is not None:
        nothing = NotEstimable(reason)
        return CochranQ(patients, nothing, max(arms - 1, 0), nothing)
    statistic = float((arms - 1) * (within.sum(axis=0) ** 2).sum() / spread)
    p = chi_square_p(statistic, degrees_of_freedom=arms - 1)
    return CochranQ(patients, statistic, arms - 1, p)


def _pair(
    chosen: Floats,
    table: RatingTable,
    pair: tuple[int, int],
    faithful: int,
    level: float,
) -> PairOfArms:
    one, other = chosen[:, pair[0]], chosen[:, pair[1]]
    rated = ~np.isnan(one) & ~np.isnan(other)
    first, second = (one != faithful) & rated, (other != faithful) & rated
    only = int((first & ~second).sum()), int((second & ~first).sum())
    changes = _changes(chosen, table, pair, faithful)
    if len(changes) < 2:
        few = Reason.ONE_PATIENT if len(changes) else Reason.NO_COMPLETE_ITEM
        p: float | NotEstimable = NotEstimable(few)
    else:
        apart = (changes[:, 0] - changes[:, 1]).astype(np.int64)
        p = exchange_p(apart, without=Reason.NO_CHANGES)
    found = _difference(first, second, rated, table, level)
    return PairOfArms(*pair, int(rated.sum()), *only, found.value, found.interval, p, p)


def _difference(
    first: Flags, second: Flags, rated: Flags, table: RatingTable, level: float
) -> Estimate:
    """first, second, rated: (readers, items). Of the rates, over what was rated."""
    if not rated.any():
        nothing = NotEstimable(Reason.NO_COMPLETE_ITEM)
        return Estimate(nothing, nothing)
    owners = np.broadcast_to(table.patients, rated.shape)[rated]
    numbers = np.unique(owners, return_inverse=True)[1].astype(np.int64)
    apart = first[rated].astype(np.float64) - second[rated]
    return clustered_mean(apart, patients=numbers, bound=1.0, level=level)
