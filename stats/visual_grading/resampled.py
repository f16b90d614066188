"""Areas of visual grading from resampled patients: bootstrap intervals. No Django.

A patient is drawn with all that readers rated of them, in both arms. Ratings are few
different answers, so a sample is how often each was given, and an area is of those.

References
----------
Efron B (1987) Better bootstrap confidence intervals. J Am Stat Assoc 82:171-185.
    doi:10.1080/01621459.1987.10478410
Field CA, Welsh AH (2007) Bootstrapping clustered data. J R Stat Soc B 69:369-390.
    doi:10.1111/j.1467-9868.2007.00593.x
"""

from dataclasses import dataclass

import numpy as np

from ..agreement.bootstrap import (
    REPLICATES,
    SEED,
    bca_interval,
    percentile_interval,
    resampled_pieces,
)
from ..outcomes import ROUNDING, Interval, NotEstimable, Reason
from ..ratings import Floats, RatingTable, of_arms


@dataclass(frozen=True)
class VgcBootstrap:
    """Of the mean area over these readers. undefined: samples in which a reader has no
    rating; the intervals drop them."""

    replicates: int
    undefined: int
    percentile: Interval | NotEstimable
    bca: Interval | NotEstimable


def vgc_bootstrap(
    table: RatingTable,
    *,
    arm: int,
    reference: int,
    replicates: int = REPLICATES,
    seed: int = SEED,
    level: float = 0.95,
) -> VgcBootstrap:
    """Of the mean of `vgc`, of the items that a reader rated in both arms.

    Not estimable: no reader, or one without ratings; one patient; all ratings of one
    arm beyond those of the other, or all the same; BCa also where all samples lie on
    one side of the area, or without one of the patients a reader has no rating.
    """
    both = of_arms(table, arm, reference)
    counts = _counts(both)
    patients = len(counts)
    reason = _without(both, patients)
    if reason is not None:
        nothing = NotEstimable(reason)
        return VgcBootstrap(0, 0, nothing, nothing)
    estimate = float(_mean_areas(counts.sum(axis=0)[None])[0])
    drawn = _drawn(counts, replicates=replicates, seed=seed)
    defined = np.sort(drawn[~np.isnan(drawn)])
    undefined = replicates - len(defined)
    if 1 - abs(2 * estimate - 1) < ROUNDING:
        nothing = NotEstimable(Reason.NO_OVERLAP)
        return VgcBootstrap(replicates, undefined, nothing, nothing)
    without = _mean_areas(counts.sum(axis=0) - counts)
    return VgcBootstrap(
        replicates,
        undefined,
        percentile_interval(defined, level=level),
        bca_interval(defined, estimate=estimate, left_out=without, level=level),
    )


def _without(both: RatingTable, patients: int) -> Reason | None:
    rated = both.rated[:, 0].any(axis=1)
    if not rated.any():
        return Reason.NO_RATINGS
    if not rated.all():
        return Reason.READER_MISSING
    return Reason.ONE_PATIENT if patients < 2 else None


def _counts(both: RatingTable) -> Floats:
    """(patients, readers, 2, answers) how often each answer was given, of patients who
    have any, answers from the worst up."""
    readers, arms, items = np.nonzero(both.rated)
    answers, places = np.unique(both.ratings[both.rated], return_inverse=True)
    people, owners = np.unique(both.patients[items], return_inverse=True)
    shape = (len(people), len(both.ratings), 2, len(answers))
    found = np.zeros(shape)
    np.add.at(found, (owners, readers, arms, places), 1.0)
    return found


def _drawn(counts: Floats, *, replicates: int, seed: int) -> Floats:
    """(replicates,) mean areas, NaN where a reader has none."""
    flat = counts.reshape(len(counts), -1)
    pieces = resampled_pieces(patients=len(counts), replicates=replicates, seed=seed)
    return np.concatenate(
        [
            _mean_areas(
                (times.astype(np.float64) @ flat).reshape(-1, *counts.shape[1:])
            )
            for times in pieces
        ]
    )


def _mean_areas(counts: Floats) -> Floats:
    """(samples,) of (samples, readers, 2, answers)."""
    arm, other = counts[:, :, 0], counts[:, :, 1]
    below = np.cumsum(other, axis=-1) - other / 2
    won = (arm * below).sum(axis=-1)
    pairs = arm.sum(axis=-1) * other.sum(axis=-1)
    areas = np.full(won.shape, np.nan)
    np.divide(won, pairs, out=areas, where=pairs > 0)
    found: Floats = areas.mean(axis=1)
    return found
