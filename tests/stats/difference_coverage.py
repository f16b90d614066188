"""How often does the interval of a difference of two arms' mean kappas hold it?

A simulation for docs/statistics.md; its test runs few replicates. Both arms show the
same patients: disease is shared by all, what an arm's image adds to it by all readers
of that image, and a reader's error is their own; sides of a patient are correlated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.multireader.kappa_difference import Pairs, kappa_difference
from stats.outcomes import Interval

from .coverage import CATEGORIES, CUTS, _quadratic_kappa

OWN_ERROR = 0.4  # of a reading; the disease's standard deviation is 1


@dataclass(frozen=True)
class Coverage:
    """difference: the true one; shares of intervals, 0 to 1, that hold it.

    apart: of intervals that take both arms as independent, for comparison.
    """

    difference: float
    together: float
    apart: float


def simulate_grades(
    rng: np.random.Generator,
    *,
    patients: int,
    readers: int,
    errors: tuple[float, float],
    correlation: float,
) -> NDArray[np.int64]:
    """Grades 1 to 4, (readers, 3 arms, patients, 2 sides); arm 0 is the standard.

    errors: standard deviations of what the two compared arms add to the disease.
    """

    def sides(*shape: int) -> NDArray[np.float64]:
        shared = rng.standard_normal((*shape, 1))
        own = rng.standard_normal((*shape, 2))
        return np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own

    scales = np.array([0.0, *errors])[:, None, None]
    images = sides(patients) + scales * sides(3, patients)
    latent = images + OWN_ERROR * sides(readers, 3, patients)
    return 1 + np.digitize(latent / np.sqrt(1 + OWN_ERROR**2 + scales**2), CUTS)


def difference_coverage(
    *,
    replicates: int,
    seed: int,
    patients: int = 50,
    readers: int = 3,
    errors: tuple[float, float] = (0.4, 0.8),
    correlation: float = 0.6,
) -> Coverage:
    """Simulate `replicates` studies; the truth is that of 400,000 patients."""
    rng = np.random.default_rng(seed)
    setting = {"errors": errors, "correlation": correlation}
    many = simulate_grades(rng, patients=400_000, readers=1, **setting)[0]
    many = many.reshape(3, -1)
    truth = _quadratic_kappa(many[0], many[1]) - _quadratic_kappa(many[0], many[2])
    owners = np.repeat(np.arange(patients), 2).tolist()
    held = {"together": 0, "apart": 0}
    for _ in range(replicates):
        grades = simulate_grades(rng, patients=patients, readers=readers, **setting)
        flat = grades.reshape(readers, 3, -1).tolist()
        for name, apart in (("together", 0), ("apart", patients)):
            others = [patient + apart for patient in owners]
            result = kappa_difference(
                [
                    (Pairs(one[0], one[1], owners), Pairs(one[0], one[2], others))
                    for one in flat
                ],
                categories=CATEGORIES,
                weighting="quadratic",
            )
            span = result.interval
            assert isinstance(span, Interval)
            held[name] += span.low <= truth <= span.high
    return Coverage(
        float(truth),
        float(held["together"] / replicates),
        float(held["apart"] / replicates),
    )
