"""How exactly a study of a design would know its kappas, and what it could show.

Each patient moves kappa by a number whose spread does not depend on how many there are.
It is measured on one large simulated study; the standard error with n patients is that
spread over √n. So every number of patients costs nothing more, and the numbers do not
jump from one try to the next.

References
----------
Vanbelle S (2017) Comparing dependent kappa coefficients obtained on multilevel
    data. Biom J 59:1016-1034. doi:10.1002/bimj.201600093
Julious SA (2004) Sample sizes for clinical trials with normal data. Stat Med
    23:1921-1986. doi:10.1002/sim.1783
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..multireader import joint_kappas
from ..outcomes import student_quantile
from .design import Design, Floats

LARGE = 20_000  # patients of the study that the spread is measured on
LEAST_READERS = 6
SEED = 1
MOST_PATIENTS = 2000
MOST_READERS = 20


@dataclass(frozen=True)
class Expected:
    """Of a study with so many patients (both sides) and readers.

    kappa, mean, difference: half-widths of the 95 % intervals of one reader's kappa in
    the primary arm, of the mean over these readers, and of the difference of the mean
    kappas of both arms. not_inferior, equivalent: how often, 0 to 1, such a study would
    show it by the margin if the design is right; other: how often its interval of the
    difference would leave out 0.
    """

    patients: int
    readers: int
    kappa: float
    mean: float
    difference: float
    not_inferior: float
    equivalent: float
    other: float


@dataclass(frozen=True)
class Spread:
    """Standard deviations, over patients, of a patient's move times the patients.

    kappa: of one reader's kappa in the primary arm. mean, difference: (readers,) of the
    mean over the first 1, 2, … readers, and of the difference of the arms' means.
    """

    kappa: float
    mean: tuple[float, ...]
    difference: tuple[float, ...]


@lru_cache(maxsize=32)
def spread_of(design: Design, *, readers: int, seed: int = SEED) -> Spread:
    """Measured on one simulated study of 20,000 patients, and of six readers at least:
    what it says of three does not depend on how many are asked for beside them."""
    readers = max(readers, LEAST_READERS)
    rng = np.random.default_rng(seed)
    table = design.draw(rng, patients=LARGE, readers=readers)
    moves = joint_kappas(table, weighting=design.weighting).moves * LARGE
    numbers = np.arange(1, readers + 1)[None, :]
    arm = np.cumsum(moves[:, :, 0], axis=1) / numbers
    both = np.cumsum(moves[:, :, 0] - moves[:, :, 1], axis=1) / numbers
    return Spread(
        kappa=float(np.mean(_deviations(moves[:, :, 0]))),
        mean=tuple(_deviations(arm)),
        difference=tuple(_deviations(both)),
    )


def _deviations(values: Floats) -> list[float]:
    """(readers,) of values (patients, readers)."""
    return [float(one) for one in values.std(axis=0, ddof=1)]


def expected(
    design: Design, spread: Spread, *, patients: int, readers: int, margin: float
) -> Expected:
    """margin: of kappa, more than 0. readers: as many as the spread has, or fewer.

    Intervals are those of stats.multireader: the difference ± t(patients − 1) times its
    standard error; equivalence takes the interval of 90 %. Power supposes the
    difference to be normal around the design's, with that standard error.
    """
    if patients < 2 or not 0 < readers <= len(spread.difference) or margin <= 0:
        raise ValueError("patients, readers or margin are out of their range")
    wide, narrow = (
        student_quantile(level=level, degrees_of_freedom=patients - 1)
        for level in (0.95, 0.90)
    )
    root = float(np.sqrt(patients))
    error = spread.difference[readers - 1] / root
    above = (margin + design.difference) / error
    below = (margin - design.difference) / error
    away = abs(design.difference) / error
    return Expected(
        patients=patients,
        readers=readers,
        kappa=wide * spread.kappa / root,
        mean=wide * spread.mean[readers - 1] / root,
        difference=wide * error,
        not_inferior=_normal(above - wide),
        equivalent=max(0.0, _normal(above - narrow) + _normal(below - narrow) - 1),
        other=_normal(away - wide) + _normal(-away - wide),
    )


def _normal(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(z))


def patients_needed(
    design: Design, spread: Spread, *, readers: int, margin: float, power: float
) -> int | None:
    """The fewest patients with which non-inferiority would be shown so often; None
    where 2,000 are too few."""

    def enough(patients: int) -> bool:
        found = expected(
            design, spread, patients=patients, readers=readers, margin=margin
        )
        return found.not_inferior >= power

    low, high = 1, MOST_PATIENTS
    if not enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def grid(
    design: Design,
    spread: Spread,
    *,
    patients: Sequence[int],
    margin: float,
) -> tuple[tuple[Expected, ...], ...]:
    """For each number of patients, for 1, 2, … readers."""
    counts = range(1, len(spread.difference) + 1)
    return tuple(
        tuple(
            expected(design, spread, patients=n, readers=r, margin=margin)
            for r in counts
        )
        for n in patients
    )
