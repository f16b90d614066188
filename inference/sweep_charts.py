"""Where every mark of a sweep's two charts stands, in SVG units; a template draws them.

Colours are in static/css/sweep.css, by class.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .curves import Scale, Tick, value_marks
from .sweeps.findings import Estimate, Findings, Level
from .sweeps.plans import CASES, COUNTS

WIDTH, HEIGHT = 560, 340
LEFT, RIGHT, TOP, BOTTOM = 62, 18, 14, 46
ASIDE = 5.0  # so far beside each other stand the two intervals of a level
LOGARITHMIC = (CASES, COUNTS)


@dataclass(frozen=True)
class Bar:
    """An upright interval. low, high: y of its ends."""

    x: float
    low: float
    high: float


@dataclass(frozen=True)
class Mark:
    x: float
    y: float
    verdict: str = ""  # as of a Level, with "-" for spaces


@dataclass(frozen=True)
class Chart:
    """band, line: of the fitted curve, as points of a polygon and of a polyline.
    margin, zero: y of what the levels are held against. smallest: x."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    by_case: tuple[Bar, ...] = ()
    by_seed: tuple[Bar, ...] = ()
    seeds: tuple[Mark, ...] = ()
    band: str = ""
    line: str = ""
    margin: float | None = None
    zero: float | None = None
    smallest: float | None = None


def values_chart(found: Findings, *, factor: str) -> Chart | None:
    """Every level's mean with its intervals by case and by seed, and the curve; None
    where nothing is measured."""
    levels = [one for one in found.levels if one.seeds]
    if not levels or found.best is None:
        return None
    x = _across(levels, factor)
    best = next(one for one in levels if one.level == found.best)
    assert best.by_case.value is not None
    least = best.by_case.value - found.margin
    heights = [least, *(line[1] for line in found.fit.line)]
    for one in levels:
        heights += [*one.seeds.values(), *_ends(one.by_case)]
    y = _upward(heights)
    fit = found.fit.line
    band = [(line[0], line[3]) for line in fit]
    band += [(line[0], line[2]) for line in reversed(fit)]
    return Chart(
        **_frame(x, y, levels),
        marks=tuple(
            Mark(x.at(one.level), y.at(one.by_case.value), _class(one))
            for one in levels
            if one.by_case.value is not None
        ),
        by_case=_bars(x, y, [(one.level, one.by_case) for one in levels], -ASIDE),
        by_seed=_bars(x, y, [(one.level, one.by_seed) for one in levels], ASIDE),
        seeds=tuple(
            Mark(round(x.at(one.level) + ASIDE, 1), y.at(value))
            for one in levels
            for value in one.seeds.values()
        ),
        band=_points(x, y, band),
        line=_points(x, y, [(line[0], line[1]) for line in fit]),
        margin=y.at(least),
        smallest=None if found.smallest is None else x.at(found.smallest),
    )


def differences_chart(found: Findings, *, factor: str) -> Chart | None:
    """Every level less the best one, with the margin that it is held against."""
    levels = [one for one in found.levels if one.difference.value is not None]
    if len(levels) < 2:
        return None
    x = _across(levels, factor)
    middles = [v for one in levels if (v := one.difference.value) is not None]
    heights = [0.0, -found.margin, *middles]
    room = max(heights) - min(heights)
    lowest, highest = min(heights) - room, max(heights) + room
    for one in levels:  # what two seeds leave open may be wider than all else
        heights += [min(max(e, lowest), highest) for e in _ends(one.difference)]
    y = _upward(heights)
    return Chart(
        **_frame(x, y, levels),
        marks=tuple(
            Mark(x.at(one.level), y.at(one.difference.value), _class(one))
            for one in levels
            if one.difference.value is not None
        ),
        by_case=_bars(x, y, [(one.level, one.difference) for one in levels], 0),
        margin=y.at(-found.margin),
        zero=y.at(0),
        smallest=None if found.smallest is None else x.at(found.smallest),
    )


def _class(level: Level) -> str:
    return level.verdict.replace(" ", "-")


def _frame(x: Scale, y: Scale, levels: Sequence[Level]) -> dict[str, Any]:
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "top": TOP,
        "bottom": HEIGHT - BOTTOM,
        "x_ticks": tuple(Tick(x.at(one.level), f"{one.level:g}") for one in levels),
        "y_ticks": tuple(Tick(y.at(at), label) for at, label in value_marks(y)),
    }


def _across(levels: Sequence[Level], factor: str) -> Scale:
    low, high = levels[0].level, levels[-1].level
    logarithmic = factor in LOGARITHMIC and low > 0
    if low == high:
        low, high = low - 0.5, high + 0.5
        logarithmic = False
    inset = 2 * ASIDE
    return Scale(low, high, LEFT + inset, WIDTH - RIGHT - inset, logarithmic)


def _upward(heights: Sequence[float]) -> Scale:
    low, high = min(heights), max(heights)
    room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.01
    return Scale(low - room, high + room, HEIGHT - BOTTOM, TOP)


def _ends(estimate: Estimate) -> list[float]:
    ends = (estimate.value, estimate.low, estimate.high)
    return [end for end in ends if end is not None and math.isfinite(end)]


def _bars(
    x: Scale, y: Scale, levels: Sequence[tuple[float, Estimate]], aside: float
) -> tuple[Bar, ...]:
    """What is wider than the chart ends at its edge; the table has the numbers."""
    return tuple(
        Bar(round(x.at(level) + aside, 1), y.at(one.low), y.at(one.high))
        for level, one in levels
        if one.low is not None and one.high is not None
    )


def _points(x: Scale, y: Scale, places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x.at(level)},{y.at(value)}" for level, value in places)
