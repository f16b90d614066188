"""Where every mark of a training's curves, and of a dose curve, stands, in SVG units; a
template draws them.

Colours and fonts are in static/css/learning.css, by class.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 460, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 14, 42
# The first epochs lie far off what follows: this share of the lowest may leave the
# plot, so that the rest is told apart.
OUTLYING = 0.1
FEWEST_TO_CUT = 10
ENOUGH_MARKS = 3
SHARES = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)  # of the counts, as marked below a dose curve


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Curve:
    """points: of a polyline, "x,y x,y …". level: y of what it is held against."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    points: str
    last: tuple[float, float]
    level: float | None


@dataclass(frozen=True)
class Scale:
    """From `low` to `high` on the stretch from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        low, high, place = self.low, self.high, value
        if self.logarithmic:
            low, high, place = math.log(low), math.log(high), math.log(value)
        share = min(1.0, max(0.0, (place - low) / (high - low)))
        return round(self.start + share * (self.end - self.start), 1)


def curve(
    values: Sequence[tuple[int, float | None]],
    *,
    epochs: int,
    logarithmic: bool = False,
    level: float | None = None,
) -> Curve | None:
    """The curve of (epoch, value); None where there is nothing to draw yet.

    epochs: of the whole training; what is still to come is empty.
    """
    known = [(epoch, value) for epoch, value in values if value is not None]
    if logarithmic:
        known = [(epoch, value) for epoch, value in known if value > 0]
    if not known:
        return None
    x = Scale(1, max(2, epochs), LEFT, WIDTH - RIGHT)
    low, high = _range([value for _, value in known], level, logarithmic)
    y = Scale(low, high, HEIGHT - BOTTOM, TOP, logarithmic)
    places = [(x.at(epoch), y.at(value)) for epoch, value in known]
    return Curve(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        x_ticks=tuple(Tick(x.at(epoch), str(epoch)) for epoch in _epochs(epochs)),
        y_ticks=tuple(Tick(y.at(at), label) for at, label in value_marks(y)),
        points=" ".join(f"{left},{down}" for left, down in places),
        last=places[-1],
        level=None if level is None else y.at(level),
    )


@dataclass(frozen=True)
class Dose:
    """Errors against the share of the counts: two lines over the same axes.

    band: outline of the output's interval, as a polygon's points; empty without one.
    """

    axes: Curve
    output: str
    input: str
    band: str


def dose_curve(rows: Sequence[Mapping[str, Any]]) -> Dose | None:
    """Of the suite's "dose" rows; None where there are fewer than two."""
    if len(rows) < 2:
        return None
    ends = [row.get(name) for row in rows for name in ("output_low", "output_high")]
    values = [row[name] for row in rows for name in ("output", "input")]
    known = [one for one in (*values, *ends) if one is not None]
    x = Scale(0.0, 1.0, LEFT, WIDTH - RIGHT)
    y = Scale(0.0, max(known) * 1.06 or 1.0, HEIGHT - BOTTOM, TOP)

    def line(name: str, back: bool = False) -> str:
        places = [
            f"{x.at(row['dose'])},{y.at(row[name])}"
            for row in rows
            if row.get(name) is not None
        ]
        return " ".join(reversed(places) if back else places)

    axes = Curve(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        x_ticks=tuple(Tick(x.at(share), f"{share:g}") for share in SHARES),
        y_ticks=tuple(Tick(y.at(at), label) for at, label in value_marks(y)),
        points="",
        last=(0.0, 0.0),
        level=None,
    )
    band = f"{line('output_low')} {line('output_high', back=True)}".strip()
    return Dose(axes, line("output"), line("input"), band)


def _range(
    values: list[float], level: float | None, logarithmic: bool
) -> tuple[float, float]:
    """With a little room around; of many values the lowest may be left out."""
    ordered = sorted(values)
    cut = int(len(ordered) * OUTLYING) if len(ordered) >= FEWEST_TO_CUT else 0
    low, high = ordered[0 if logarithmic else cut], ordered[-1]
    if level is not None:
        low, high = min(low, level), max(high, level)
    if logarithmic:
        return low / 1.15, high * 1.15
    room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.01
    return low - room, high + room


def _epochs(epochs: int) -> list[int]:
    step = max(1, round(_step(max(epochs, 4))))
    return [1, *range(step, epochs + 1, step)] if step > 1 else [*range(1, epochs + 1)]


def _step(span: float) -> float:
    """1, 2 or 5 times a power of ten, so that 3 to 7 ticks fit."""
    power = 10.0 ** math.floor(math.log10(span / 4))
    steps = [k * power for k in (1, 2, 5, 10)]
    return min(steps, key=lambda step: abs(span / step - 5))


def value_marks(scale: Scale) -> list[tuple[float, str]]:
    if scale.logarithmic and len(marks := _logarithmic_marks(scale)) >= ENOUGH_MARKS:
        return marks
    step = _step(scale.high - scale.low)
    first, last = math.ceil(scale.low / step), math.floor(scale.high / step)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return [
        (k * step, f"{k * step:.{digits}f}".replace("-", "−"))
        for k in range(first, last + 1)
    ]


def _logarithmic_marks(scale: Scale) -> list[tuple[float, str]]:
    """At 1, 2 and 5 times powers of ten, or only at these where they are many."""
    powers = range(
        math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1
    )
    factors = (1, 2, 5) if scale.high / scale.low < 200 else (1,)
    found = [
        (factor * 10.0**power, f"{factor * 10.0**power:.{max(0, -power)}f}")
        for power in powers
        for factor in factors
    ]
    return [(at, label) for at, label in found if scale.low <= at <= scale.high]
