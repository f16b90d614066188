"""Areas under ROC curves: of one reader in one arm, means, differences. No Django.

The readers are these readers, not a sample of readers: intervals say what other
patients would have given to the same readers. For readers beyond these see
`multireader_areas`.

References
----------
DeLong ER, DeLong DM, Clarke-Pearson DL (1988) Comparing the areas under two or more
    correlated receiver operating characteristic curves: a nonparametric approach.
    Biometrics 44:837-845. doi:10.2307/2531595
Obuchowski NA (1997) Nonparametric analysis of clustered ROC curve data. Biometrics
    53:567-578. doi:10.2307/2533958
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..outcomes import (
    ROUNDING,
    Interval,
    NotEstimable,
    Reason,
    normal_quantile,
    two_sided_p,
)
from ..ratings import Flags, RatingTable, of_arms
from .placements import Placed, Sample, placed, variance, why_no_mean

LOGIT_METHOD = "DeLong clustered by patient, normal on the logit scale"
METHOD = "DeLong clustered by patient, normal"


@dataclass(frozen=True)
class Area:
    """Of one reader, or a mean over readers. with_finding, without: ratings, over the
    readers. patients: whose they are. area: 0 to 1; 0.5 is chance."""

    with_finding: int
    without: int
    patients: int
    area: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable


@dataclass(frozen=True)
class AreaDifference:
    """Area in the first arm minus that in the second, of the same ratings' places.

    z: the difference over its standard error; p: two-sided, normal.
    """

    readers: int
    patients: int
    first: float | NotEstimable
    second: float | NotEstimable
    difference: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable
    z: float | NotEstimable
    p: float | NotEstimable


def area(
    table: RatingTable, finding: Flags, *, reader: int, arm: int, level: float = 0.95
) -> Area:
    """Area of one reader in one arm; finding: (items,) whether the case has it.

    Ratings rise with how sure the reader is that the finding is there. Not estimable:
    no rating; no case with the finding, or none without it; the error also with one
    patient of a kind, or where all ratings of one kind lie beyond those of the other.
    """
    return mean_area(table, finding, arm=arm, readers=[reader], level=level)


def mean_area(
    table: RatingTable,
    finding: Flags,
    *,
    arm: int,
    readers: Sequence[int] | None = None,
    level: float = 0.95,
) -> Area:
    """Plain mean over readers (None: all), each area of the ratings that it has.

    Not estimable as soon as one reader's area is not.
    """
    places = range(len(table.ratings)) if readers is None else readers
    there = table.rated[list(places), arm]
    counted = (
        int((there & finding).sum()),
        int((there & ~finding).sum()),
        len(np.unique(table.patients[there.any(axis=0)])),
    )
    cells = [cell(table, finding, reader, arm) for reader in places]
    share = [1 / max(len(cells), 1)] * len(cells)
    found, error = weighted(cells, share)
    return Area(*counted, found, error, _logit_interval(found, error, level))


def area_difference(
    table: RatingTable,
    finding: Flags,
    *,
    first: int,
    second: int,
    readers: Sequence[int] | None = None,
    level: float = 0.95,
) -> AreaDifference:
    """Mean area over readers (None: all) in one arm minus that in another.

    Of the items that a reader rated in both arms. With one reader and one item a
    patient it is the paired test of DeLong. Not estimable as in `area`; the error also
    where no patient moves the difference.
    """
    both = of_arms(table, first, second)
    places = range(len(table.ratings)) if readers is None else readers
    one = [cell(both, finding, reader, 0) for reader in places]
    two = [cell(both, finding, reader, 1) for reader in places]
    share = [1 / max(len(one), 1)] * len(one)
    found, error = weighted([*one, *two], [*share, *(-part for part in share)])
    interval, z, p = normal_test(found, error, level=level, bound=1.0)
    rated = both.rated[list(places)].any(axis=(0, 1))
    return AreaDifference(
        len(one),
        len(np.unique(both.patients[rated])),
        weighted(one, share)[0],
        weighted(two, share)[0],
        found,
        error,
        interval,
        z,
        p,
    )


def cell(
    table: RatingTable, finding: Flags, reader: int, arm: int
) -> Placed | NotEstimable:
    """One reader in one arm."""
    ratings = table.ratings[reader, arm]
    there = ~np.isnan(ratings)
    kinds = [there & finding, there & ~finding]
    if not there.any():
        return NotEstimable(Reason.NO_RATINGS)
    for kind, reason in zip(kinds, (Reason.NO_WITH, Reason.NO_WITHOUT), strict=True):
        if not kind.any():
            return NotEstimable(reason)
    high, low = (Sample(ratings[kind], table.patients[kind]) for kind in kinds)
    return placed(high, low, people=table.people)


def weighted(
    cells: Sequence[Placed | NotEstimable], weights: Sequence[float]
) -> tuple[float | NotEstimable, float | NotEstimable]:
    """Σ weights · areas, and its standard error."""
    there = [one for one in cells if isinstance(one, Placed)]
    missing = [one.reason for one in cells if isinstance(one, NotEstimable)]
    if (why := why_no_mean(missing, of=len(cells))) is not None:
        return NotEstimable(why), NotEstimable(why)
    total = float(sum(w * one.area for w, one in zip(weights, there, strict=True)))
    kinds = np.stack([one.counts > 0 for one in there]).any(axis=0).sum(axis=1)
    if kinds.min() < 2:
        return total, NotEstimable(Reason.ONE_OF_A_KIND)
    for reason in filter(None, (one.why_flat for one in there)):
        return total, NotEstimable(reason)
    error = float(np.sqrt(variance(there, weights)))
    if error < ROUNDING:
        return total, NotEstimable(Reason.NO_VARIATION)
    return total, error


def normal_test(
    found: float | NotEstimable,
    error: float | NotEstimable,
    *,
    level: float,
    bound: float,
) -> tuple[Interval | NotEstimable, float | NotEstimable, float | NotEstimable]:
    """Interval within ±bound, z and two-sided p of an estimate against 0."""
    if isinstance(found, NotEstimable):
        return found, found, found
    if isinstance(error, NotEstimable):
        return error, error, error
    half = normal_quantile(level=level) * error
    low, high = max(found - half, -bound), min(found + half, bound)
    z = found / error
    return Interval(low, high, level, None, METHOD), z, two_sided_p(z)


def _logit_interval(
    found: float | NotEstimable, error: float | NotEstimable, level: float
) -> Interval | NotEstimable:
    if isinstance(found, NotEstimable):
        return found
    if isinstance(error, NotEstimable):
        return error
    half = normal_quantile(level=level) * error / (found * (1 - found))
    middle = np.log(found / (1 - found))
    low, high = (1 / (1 + np.exp(-(middle + sign * half))) for sign in (-1, 1))
    return Interval(float(low), float(high), level, None, LOGIT_METHOD)
