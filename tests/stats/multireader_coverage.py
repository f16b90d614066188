"""How often do results of arms compared over readers err, where the truth is known?

A simulation for the bench and for docs/statistics/multireader.md; its test runs few
replicates. Disease is shared by all arms, what an arm's image adds to it by all readers
of that image, a reader's error is their own, and readers differ in how large it is and
in where they draw the line between grades. Sides of a patient are correlated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.multireader import (
    difference,
    jackknife_replicates,
    joint_kappas,
    kappas_of_tables,
    mean_kappa,
    obuchowski_rockette,
    patient_tables,
    swap_test,
)
from stats.outcomes import Interval, NotEstimable
from stats.readings import GradeTable

from .coverage import CATEGORIES, CUTS


@dataclass(frozen=True)
class Errors:
    """Shares of replicates, 0 to 1.

    mean, difference: of intervals that hold the truth of these readers. these, swapped,
    others: of tests at 5 % that call the arms different: of the difference of mean
    kappa, of swapped arms, and of the analysis for other readers. The arms are equal
    for these readers without an interaction, and over all readers in any case, if their
    image errors are.
    not_estimable: replicates without one of them, left out of all.
    """

    mean: float
    difference: float
    these: float
    swapped: float
    others: float
    not_estimable: int


@dataclass(frozen=True)
class Readers:
    """errors: (r,) standard deviations of a reading. cuts: (r, 3) between grades.

    own: (r, 3) factors of it in each arm, the standard's first.
    """

    errors: NDArray[np.float64]
    cuts: NDArray[np.float64]
    own: NDArray[np.float64]


def some_readers(
    rng: np.random.Generator, *, readers: int, apart: float, interaction: float
) -> Readers:
    """apart: how much readers differ; interaction: and do so in each arm anew."""
    errors = 0.4 * np.exp(apart * rng.standard_normal(readers))
    cuts = np.array(CUTS) + 0.5 * apart * rng.standard_normal((readers, 1))
    own = np.exp(interaction * rng.standard_normal((readers, 3)))
    own[:, 0] = 1
    return Readers(errors, cuts, own)


def simulate(
    rng: np.random.Generator,
    readers: Readers,
    *,
    patients: int,
    image_errors: tuple[float, float],
    correlation: float,
) -> GradeTable:
    """Two arms beside the standard."""

    def sides(*shape: int) -> NDArray[np.float64]:
        shared = rng.standard_normal((*shape, 1))
        own = rng.standard_normal((*shape, 2))
        return np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own

    images = sides(patients) + np.array([0.0, *image_errors])[:, None, None] * sides(
        3, patients
    )
    count = len(readers.errors)
    spread = (readers.errors[:, None] * readers.own)[:, :, None, None]
    latent = images + spread * sides(count, 3, patients)
    latent /= np.sqrt(1 + 0.4**2 + np.array([0.0, *image_errors]) ** 2)[:, None, None]
    grades = (latent[..., None] > readers.cuts[:, None, None, None, :]).sum(axis=-1)
    flat = grades.reshape(count, 3, -1)
    owners = np.repeat(np.arange(patients), 2)
    return GradeTable(CATEGORIES, flat[:, 1:], flat[:, 0], owners)


def errors_of_arms_compared(
    *,
    replicates: int,
    seed: int,
    patients: int = 50,
    readers: int = 3,
    image_errors: tuple[float, float] = (0.5, 0.5),
    correlation: float = 0.6,
    apart: float = 0.3,
    interaction: float = 0.0,
    swaps: int = 199,
) -> Errors:
    """Simulate `replicates` studies, each with readers of its own.

    The truth of these readers is that of 5,000 patients read by them, with a Monte
    Carlo error of a tenth of the standard error.
    """
    rng = np.random.default_rng(seed)
    setting = {"image_errors": image_errors, "correlation": correlation}
    counts = np.zeros(5)
    counted = 0
    for number in range(replicates):
        people = some_readers(
            rng, readers=readers, apart=apart, interaction=interaction
        )
        many = simulate(rng, people, patients=5_000, **setting)
        truth = kappas_of_tables(_whole_table(many), weighting="quadratic").mean(axis=0)
        table = simulate(rng, people, patients=patients, **setting)
        found = _one_study(table, truth, swaps=swaps, seed=number)
        if found is not None:
            counts += found
            counted += 1
    return Errors(*(float(one) for one in counts / counted), replicates - counted)


def _whole_table(table: GradeTable) -> NDArray[np.float64]:
    """(readers, arms, 4, 4) counts over all patients; patients' own would not fit."""
    pooled = GradeTable(
        table.categories, table.grades, table.standard, np.zeros_like(table.patients)
    )
    return patient_tables(pooled)[0]


def _one_study(
    table: GradeTable, truth: NDArray[np.float64], *, swaps: int, seed: int
) -> NDArray[np.float64] | None:
    joint = joint_kappas(table, weighting="quadratic")
    mean, apart = mean_kappa(joint, 0), difference(joint, 0, 1)
    swapped = swap_test(
        table, 0, 1, weighting="quadratic", permutations=swaps, seed=seed
    )
    others = obuchowski_rockette(
        kappas_of_tables(patient_tables(table).sum(axis=0), weighting="quadratic"),
        jackknife_replicates(table, weighting="quadratic"),
    )
    if isinstance(others, NotEstimable) or isinstance(others.analyses[0], NotEstimable):
        return None
    if not isinstance(mean.interval, Interval) or isinstance(apart.p, NotEstimable):
        return None
    assert isinstance(apart.interval, Interval)
    true_difference = truth[0] - truth[1]
    return np.array(
        [
            mean.interval.low <= truth[0] <= mean.interval.high,
            apart.interval.low <= true_difference <= apart.interval.high,
            apart.p < 0.05,
            swapped.p <= 0.05,
            others.analyses[0].p < 0.05,
        ],
        dtype=float,
    )
