"""What a sweep has found: every level's mean with its two intervals, the fitted curve,
and the smallest level that does as well as the best within a margin.

Two things are left to chance: which cases are looked at, and what a training's seed
decides (first weights, order, which cases are drawn). Each has its interval; where a
level is compared with the best, both are in one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.marking import gettext_noop

from . import fitting
from .plans import CASES, COUNTS

Floats = NDArray[np.float64]

# Amounts, of which ever more can be thought of; no curve is laid through others.
AMOUNTS = (CASES, COUNTS)
LEVEL = 0.95
DRAWS, SEED = 2000, 1991

NOTHING = gettext_noop("Nothing is measured at this level yet.")
FEW_CASES = gettext_noop("It takes two cases at least.")
ONE_SEED = gettext_noop("It takes two seeds at least.")
NO_SEED = gettext_noop("No seed is measured at this level and at the best one.")
NO_AMOUNT = gettext_noop(
    "A curve is fitted where levels are amounts: training cases, or counts."
)
FEW_LEVELS = gettext_noop(
    "A curve has three numbers and takes at least four levels that are measured."
)
NO_BEND = gettext_noop(
    "The levels' means do not bend as such a curve does; what it tends to is unknown."
)
OFTEN_NO_BEND = gettext_noop(
    "When cases and seeds are drawn again, the curve often does not bend."
)
NOT_ASKED = gettext_noop("No curve was asked for.")
BEST_ALONE = gettext_noop("No smaller level is shown to be within the margin.")


@dataclass(frozen=True)
class Measured:
    """A point: case → value; a case without a finite value is not in it."""

    level: float
    seed: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class Estimate:
    """low, high: 95 %; None where there is none, and `reason` says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Level:
    """seeds: seed → its mean over cases. by_case: the seeds as they are, other cases;
    by_seed: the cases as they are, other seeds. difference: to the best level, over
    cases and seeds both. verdict: "best", "non-inferior", "not shown", or nothing."""

    level: float
    seeds: Mapping[int, float]
    by_case: Estimate
    by_seed: Estimate
    difference: Estimate
    verdict: str


@dataclass(frozen=True)
class Fit:
    """twice, unlimited: what twice the greatest level, and ever more, would add to it
    if the curve holds on; in differences the cases cancel. line: (level, value, low,
    high) to draw."""

    a: Estimate
    b: Estimate
    c: Estimate
    twice: Estimate
    unlimited: Estimate
    line: tuple[tuple[float, float, float, float], ...]
    reason: str = ""


@dataclass(frozen=True)
class Findings:
    """smallest: the least level from which on all, up to the best, are non-inferior to
    the best. cases: those that are in every point."""

    levels: tuple[Level, ...]
    cases: int
    margin: float
    best: float | None
    smallest: float | None
    smallest_reason: str
    fit: Fit

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def conclude(
    points: Sequence[Measured],
    *,
    factor: str,
    levels: Sequence[float],
    margin: float,
    curve: bool = True,
) -> Findings:
    """levels: all that were planned; those without a point say so. curve: whether one
    is fitted, which takes half a second."""
    points = [point for point in points if point.values]
    cases = sorted(set.intersection(*(set(p.values) for p in points)) if points else ())
    tables = {level: _table(points, level, cases) for level in sorted(levels)}
    means = {
        level: float(np.mean(list(table.values())))
        for level, table in tables.items()
        if table and cases
    }
    best = max(means, key=lambda level: means[level], default=None)
    found = [_level(level, tables, best, margin) for level in tables]
    smallest, reason = _smallest(found, best)
    measured = {level: tables[level] for level in means}
    return Findings(
        levels=tuple(found),
        cases=len(cases),
        margin=margin,
        best=best,
        smallest=smallest,
        smallest_reason=reason,
        fit=_fit(measured, factor, len(cases)) if curve else _no_fit(NOT_ASKED),
    )


Table = dict[int, Floats]  # seed → values of the cases


def _table(points: Sequence[Measured], level: float, cases: Sequence[str]) -> Table:
    return {
        point.seed: np.array([point.values[case] for case in cases])
        for point in points
        if point.level == level
    }


def _level(
    level: float, tables: Mapping[float, Table], best: float | None, margin: float
) -> Level:
    table = tables[level]
    if not table or best is None:
        none = Estimate(None, reason=NOTHING)
        return Level(level, {}, none, none, none, "")
    values = np.stack(list(table.values()))  # (seeds, cases)
    difference = _difference(table, tables[best])
    verdict = "best"
    if level != best:
        low = difference.low
        verdict = "" if low is None else "not shown"
        verdict = "non-inferior" if low is not None and low > -margin else verdict
    return Level(
        level=level,
        seeds={seed: float(row.mean()) for seed, row in table.items()},
        by_case=_over(values.mean(axis=0), FEW_CASES),
        by_seed=_over(values.mean(axis=1), ONE_SEED),
        difference=Estimate(0.0) if level == best else difference,
        verdict=verdict,
    )


