"""The curves themselves, and what a cut gives. No Django."""

from dataclasses import dataclass

import numpy as np

from ..bias.detection import Share, share_of
from ..outcomes import NotEstimable, Reason
from ..ratings import Flags, Floats, RatingTable
from .placements import why_no_mean


@dataclass(frozen=True)
class RocCurve:
    """From (0, 0) to (1, 1), joined by straight lines: the empirical curve.

    false_positives, sensitivity: (points,) 0 to 1. cuts: of each point, the lowest
    rating that is called positive; the first is infinite (nothing is).
    """

    false_positives: tuple[float, ...]
    sensitivity: tuple[float, ...]
    cuts: tuple[float, ...]

    @property
    def area(self) -> float:
        """By trapezoids; the share of pairs that `area` counts."""
        return float(np.trapezoid(self.sensitivity, self.false_positives))


@dataclass(frozen=True)
class AtCut:
    """Ratings of at least `cut` are positive. Intervals are clustered by patient."""

    cut: float
    sensitivity: Share
    specificity: Share


def roc_curve(
    table: RatingTable, finding: Flags, *, reader: int, arm: int
) -> RocCurve | NotEstimable:
    """Empirical curve of one reader in one arm; not estimable as the area is not."""
    ratings = table.ratings[reader, arm]
    there = ~np.isnan(ratings)
    if not there.any():
        return NotEstimable(Reason.NO_RATINGS)
    high, low = ratings[there & finding], ratings[there & ~finding]
    if not len(high) or not len(low):
        return NotEstimable(Reason.NO_WITHOUT if len(high) else Reason.NO_WITH)
    cuts = np.unique(ratings[there])[::-1]

    def shares(sample: Floats) -> tuple[float, ...]:
        return (0.0, *(float((sample >= cut).mean()) for cut in cuts))

    return RocCurve(shares(low), shares(high), (float("inf"), *map(float, cuts)))


def mean_curve(
    table: RatingTable, finding: Flags, *, arm: int
) -> RocCurve | NotEstimable:
    """Mean over readers of sensitivity at each share of false positives.

    Its area is the mean of the readers' areas. Without cuts: readers use the scale
    each in their own way, so a point of it belongs to no rating.
    """
    curves = [
        roc_curve(table, finding, reader=reader, arm=arm)
        for reader in range(len(table.ratings))
    ]
    found = [one for one in curves if isinstance(one, RocCurve)]
    missing = [one.reason for one in curves if isinstance(one, NotEstimable)]
    if (why := why_no_mean(missing, of=len(curves))) is not None:
        return NotEstimable(why)
    corners = np.unique(np.concatenate([one.false_positives for one in found]))
    # a vertical step has two heights: below the corner and above it
    below = np.mean([_height(one, corners, "left") for one in found], axis=0)
    above = np.mean([_height(one, corners, "right") for one in found], axis=0)
    x, y = np.repeat(corners, 2), np.ravel([below, above], order="F")
    kept = np.ones(len(x), dtype=np.bool_)
    kept[1:] = (np.diff(x) > 0) | (np.diff(y) > 0)
    nan = (float("nan"),) * int(kept.sum())
    return RocCurve(tuple(map(float, x[kept])), tuple(map(float, y[kept])), nan)


def _height(curve: RocCurve, at: Floats, side: str) -> Floats:
    """Sensitivity at each share of false positives, at the foot (“left”) or the top
    (“right”) of a vertical step there."""
    x, y = np.array(curve.false_positives), np.array(curve.sensitivity)
    found: Floats = np.interp(at, x, y)
    for place, value in enumerate(at):
        step = y[x == value]
        if len(step):
            found[place] = step.min() if side == "left" else step.max()
    return found


def at_cut(
    table: RatingTable,
    finding: Flags,
    *,
    cut: float,
    arm: int,
    reader: int | None = None,
    level: float = 0.95,
) -> AtCut:
    """Sensitivity and specificity of ratings of `cut` or more; reader None: all.

    Several readers' ratings of one patient are one cluster. Not estimable as in
    `bias.detections`.
    """
    chosen = slice(None) if reader is None else slice(reader, reader + 1)
    ratings = table.ratings[chosen, arm]
    there = ~np.isnan(ratings)
    positive = ratings >= cut  # never of NaN

    def share(asked: Flags, right: Flags, without: Reason) -> Share:
        owners = np.broadcast_to(table.patients, asked.shape)
        length = table.people
        hits = np.bincount(owners[asked & right], minlength=length)
        items = np.bincount(owners[asked], minlength=length)
        return share_of(
            hits.astype(np.float64),
            items.astype(np.float64),
            level=level,
            without=without if there.any() else Reason.NO_RATINGS,
        )

    return AtCut(
        cut,
        share(there & finding, positive, Reason.NO_WITH),
        share(there & ~finding, ~positive, Reason.NO_WITHOUT),
    )
