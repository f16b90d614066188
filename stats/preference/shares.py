"""What was preferred, pair by pair, and which side of the screen. No Django."""

from dataclasses import dataclass, replace

import numpy as np

from ..agreement import Estimate, clustered_mean, clustered_share
from ..bias.effects import exponential_interval
from ..bias.t_intervals import t_interval, t_p
from ..comparison.exchanges import exchange_p
from ..comparison.ranks import holm_of
from ..outcomes import ROUNDING, Interval, NotEstimable, Reason
from ..ratings import Floats
from ..readings import Integers
from .bradley_terry import METHOD, why_not
from .choices import LEFT, RIGHT, TIE, Choices
from .fitting import clustered_covariance, design, fit, why_none


@dataclass(frozen=True)
class PairShares:
    """One pair of arms, first < second, over all readers or of one.

    for_first, for_second, ties: answers. net: share that preferred the first minus
    share that preferred the second, -1 to 1, with an interval clustered by patient.
    p: exact, of reversing all answers on a patient. p_holm: over all pairs.
    """

    first: int
    second: int
    for_first: int
    for_second: int
    ties: int
    patients: int
    net: Estimate
    p: float | NotEstimable
    p_holm: float | NotEstimable


@dataclass(frozen=True)
class SideEffect:
    """Do readers lean to one side of the screen? left, right, ties: answers.

    share: of left among those that are not ties, clustered by patient. odds: that the
    left image is preferred to one of an equal arm, by the model of Davidson with the
    side added; 1 is no leaning. p: of odds of 1.
    """

    left: int
    right: int
    ties: int
    share: Estimate
    odds: float | NotEstimable
    interval: Interval | NotEstimable
    p: float | NotEstimable


def pair_shares(
    choices: Choices, *, reader: int | None = None, level: float = 0.95
) -> tuple[PairShares, ...]:
    """Every pair that was answered, in order; reader None: all.

    Not estimable: the interval with one patient, or where the answers do not vary
    between patients; p where every answer of the pair was no difference, or where the
    answers on each patient even out.
    """
    chosen = choices if reader is None else choices.only(choices.readers == reader)
    low = np.minimum(chosen.left, chosen.right)
    high = np.maximum(chosen.left, chosen.right)
    pairs = np.unique(np.stack([low, high], axis=1), axis=0)
    found = [
        _pair(chosen.only((low == first) & (high == second)), level)
        for first, second in pairs.tolist()
    ]
    adjusted = holm_of([one.p for one in found])
    return tuple(replace(one, p_holm=p) for one, p in zip(found, adjusted, strict=True))


def _pair(one: Choices, level: float) -> PairShares:
    first = int(min(one.left[0], one.right[0]))
    # 1 where the first arm was preferred, -1 where the second was, 0 for neither
    turned = np.where(one.left == first, 1.0, -1.0)
    scores = turned * np.select([one.answers == LEFT, one.answers == RIGHT], [1, -1], 0)
    owners = _numbered(one.patients)
    without = Reason.NO_VARIATION if scores.any() else Reason.ALL_TIES
    p = exchange_p(np.bincount(owners, scores).astype(np.int64), without=without)
    return PairShares(
        first,
        int(max(one.left[0], one.right[0])),
        int((scores > 0).sum()),
        int((scores < 0).sum()),
        int((scores == 0).sum()),
        one.people,
        clustered_mean(scores, patients=owners, bound=1.0, level=level),
        p,
        p,
    )


def _numbered(patients: Integers) -> Integers:
    """From 0 without a gap."""
    return np.unique(patients, return_inverse=True)[1].astype(np.int64)


def tie_share(choices: Choices, *, level: float = 0.95) -> Estimate:
    """Share of answers that were “no difference”, clustered by patient."""
    if not len(choices.answers):
        nothing = NotEstimable(Reason.NO_CHOICES)
        return Estimate(nothing, nothing)
    owners = _numbered(choices.patients)
    return clustered_share(choices.answers == TIE, patients=owners, level=level)


def side_effect(choices: Choices, *, level: float = 0.95) -> SideEffect:
    """Not estimable as `bradley_terry`; the share where every answer was a tie; the
    odds also where the side cannot be told from the arms (each on one side only)."""
    decided = choices.only(choices.answers != TIE)
    share = Estimate(*(NotEstimable(Reason.NO_CHOICES),) * 2)
    if len(decided.answers):
        share = clustered_share(
            decided.answers == LEFT, patients=_numbered(decided.patients), level=level
        )
    elif len(choices.answers):
        share = Estimate(*(NotEstimable(Reason.ALL_TIES),) * 2)
    left, right, ties = (
        int((choices.answers == answer).sum()) for answer in (LEFT, RIGHT, TIE)
    )
    return SideEffect(left, right, ties, share, *_odds(choices, level))


def _odds(
    choices: Choices, level: float
) -> tuple[float | NotEstimable, Interval | NotEstimable, float | NotEstimable]:
    """Of the left side, from the last coefficient."""
    reason = why_not(choices)
    ties = bool((choices.answers == TIE).any())
    if reason is None:
        reason = why_none(design(choices, ties=ties, side=False))
    if reason is None and (reason := why_none(design(choices, ties=ties, side=True))):
        told_apart = reason != Reason.NOT_CONNECTED
        reason = reason if told_apart else Reason.OVERLAPPING
    if reason is not None:
        nothing = NotEstimable(reason)
        return nothing, nothing, nothing
    found = fit(design(choices, ties=ties, side=True))
    errors = clustered_covariance(found)
    estimate = float(found.estimates[-1])
    error = _last(errors)
    if isinstance(error, NotEstimable):
        return float(np.exp(estimate)), error, error
    freedom = choices.people - 1
    span = t_interval(estimate, error, freedom=freedom, level=level, method=METHOD)
    p = t_p(estimate / error, freedom=freedom)
    return float(np.exp(estimate)), exponential_interval(span), p


def _last(errors: Floats | Reason) -> float | NotEstimable:
    if isinstance(errors, Reason):
        return NotEstimable(errors)
    error = float(np.sqrt(errors[-1, -1]))
    return error if error > ROUNDING else NotEstimable(Reason.NO_VARIATION)