def _over(values: Floats, reason: str) -> Estimate:
    """Mean with Student's interval."""
    mean, count = float(values.mean()), len(values)
    if count < 2:
        return Estimate(mean, reason=reason)
    reach = _t(count - 1) * float(values.std(ddof=1)) / count**0.5
    return Estimate(mean, mean - reach, mean + reach)


def _difference(table: Table, best: Table) -> Estimate:
    """Paired by case and by seed. The variances of the means over cases and over seeds
    add up (a little more than the two together have, as what both share is in each);
    degrees of freedom after Satterthwaite. With one seed only the cases are in it."""
    both = sorted(set(table) & set(best))
    if not both:
        return Estimate(None, reason=NO_SEED)
    away = np.stack([table[seed] - best[seed] for seed in both])
    seeds, cases = away.shape
    mean = float(away.mean())
    if cases < 2:
        return Estimate(mean, reason=FEW_CASES)
    parts = [(float(away.mean(axis=0).var(ddof=1)) / cases, cases - 1)]
    if seeds > 1:
        parts.append((float(away.mean(axis=1).var(ddof=1)) / seeds, seeds - 1))
    variance = sum(part for part, _ in parts)
    reason = ONE_SEED if seeds == 1 else ""
    if variance == 0:
        return Estimate(mean, mean, mean, reason)
    freedom = variance**2 / sum(part**2 / free for part, free in parts)
    reach = _t(freedom) * variance**0.5
    return Estimate(mean, mean - reach, mean + reach, reason)


def _t(freedom: float) -> float:
    from scipy.special import stdtrit  # loads slowly

    return float(stdtrit(freedom, (1 + LEVEL) / 2))


def _smallest(levels: Sequence[Level], best: float | None) -> tuple[float | None, str]:
    """From the best downward until one is not shown to be as good: tests in a fixed
    order, so that none needs a correction for the others."""
    if best is None:
        return None, NOTHING
    smallest = best
    below = [one for one in levels if one.level < best]
    for one in reversed(below):
        if one.verdict != "non-inferior":
            break
        smallest = one.level
    return smallest, BEST_ALONE if smallest == best and below else ""


def _fit(tables: Mapping[float, Table], factor: str, cases: int) -> Fit:
    if factor not in AMOUNTS:
        return _no_fit(NO_AMOUNT)
    if len(tables) < fitting.FEWEST_LEVELS or not cases:
        return _no_fit(FEW_LEVELS)
    levels = list(tables)
    means = [float(np.mean(list(table.values()))) for table in tables.values()]
    curve = fitting.fit(levels, means)
    if curve.at_edge or np.ptp(means) == 0:
        return _no_fit(NO_BEND)
    drawn = fitting.fit_many(levels, _drawn_again(tables, cases))
    edges = float(np.mean([one.at_edge for one in drawn]))
    reason = OFTEN_NO_BEND if edges > (1 - LEVEL) / 2 else ""

    def estimate(of: Callable[[fitting.Curve], float]) -> Estimate:
        if reason:
            return Estimate(of(curve), reason=reason)
        return Estimate(of(curve), *_quantiles([of(one) for one in drawn]))

    most = max(levels)
    return Fit(
        a=estimate(lambda one: one.a),
        b=estimate(lambda one: one.b),
        c=estimate(lambda one: one.c),
        twice=estimate(lambda one: one.value(2 * most) - one.value(most)),
        unlimited=estimate(lambda one: one.a - one.value(most)),
        line=_line_of(curve, drawn, levels),
        reason="",
    )


def _no_fit(reason: str) -> Fit:
    none = Estimate(None, reason=reason)
    return Fit(none, none, none, none, none, (), reason)


def _drawn_again(tables: Mapping[float, Table], cases: int) -> Floats:
    """(DRAWS, levels): means of the levels when cases, the same at all levels, and
    each level's seeds are drawn again with replacement."""
    chance = np.random.default_rng(SEED)
    chosen = chance.integers(cases, size=(DRAWS, cases))
    counts = np.apply_along_axis(np.bincount, 1, chosen, minlength=cases) / cases
    found = np.empty((DRAWS, len(tables)))
    for place, table in enumerate(tables.values()):
        of_seeds = counts @ np.stack(list(table.values())).T  # (draws, seeds)
        seeds = of_seeds.shape[1]
        which = chance.integers(seeds, size=(DRAWS, seeds))
        found[:, place] = np.take_along_axis(of_seeds, which, axis=1).mean(axis=1)
    return found


def _quantiles(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _line_of(
    curve: fitting.Curve, drawn: Sequence[fitting.Curve], levels: Sequence[float]
) -> tuple[tuple[float, float, float, float], ...]:
    at = np.geomspace(min(levels), max(levels), 60)
    low, high = np.quantile(
        np.stack([one.at(at) for one in drawn]),
        [(1 - LEVEL) / 2, (1 + LEVEL) / 2],
        axis=0,
    )
    lines = zip(at, curve.at(at), low, high, strict=True)
    return tuple(tuple(float(one) for one in line) for line in lines)  # type: ignore[misc]
