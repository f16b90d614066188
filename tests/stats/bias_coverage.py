"""How often do tests of bias err, and intervals of detection hold the truth?

A simulation for docs/statistics/bias.md; its test runs few replicates. Disease is
shared by the sides of a patient (correlation 0.6), an image's own error by all its
readers, and readers err by themselves.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.bias.bland_altman import limits_of_agreement
from stats.bias.detection import detections, wilson
from stats.bias.effects import Circumstances, order_effects
from stats.bias.ordinal import ordinal_model
from stats.bias.shift import patient_means
from stats.bias.symmetry import symmetry
from stats.comparison.rank_tests import sign_flip, signed_rank
from stats.outcomes import Interval, NotEstimable, normal_quantile
from stats.readings import GradeTable

SHARED = 0.6  # of the variance, between sides of a patient


def simulate_table(
    rng: np.random.Generator, *, patients: int, readers: int, side_by_side: float
) -> GradeTable:
    """Standard and one arm, alike but for chance. side_by_side: how much of an image's
    error both sides of a patient share, 0 to 1."""

    def shared(part: float, size: tuple[int, ...]) -> NDArray[np.float64]:
        both = rng.standard_normal((*size, patients, 1))
        own = rng.standard_normal((*size, patients, 2))
        return np.sqrt(part) * both + np.sqrt(1 - part) * own

    disease = shared(SHARED, ())
    image = 0.5 * shared(side_by_side, (2,))
    reading = 0.4 * rng.standard_normal((readers, 2, patients, 2))
    latent = disease + image + reading
    grades = np.digitize(latent, [-0.9, -0.1, 0.6]).reshape(readers, 2, -1)
    return GradeTable(
        (1, 2, 3, 4), grades[:, 1:], grades[:, 0], np.repeat(np.arange(patients), 2)
    )


@dataclass(frozen=True)
class Errors:
    """Share of studies without any shift in which P < 0.05."""

    wilcoxon: float
    permutation: float
    clustered: float
    stuart_maxwell: float
    bowker: float
    ordinal: float


def error_rates(
    *,
    replicates: int,
    seed: int,
    patients: int,
    readers: int,
    side_by_side: float,
    models: bool = True,
) -> Errors:
    """models: the ordinal one too, which takes most of the time."""
    rng, hits = np.random.default_rng(seed), np.zeros(6)
    for _ in range(replicates):
        table = simulate_table(
            rng, patients=patients, readers=readers, side_by_side=side_by_side
        )
        grades = table.grades[:, 0]
        differences = (grades - table.standard).astype(float)
        means = patient_means(differences, differences == differences, table.patients)
        tests = symmetry(
            table.standard.ravel(),
            grades.ravel(),
            patients=np.tile(table.patients, readers),
            categories=4,
        )
        both = GradeTable(
            table.categories,
            np.stack([table.standard, grades], axis=1),
            table.standard,
            table.patients,
        )
        p_values = (
            signed_rank(means).p,
            sign_flip(means, flips=1999).p,
            tests.clustered.p,
            tests.stuart_maxwell.p,
            tests.bowker.p,
            ordinal_model(both).arms[0].p if models else 1.0,
        )
        hits += [not isinstance(p, NotEstimable) and p < 0.05 for p in p_values]
    return Errors(*(hits / replicates).tolist())


@dataclass(frozen=True)
class Held:
    """Shares of intervals that hold the truth."""

    sensitivity: float
    sensitivity_as_if_independent: float
    limit: float
    limit_as_if_independent: float
    slope: float
    slope_as_if_independent: float


def coverage(*, replicates: int, seed: int, patients: int, readers: int) -> Held:
    """Sensitivity; the upper limit of agreement; a trend over a session."""
    rng, held = np.random.default_rng(seed), np.zeros(6)
    truth = _true_sensitivity(readers)
    for _ in range(replicates):
        table = simulate_table(
            rng, patients=patients, readers=readers, side_by_side=0.5
        )
        found = detections(table, normal_from=4)[0].overall.sensitivity
        plain = wilson(found.right / found.items, found.items)
        held[0] += _holds(found.interval, truth)
        held[1] += _holds(plain, truth)
        held[2:4] += _limits(rng, patients)
        held[4:] += _slopes(rng, patients, readers)
    return Held(*(held / replicates).tolist())


def _true_sensitivity(readers: int) -> float:
    many = simulate_table(
        np.random.default_rng(0), patients=50_000, readers=readers, side_by_side=0.5
    )
    return float((many.grades[:, 0] < 3)[many.standard < 3].mean())


def _limits(rng: np.random.Generator, patients: int) -> NDArray[np.bool_]:
    """Two sides a patient, differences of SD 1 and correlation 0.6."""
    both = np.sqrt(SHARED) * rng.standard_normal((patients, 1))
    values = (both + np.sqrt(1 - SHARED) * rng.standard_normal((patients, 2))).ravel()
    limit = normal_quantile(level=0.95)
    owners = np.repeat(np.arange(patients), 2)
    zeros = np.zeros(len(values))
    return np.array(
        [
            _holds(
                limits_of_agreement(values, zeros, patients=whose).upper_interval, limit
            )
            for whose in (owners.tolist(), range(len(values)))
        ]
    )


def _slopes(rng: np.random.Generator, patients: int, readers: int) -> NDArray[np.bool_]:
    """No trend, but patients differ, and easy ones came early to one reader in two."""
    shape = (readers, patients)
    people = rng.standard_normal(patients)
    response = people + rng.standard_normal(shape)
    order = rng.permutation(patients)
    positions = np.stack(
        [order if one % 2 else np.roll(order, patients // 3) for one in range(readers)]
    )
    reader, patient = np.indices(shape)
    ones = np.ones(shape, dtype=np.int64).ravel()
    found = []
    for whose in (patient.ravel(), np.arange(response.size)):
        where = Circumstances(reader.ravel(), ones, whose, ones, positions.ravel() + 1)
        slope = order_effects(response.ravel(), where).fatigue
        found.append(_holds(slope.interval, 0.0))
    return np.array(found)


def _holds(interval: Interval | NotEstimable, truth: float) -> bool:
    return isinstance(interval, Interval) and interval.low <= truth <= interval.high
