"""How often do the other intervals of agreement hold the truth?

For docs/statistics/agreement.md; tests run few replicates. Readings as in coverage.py:
the sides of a patient are alike, and so are the errors made on them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.agreement.several_readers import NAMES, several_readers
from stats.agreement.tables import pair_table
from stats.outcomes import Interval, NotEstimable

from .coverage import CUTS, simulate_readings

SETTING = {"disease_correlation": 0.6, "error_correlation": 0.6}
TRUTH = 100_000  # patients of whom the truth is computed


@dataclass(frozen=True)
class ShareCoverage:
    """Shares of intervals that hold the true share of equal grades, or within one."""

    exact: float
    within_one: float


def _held(interval: Interval | NotEstimable, truth: float) -> bool:
    return isinstance(interval, Interval) and interval.low <= truth <= interval.high


def share_coverage(
    *, replicates: int, seed: int, patients: int = 50, error: float = 0.7
) -> ShareCoverage:
    rng = np.random.default_rng(seed)
    first, second = simulate_readings(rng, patients=TRUTH, error=error, **SETTING)
    exact = float((first == second).mean())
    near = float((np.abs(first - second) <= 1).mean())
    owners = np.repeat(np.arange(patients), 2)
    held = np.zeros(2)
    for _ in range(replicates):
        first, second = simulate_readings(
            rng, patients=patients, error=error, **SETTING
        )
        found = pair_table(
            first.ravel() - 1,
            second.ravel() - 1,
            categories=(1, 2, 3, 4),
            patients=owners,
        )
        held += [
            _held(found.exact.interval, exact),
            _held(found.within_one.interval, near),
        ]
    return ShareCoverage(*(float(share) for share in held / replicates))


def several_coverage(
    *,
    replicates: int,
    seed: int,
    readers: int = 3,
    patients: int = 50,
    error: float = 0.7,
) -> dict[str, tuple[float, float]]:
    """Coefficient → its true value, share of intervals that hold it."""
    rng = np.random.default_rng(seed)

    def found(count: int) -> dict[str, tuple[object, object]]:
        grades = _several(rng, readers=readers, patients=count, error=error)
        owners = np.repeat(np.arange(count), 2)
        coefficients = several_readers(grades, categories=4, patients=owners)
        return {one.name: (one.estimate, one.interval) for one in coefficients}

    truth = {name: value for name, (value, _) in found(TRUTH).items()}
    held = dict.fromkeys(NAMES, 0)
    for _ in range(replicates):
        for name, (_, interval) in found(patients).items():
            held[name] += _held(interval, truth[name])
    return {name: (truth[name], held[name] / replicates) for name in NAMES}


def _several(
    rng: np.random.Generator, *, readers: int, patients: int, error: float
) -> NDArray[np.int64]:
    """(readers, 2 sides of each patient) places; a correlation of 0.6 between sides,
    of disease and of each reader's errors."""

    def sides(*shape: int) -> NDArray[np.float64]:
        shared = rng.standard_normal((*shape, patients, 1))
        own = rng.standard_normal((*shape, patients, 2))
        return np.sqrt(0.6) * shared + np.sqrt(0.4) * own

    seen = (sides() + error * sides(readers)) / np.sqrt(1 + error**2)
    return np.digitize(seen.reshape(readers, -1), CUTS)
