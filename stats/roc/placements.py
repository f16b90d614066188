"""How two samples of ratings lie to each other, and how each patient moves that. No
Django.

The area under the empirical curve is the share of pairs, one rating of each sample, in
which the first is higher; ties count half. Each rating's placement is its own share of
such pairs. Summed by patient, placements give the area's error whatever depends on
what within a patient: several examinations, with the finding and without it, or the
same case rated in two arms. With one rating a patient it is the error of DeLong.

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

from ..outcomes import ROUNDING, Reason
from ..ratings import Flags, Floats
from ..readings import Integers


@dataclass(frozen=True)
class Sample:
    """ratings: (n,). patients: (n,) whose they are, numbers from 0."""

    ratings: Floats
    patients: Integers


@dataclass(frozen=True)
class Placed:
    """One area, and what each patient adds to it.

    area: 0 to 1. high, low: (patients,) sums of placements less the area, of the
    sample that should be higher and of the other, over the number of its ratings.
    counts: (2, patients) how many ratings of each kind. won: (patients,) pairs that
    are won among the patient's own ratings, ties half.
    """

    area: float
    high: Floats
    low: Floats
    counts: Integers
    won: Floats

    @property
    def why_flat(self) -> Reason | None:
        """Why no patient moves it, so that its error is unknown; None where some do."""
        if max(np.abs(self.high).max(), np.abs(self.low).max()) > ROUNDING:
            return None
        apart = min(self.area, 1 - self.area) < ROUNDING
        return Reason.NO_OVERLAP if apart else Reason.NO_VARIATION


def why_no_mean(reasons: Sequence[Reason], *, of: int) -> Reason | None:
    """Why there is no mean of so many, of which some do not exist; None: all do."""
    if reasons and len(reasons) == of and len(set(reasons)) == 1:
        return reasons[0]
    if reasons:
        return Reason.READER_MISSING
    return None if of else Reason.NO_RATINGS


def wins(one: Floats, other: Floats) -> Floats:
    """(n,) for each of one (n,): how many of other lie below it; ties count half."""
    ordered = np.sort(other)
    below = np.searchsorted(ordered, one, side="left")
    found: Floats = (below + np.searchsorted(ordered, one, side="right")) / 2
    return found


def placed(high: Sample, low: Sample, *, people: int) -> Placed:
    """high: the sample that should be rated higher. Neither may be empty."""
    m, n = len(high.ratings), len(low.ratings)
    own = wins(high.ratings, low.ratings) / n
    theirs = 1 - wins(low.ratings, high.ratings) / m
    area = float(own.mean())

    def moved(values: Floats, sample: Sample) -> Floats:
        sums = np.bincount(sample.patients, values - area, people)
        found: Floats = sums / len(sample.ratings)
        return found

    counts = [np.bincount(one.patients, minlength=people) for one in (high, low)]
    return Placed(
        area,
        moved(own, high),
        moved(theirs, low),
        np.array(counts, dtype=np.int64),
        _won_within(high, low, people),
    )


def _won_within(high: Sample, low: Sample, people: int) -> Floats:
    won = np.zeros(people)
    for patient in np.intersect1d(high.patients, low.patients):
        one = high.ratings[high.patients == patient]
        won[patient] = wins(one, low.ratings[low.patients == patient]).sum()
    return won


def covariance(cells: Sequence[Placed]) -> Floats:
    """(cells, cells) of areas of the same ratings' places in all cells.

    I/(I-1) Σ_g hh' + J/(J-1) Σ_g ll' + G/(G-1) Σ_g (hl' + lh') with I patients who
    have the one kind of rating, J the other, G of either.
    """
    high = np.stack([cell.high for cell in cells], axis=1)
    low = np.stack([cell.low for cell in cells], axis=1)
    has: Flags = np.any([cell.counts > 0 for cell in cells], axis=0)
    crossed = high.T @ low
    found: Floats = _few(has[0]) * (high.T @ high)
    found += _few(has[1]) * (low.T @ low)
    found += _few(np.logical_or(*has)) * (crossed + crossed.T)
    return found


def variance(cells: Sequence[Placed], weights: Sequence[float]) -> float:
    """Of Σ weights · areas; the cells need not be of the same items.

    As in `covariance`, but added up for each patient before anything is squared.
    """
    high = sum(w * one.high for w, one in zip(weights, cells, strict=True))
    low = sum(w * one.low for w, one in zip(weights, cells, strict=True))
    has = np.any([one.counts > 0 for one in cells], axis=0)
    found = _few(has[0]) * np.sum(high * high) + _few(has[1]) * np.sum(low * low)
    found += 2 * _few(np.logical_or(*has)) * np.sum(high * low)
    return max(float(found), 0.0)


def _few(patients: Flags) -> float:
    count = int(patients.sum())
    return count / (count - 1) if count > 1 else 0.0


def left_one_out(cell: Placed) -> Floats:
    """(patients,) the area without each of them; NaN where no pair is left."""
    here, there = cell.counts
    m, n = int(here.sum()), int(there.sum())
    # sums of wins of a patient's ratings over all others', from what was centred
    own = (cell.high * m + cell.area * here) * n
    theirs = (cell.low * n + cell.area * there) * m
    left = cell.area * m * n - own - theirs + cell.won
    pairs = (m - here) * (n - there)
    found: Floats = np.full(len(left), np.nan)
    np.divide(left, pairs, out=found, where=pairs > 0)
    return found
