"""Studies of a design simulated one by one, to hold what `precision` expects."""

from dataclasses import dataclass

import numpy as np

from ..multireader import against_margin, difference, joint_kappas
from ..outcomes import Interval
from .design import Design

SEED = 1


@dataclass(frozen=True)
class Trials:
    """Of so many simulated studies: shares, 0 to 1, and means.

    half_width: mean half-width of the interval of the difference. covered: intervals
    that hold the design's difference. not_inferior: studies that showed it by the
    margin, with its Monte Carlo standard error. without: studies without an interval;
    they show nothing, and are in no mean.
    """

    studies: int
    half_width: float
    covered: float
    not_inferior: float
    standard_error: float
    without: int


def simulate(
    design: Design,
    *,
    patients: int,
    readers: int,
    margin: float,
    studies: int,
    seed: int = SEED,
) -> Trials:
    """Draw studies and analyse each as a report would."""
    rng = np.random.default_rng(seed)
    widths, held, shown, without = [], 0, 0, 0
    for _ in range(studies):
        table = design.draw(rng, patients=patients, readers=readers)
        joint = joint_kappas(table, weighting=design.weighting)
        found = difference(joint, 0, 1)
        if not isinstance(found.interval, Interval):
            without += 1
            continue
        low, high = found.interval.low, found.interval.high
        widths.append((high - low) / 2)
        held += low <= design.difference <= high
        shown += against_margin(found, margin=margin).not_inferior is True
    power = shown / studies
    return Trials(
        studies=studies,
        half_width=float(np.mean(widths)) if widths else float("nan"),
        covered=held / max(len(widths), 1),
        not_inferior=power,
        standard_error=float(np.sqrt(power * (1 - power) / studies)),
        without=without,
    )
