"""Visual grading characteristics: is one arm rated better than another? No Django.

The area under the curve is the chance that a rating in the arm is better than one in
the reference arm; ties count half, 0.5 is no difference. It uses the order of the
ratings and nothing else. Both arms are of the same patients: each patient is followed
through both, and through all readers.

References
----------
Båth M, Månsson LG (2007) Visual grading characteristics (VGC) analysis: a
    non-parametric rank-invariant statistical method for image quality evaluation. Br J
    Radiol 80:169-176. doi:10.1259/bjr/35012658
Obuchowski NA (1997) Nonparametric analysis of clustered ROC curve data. Biometrics
    53:567-578. doi:10.2307/2533958
Hillis SL (2007) A comparison of denominator degrees of freedom methods for multiple
    observer ROC analysis. Stat Med 26:596-619. doi:10.1002/sim.2532
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..bias.t_intervals import t_half_width, t_interval, t_p
from ..comparison.ranks import holm_of
from ..outcomes import ROUNDING, Interval, NotEstimable, Reason
from ..ratings import Floats, RatingTable, of_arms
from ..roc.areas import weighted
from ..roc.placements import Placed, Sample, covariance, placed, why_no_mean

METHOD = "placements clustered by patient, t on the logit scale"
OTHERS_METHOD = "Obuchowski-Rockette, t, cut at 0 and 1"


@dataclass(frozen=True)
class VgcArea:
    """Chance of a better rating in the arm than in the reference, 0 to 1.

    ratings: in each of the two arms, over the readers. p: of an area of 0.5.
    """

    ratings: int
    patients: int
    area: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable
    p: float | NotEstimable


@dataclass(frozen=True)
class VgcCurve:
    """From (0, 0) to (1, 1); of each point, the shares of ratings of `cuts` or better.

    cuts: the categories from the best down, after infinity (no rating is as good).
    """

    reference: tuple[float, ...]
    arm: tuple[float, ...]
    cuts: tuple[float, ...]

    @property
    def area(self) -> float:
        """By trapezoids; of one reader it is the area of `vgc`."""
        return float(np.trapezoid(self.arm, self.reference))


@dataclass(frozen=True)
class Vgc:
    """One arm against the reference. arm: its place in the table.

    readers: each alone. mean: over these readers. others: the same mean, with the
    interval and p for readers beyond these. p_holm: of mean.p, over all arms. curve:
    mean over readers of the shares; readers' own are by `vgc_curve`.
    """

    arm: int
    readers: tuple[VgcArea, ...]
    mean: VgcArea
    others: VgcArea
    p_holm: float | NotEstimable
    curve: VgcCurve | NotEstimable


def vgc(
    table: RatingTable,
    *,
    reference: int,
    categories: Sequence[int],
    level: float = 0.95,
) -> tuple[Vgc, ...]:
    """Every other arm against the one at `reference`, in the table's order.

    Ratings rise with quality. Of the items that a reader rated in both arms.
    categories: every answer of the scale, used or not; only for the curve.

    Not estimable: no item with both ratings; the mean as soon as one reader has none;
    the error also with one patient, where all ratings of one arm lie beyond those of
    the other, or all are the same; `others` also with one reader, or readers alike.
    """
    arms = [arm for arm in range(table.ratings.shape[1]) if arm != reference]
    found = [_one_arm(table, arm, reference, categories, level) for arm in arms]
    adjusted = holm_of([one.mean.p for one in found])
    return tuple(replace(one, p_holm=p) for one, p in zip(found, adjusted, strict=True))


def vgc_curve(
    table: RatingTable,
    *,
    arm: int,
    reference: int,
    categories: Sequence[int],
    reader: int | None = None,
) -> VgcCurve | NotEstimable:
    """reader: None for the mean over readers of the shares at each category."""
    both = of_arms(table, arm, reference).ratings
    chosen = both if reader is None else both[reader : reader + 1]
    empty = int(np.isnan(chosen).all(axis=(1, 2)).sum())
    why = why_no_mean([Reason.NO_RATINGS] * empty, of=len(chosen))
    if why is not None:
        return NotEstimable(why)
    cuts = sorted(categories, reverse=True)

    def shares(of: int) -> tuple[float, ...]:
        rows = [one[of][~np.isnan(one[of])] for one in chosen]
        means = [float(np.mean([(row >= cut).mean() for row in rows])) for cut in cuts]
        return (0.0, *means)

    return VgcCurve(shares(1), shares(0), (float("inf"), *map(float, cuts)))


def _one_arm(
    table: RatingTable,
    arm: int,
    reference: int,
    categories: Sequence[int],
    level: float,
) -> Vgc:
    both = of_arms(table, arm, reference)
    cells = [_cell(both, reader) for reader in range(len(both.ratings))]
    rated = both.rated[:, 0]
    each = tuple(
        _area(both, rated[reader : reader + 1], [one], level)
        for reader, one in enumerate(cells)
    )
    mean = _area(both, rated, cells, level)
    curve = vgc_curve(table, arm=arm, reference=reference, categories=categories)
    return Vgc(arm, each, mean, _for_others(mean, cells, level), mean.p, curve)


def _cell(both: RatingTable, reader: int) -> Placed | NotEstimable:
    there = both.rated[reader, 0]
    if not there.any():
        return NotEstimable(Reason.NO_RATINGS)
    arm, reference = (
        Sample(ratings[there], both.patients[there]) for ratings in both.ratings[reader]
    )
    return placed(arm, reference, people=both.people)


def _area(
    both: RatingTable,
    rated: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    cells: Sequence[Placed | NotEstimable],
    level: float,
) -> VgcArea:
    found, error = weighted(cells, [1 / max(len(cells), 1)] * len(cells))
    patients = len(np.unique(both.patients[rated.any(axis=0)]))
    counted = (int(rated.sum()), patients)
    error = _one_patient(error)
    if isinstance(found, NotEstimable) or isinstance(error, NotEstimable):
        why = found if isinstance(found, NotEstimable) else error
        assert isinstance(why, NotEstimable)
        return VgcArea(*counted, found, error, why, why)
    spread = error / (found * (1 - found))
    middle = float(np.log(found / (1 - found)))
    half = t_half_width(spread, freedom=patients - 1, level=level)
    low, high = (float(1 / (1 + np.exp(-(middle + s * half)))) for s in (-1, 1))
    interval = Interval(low, high, level, patients - 1, METHOD)
    p = t_p(middle / spread, freedom=patients - 1)
    return VgcArea(*counted, found, error, interval, p)


def _one_patient(error: float | NotEstimable) -> float | NotEstimable:
    """In other words than those of the finding, which there is none of here."""
    if isinstance(error, NotEstimable) and error.reason == Reason.ONE_OF_A_KIND:
        return NotEstimable(Reason.ONE_PATIENT)
    return error


def _for_others(
    mean: VgcArea, cells: Sequence[Placed | NotEstimable], level: float
) -> VgcArea:
    """As an arm's mean in `multireader`: SE² = [MS(R) + r·max(Cov2, 0)]/r."""
    there = [one for one in cells if isinstance(one, Placed)]
    readers = len(cells)
    if isinstance(mean.area, NotEstimable):
        return mean
    reason: NotEstimable | None = None
    if isinstance(mean.standard_error, NotEstimable):
        reason = mean.standard_error
    elif readers < 2:
        reason = NotEstimable(Reason.ONE_READER)
    square = float(np.var([one.area for one in there], ddof=1)) if readers > 1 else 0.0
    if reason is None and square < ROUNDING**2:
        reason = NotEstimable(Reason.READERS_ALIKE)
    if reason is not None:
        return replace(mean, standard_error=reason, interval=reason, p=reason)
    total = square + readers * max(_between_readers(covariance(there)), 0.0)
    freedom = (readers - 1) * (total / square) ** 2
    error = float(np.sqrt(total / readers))
    span = t_interval(
        mean.area, error, freedom=freedom, level=level, method=OTHERS_METHOD
    )
    cut = replace(span, low=max(span.low, 0.0), high=min(span.high, 1.0))
    p = t_p((mean.area - 0.5) / error, freedom=freedom)
    return replace(mean, standard_error=error, interval=cut, p=p)


def _between_readers(matrix: Floats) -> float:
    readers = len(matrix)
    return float((matrix.sum() - np.trace(matrix)) / (readers * (readers - 1)))
