"""Abilities of arms from choices between them: Bradley and Terry, with ties. No Django.

An arm's ability is on the scale of logarithms: the difference of two is the logarithm
of the odds that the first is preferred, where one is. Pairs of a patient's images, and
several readers of them, are not independent: errors are clustered by patient. The
readers are these readers.

References
----------
Bradley RA, Terry ME (1952) Rank analysis of incomplete block designs: I. The method of
    paired comparisons. Biometrika 39:324-345. doi:10.1093/biomet/39.3-4.324
Davidson RR (1970) On extending the Bradley-Terry model to accommodate ties in paired
    comparison experiments. J Am Stat Assoc 65:317-328.
    doi:10.1080/01621459.1970.10481082
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from ..bias.effects import exponential_interval
from ..bias.regression import WaldTest
from ..bias.t_intervals import t_interval, t_p
from ..comparison.ranks import holm_of
from ..outcomes import ROUNDING, Interval, NotEstimable, Reason
from ..ratings import Floats
from .choices import TIE, Choices
from .fitting import Fit, clustered_covariance, design, fit, why_none

METHOD = "Davidson's model, one-step jackknife by patient, t"


@dataclass(frozen=True)
class Ability:
    """One arm's, as a difference from the mean of all arms; above 0 is preferred."""

    ability: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable


@dataclass(frozen=True)
class Preference:
    """Odds that the first arm is preferred to the second, where one of them is.

    first, second: places, first < second. p: of odds of 1; p_holm: over all pairs.
    """

    first: int
    second: int
    odds: float | NotEstimable
    interval: Interval | NotEstimable
    p: float | NotEstimable
    p_holm: float | NotEstimable


@dataclass(frozen=True)
class BradleyTerry:
    """choices, ties: how many; patients: whose. tie: Davidson's ν, 0 where nobody saw
    no difference; two equal arms are called alike with chance ν/(2+ν). test: are all
    abilities equal? penalised: no maximum likelihood, but Firth's."""

    choices: int
    ties: int
    patients: int
    abilities: tuple[Ability, ...]
    tie: float | NotEstimable
    preferences: tuple[Preference, ...]
    test: WaldTest
    penalised: bool


def bradley_terry(
    choices: Choices, *, penalised: bool = False, level: float = 0.95
) -> BradleyTerry:
    """Fit by maximum likelihood, errors clustered by patient, Student's t.

    penalised: by Jeffreys' prior (Firth) instead, which has estimates even where an
    arm was always preferred, and no intervals; to be labelled so.

    Not estimable: no answers (NO_CHOICES); every answer was no difference (ALL_TIES);
    arms that were not compared, not even by way of others (NOT_CONNECTED); an arm, or
    a group of arms, that was always preferred to all it met, or never
    (ALWAYS_PREFERRED); intervals and p also with one patient, or where without one of
    the patients there would be no estimate.
    """
    ties = int((choices.answers == TIE).sum())
    counts = (len(choices.answers), ties, choices.people)
    reason = why_not(choices)
    model = None if reason else design(choices, ties=ties > 0, side=False)
    if model is not None:
        reason = why_none(model)
        if penalised and reason == Reason.ALWAYS_PREFERRED:
            reason = None
    if model is None or reason is not None:
        assert reason is not None
        return _nothing(choices, counts, reason, penalised)
    found = fit(model, penalised=penalised)
    errors = Reason.PENALISED if penalised else clustered_covariance(found)
    return _results(choices, counts, found, errors, level)


def why_not(choices: Choices) -> Reason | None:
    """Why there is nothing to fit, before any model."""
    if choices.arms < 2:
        return Reason.ONE_ARM
    if not len(choices.answers):
        return Reason.NO_CHOICES
    return Reason.ALL_TIES if (choices.answers == TIE).all() else None


def _nothing(
    choices: Choices, counts: tuple[int, int, int], reason: Reason, penalised: bool
) -> BradleyTerry:
    none = NotEstimable(reason)
    pairs = combinations(range(choices.arms), 2)
    return BradleyTerry(
        *counts,
        tuple(Ability(none, none, none) for _arm in range(choices.arms)),
        none,
        tuple(Preference(*pair, none, none, none, none) for pair in pairs),
        _untested(reason, choices.arms - 1),
        penalised,
    )


def _results(
    choices: Choices,
    counts: tuple[int, int, int],
    found: Fit,
    errors: Floats | Reason,
    level: float,
) -> BradleyTerry:
    arms, (_answers, ties, patients) = choices.arms, counts
    # the first arm's ability is 0 in the fit; each is told from the mean of all
    whole = np.vstack([np.zeros(arms - 1), np.eye(arms - 1)])
    centred = whole - whole.mean(axis=0)
    estimates = found.estimates[: arms - 1]
    spread = errors if isinstance(errors, Reason) else errors[: arms - 1, : arms - 1]

    def told(contrast: Floats) -> Ability:
        return _contrast(contrast, estimates, spread, patients, level)

    pairs = []
    for first, second in combinations(range(arms), 2):
        one = told(whole[first] - whole[second])
        assert not isinstance(one.ability, NotEstimable)
        interval, p = exponential_interval(one.interval), _p(one, patients)
        odds = float(np.exp(one.ability))
        pairs.append(Preference(first, second, odds, interval, p, p))
    adjusted = holm_of([pair.p for pair in pairs])
    return BradleyTerry(
        *counts,
        tuple(told(row) for row in centred),
        float(np.exp(found.estimates[arms - 1])) if ties else 0.0,
        tuple(replace(one, p_holm=p) for one, p in zip(pairs, adjusted, strict=True)),
        _wald(estimates, spread, patients),
        errors is Reason.PENALISED,
    )


def _contrast(
    contrast: Floats,
    estimates: Floats,
    spread: Floats | Reason,
    patients: int,
    level: float,
) -> Ability:
    value = float(contrast @ estimates)
    if isinstance(spread, Reason):
        return Ability(value, NotEstimable(spread), NotEstimable(spread))
    error = float(np.sqrt(contrast @ spread @ contrast))
    if error < ROUNDING:
        nothing = NotEstimable(Reason.NO_VARIATION)
        return Ability(value, nothing, nothing)
    interval = t_interval(
        value, error, freedom=patients - 1, level=level, method=METHOD
    )
    return Ability(value, error, interval)


def _p(one: Ability, patients: int) -> float | NotEstimable:
    assert not isinstance(one.ability, NotEstimable)
    if isinstance(one.standard_error, NotEstimable):
        return one.standard_error
    return t_p(one.ability / one.standard_error, freedom=patients - 1)


def _wald(estimates: Floats, spread: Floats | Reason, patients: int) -> WaldTest:
    """Hotelling's T² as F with k and G - k degrees of freedom."""
    from scipy import special

    k = len(estimates)
    if isinstance(spread, Reason):
        return _untested(spread, k)
    if patients <= k:
        return _untested(Reason.MORE_EFFECTS, k)
    if np.linalg.matrix_rank(spread) < k:
        return _untested(Reason.NO_VARIATION, k)
    squared = float(estimates @ np.linalg.solve(spread, estimates))
    statistic = squared * (patients - k) / (k * (patients - 1))
    p = float(special.fdtrc(k, patients - k, statistic))
    return WaldTest(statistic, k, patients - k, p)


def _untested(reason: Reason, numerator: int) -> WaldTest:
    nothing = NotEstimable(reason)
    return WaldTest(nothing, numerator, 0, nothing)
