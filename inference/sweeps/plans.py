"""What a sweep may vary, and what each of its points is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

CASES, DEPTH, COUNTS, WINDOW, LOSS = "cases", "depth", "counts", "window", "loss"
FACTORS = (CASES, DEPTH, COUNTS, WINDOW, LOSS)
# The same network with more and more levels.
DEPTHS = {depth: f"unet-l{depth}" for depth in range(1, 6)}
# From the least to the most that a level can be; of cases the most is what there is.
RANGES: dict[str, tuple[float, float]] = {
    CASES: (1, math.inf),
    DEPTH: (1, len(DEPTHS)),
    COUNTS: (0.05, 1),
    WINDOW: (0.1, 1),
    LOSS: (0, 10),
}
WHOLE = (CASES, DEPTH)
SECOND_LOSS = "ssim"
MOST_LEVELS, MOST_SEEDS, MOST_POINTS = 16, 20, 100
# Of the chance by which cases are drawn; the training's own is another.
DRAWING = 0x5EED


@dataclass(frozen=True)
class Point:
    """conditions: as `Training.conditions` holds them; empty: everything as it is."""

    network: str
    conditions: dict[str, Any] = field(default_factory=dict)


def point(
    factor: str, level: float, seed: int, *, network: str, cases: Sequence[str]
) -> Point:
    """What is trained at `level` with `seed`. cases: all there are to learn from.

    A level at which nothing is changed has no conditions, and so is to the last bit
    what a training without any sweep is.
    """
    if factor == DEPTH:
        return Point(DEPTHS[int(level)])
    if factor == CASES and level < len(cases):
        drawn = draw_cases(cases, int(level), seed=seed)
        return Point(network, {"cases": drawn, "shown_cases": len(cases)})
    if factor == COUNTS and level < 1:
        return Point(network, {"count_fraction": level, "noise_seed": seed})
    if factor == WINDOW and level < 1:
        return Point(network, {"window": level})
    if factor == LOSS and level > 0:
        return Point(network, {"loss_weights": {SECOND_LOSS: level}})
    return Point(network)


def draw_cases(cases: Sequence[str], count: int, *, seed: int) -> list[str]:
    """So many of the cases, in their order. With one seed, fewer are among the more:
    a level adds cases to the one below it."""
    order = np.random.default_rng([DRAWING, seed]).permutation(len(cases))
    return [cases[place] for place in sorted(order[:count])]


def check(
    factor: str,
    *,
    levels: Sequence[float],
    seeds: Sequence[int],
    network: str,
    cases: int,
) -> None:
    """Refused, in words, where no sweep can be made of it."""
    if factor not in FACTORS:
        raise Refused(
            gettext_noop("There is no factor “%(factor)s”; there are %(factors)s.")
            % {"factor": factor, "factors": ", ".join(FACTORS)}
        )
    _check_count(levels, seeds)
    for level in levels:
        _check_level(factor, level, cases)
    if factor == DEPTH and network not in DEPTHS.values():
        raise Refused(
            gettext_noop("Network: depth can be varied of %(networks)s only.")
            % {"networks": ", ".join(DEPTHS.values())}
        )


def _check_level(factor: str, level: float, cases: int) -> None:
    low, high = RANGES[factor]
    high = min(high, cases) if factor == CASES else high
    told = {"level": f"{level:g}", "low": f"{low:g}", "high": f"{high:g}"}
    if not low <= level <= high:
        raise Refused(
            gettext_noop(
                "Levels: %(level)s is not possible here; they lie from %(low)s to "
                "%(high)s."
            )
            % told
        )
    if factor in WHOLE and level != int(level):
        raise Refused(
            gettext_noop("Levels: %(level)s is no whole number, as it must be here.")
            % told
        )


def _check_count(levels: Sequence[float], seeds: Sequence[int]) -> None:
    if not 2 <= len(levels) <= MOST_LEVELS or len(set(levels)) < len(levels):
        raise Refused(
            gettext_noop("Levels: give 2 to %(most)d different ones.")
            % {"most": MOST_LEVELS}
        )
    if not 1 <= len(seeds) <= MOST_SEEDS or len(set(seeds)) < len(seeds):
        raise Refused(
            gettext_noop("Seeds: give 1 to %(most)d different ones.")
            % {"most": MOST_SEEDS}
        )
    if len(levels) * len(seeds) > MOST_POINTS:
        raise Refused(
            gettext_noop(
                "Levels times seeds make %(count)d trainings; at most %(most)d are "
                "possible in one sweep."
            )
            % {"count": len(levels) * len(seeds), "most": MOST_POINTS}
        )
