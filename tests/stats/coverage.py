"""How often do intervals of kappa hold the true kappa, when sides are correlated?

A simulation for the bench and for docs/statistics/agreement.md; its test runs few
replicates. Disease of the two sides of one patient is correlated, and so are the
errors a reader makes on them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.agreement.bootstrap import bootstrap_kappa
from stats.agreement.kappa import ROUNDING, weighted_kappa
from stats.outcomes import Interval, NotEstimable
from stats.readings import GradeTable

CATEGORIES = (1, 2, 3, 4)
CUTS = (-1.0, -0.3, 0.5)  # of a standard normal: about 16, 22, 31 and 31 %


@dataclass(frozen=True)
class Coverage:
    """Shares of intervals that hold the true kappa, 0 to 1.

    clustered: the default of stats.agreement; plain: kappa ± 1.96 times the
    standard error of Fleiss, Cohen and Everitt, which knows no patients; percentile,
    bca, jackknife: those of stats.agreement.bootstrap, 0 where not asked for.
    not_estimable: replicates without an interval, left out of all shares.
    """

    kappa: float
    clustered: float
    plain: float
    percentile: float
    bca: float
    jackknife: float
    replicates: int
    not_estimable: int


def simulate_readings(
    rng: np.random.Generator,
    *,
    patients: int,
    disease_correlation: float,
    error_correlation: float,
    error: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two readings (patients, 2 sides) of grades 1 to 4.

    error: standard deviation of a reading's error; that of the disease is 1.
    """

    def sides(correlation: float) -> NDArray[np.float64]:
        shared = rng.standard_normal((patients, 1))
        own = rng.standard_normal((patients, 2))
        return np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own

    disease = sides(disease_correlation)
    spread = np.sqrt(1 + error**2)
    first, second = (
        1 + np.digitize((disease + error * sides(error_correlation)) / spread, CUTS)
        for _ in range(2)
    )
    return first, second


def interval_coverage(
    *,
    replicates: int,
    seed: int,
    patients: int = 50,
    disease_correlation: float = 0.6,
    error_correlation: float = 0.6,
    error: float = 0.7,
    level: float = 0.95,
    resamples: int = 0,
) -> Coverage:
    """Simulate `replicates` studies and count the intervals that hold the truth.

    resamples: of the patients of each study, for the bootstrap; 0: none.

    The truth is kappa of 400,000 simulated patients.
    """
    rng = np.random.default_rng(seed)
    setting = {
        "disease_correlation": disease_correlation,
        "error_correlation": error_correlation,
        "error": error,
    }
    first, second = simulate_readings(rng, patients=400_000, **setting)
    truth = float(_quadratic_kappa(first.ravel(), second.ravel()))
    owners = np.repeat(np.arange(patients), 2).tolist()
    clustered = plain = missing = 0
    resampled = np.zeros(3)
    for number in range(replicates):
        first, second = simulate_readings(rng, patients=patients, **setting)
        outcome = weighted_kappa(
            first.ravel().tolist(),
            second.ravel().tolist(),
            categories=CATEGORIES,
            patients=owners,
            weighting="quadratic",
            level=level,
        )
        if isinstance(outcome.interval, NotEstimable):
            missing += 1
            continue
        assert isinstance(outcome.interval, Interval)
        clustered += outcome.interval.low <= truth <= outcome.interval.high
        plain += abs(outcome.kappa - truth) <= 1.96 * outcome.standard_error
        if resamples:
            resampled += _resampled(first, second, truth, resamples, number)
    counted = replicates - missing
    shares = [float(held / counted) for held in (clustered, plain, *resampled)]
    return Coverage(truth, *shares, replicates, missing)


def _resampled(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    truth: float,
    resamples: int,
    seed: int,
) -> NDArray[np.bool_]:
    """(3,) whether percentile, BCa and jackknife hold the truth."""
    table = GradeTable(
        categories=CATEGORIES,
        grades=second.reshape(1, 1, -1) - 1,
        standard=first.reshape(1, -1) - 1,
        patients=np.repeat(np.arange(len(first)), first.shape[1]),
    )
    one = bootstrap_kappa(
        table, weighting="quadratic", replicates=resamples, seed=seed
    )[0][0]
    intervals = (one.percentile, one.bca, one.jackknife)
    return np.array(
        [isinstance(i, Interval) and i.low <= truth <= i.high for i in intervals]
    )


def _quadratic_kappa(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Quadratic kappa from five moments: 1 - E(x-y)² / (Vx + Vy + (mx-my)²)."""
    squared = ((first - second) ** 2).mean()
    by_chance = first.var() + second.var() + (first.mean() - second.mean()) ** 2
    assert by_chance > ROUNDING
    return 1 - squared / by_chance
