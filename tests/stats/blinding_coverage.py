"""How often do intervals of blinding indices hold the true index?

A simulation for docs/statistics.md; its test runs few replicates. Readers lean to
"another", each otherwise, and a patient's images look like the reference or not to
all of them alike, so guesses about one patient are correlated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stats.bias.blinding_index import GUESSES, balanced_index, bang_index
from stats.outcomes import Interval, NotEstimable

LEANING = np.array([-0.9, -0.5, -0.2])  # of the readers; below 0: to "another"
UNKNOWN = 0.3  # a latent impression nearer to 0 than this is no guess


@dataclass(frozen=True)
class Coverage:
    """The true indices, and the shares of intervals that hold them, 0 to 1.

    comparison: true index of the comparison arms; index: true balanced index.
    clustered, bang: intervals of the former; balanced: of the latter.
    not_estimable: share of replicates without a balanced interval, left out there.
    """

    comparison: float
    index: float
    clustered: float
    bang: float
    balanced: float
    not_estimable: float


def simulate_guesses(
    rng: np.random.Generator,
    *,
    patients: int,
    arms: int,
    knowledge: float,
    correlation: float,
) -> NDArray[np.int64]:
    """Guesses (readers, patients, arms) as places in GUESSES; arm 0 is the reference.

    knowledge: how far the latent impression of the reference lies above that of the
    others, in standard deviations. correlation: of impressions of one patient.
    """
    shape = (len(LEANING), patients, arms)
    latent = np.sqrt(1 - correlation) * rng.standard_normal(shape)
    latent += np.sqrt(correlation) * rng.standard_normal((patients, 1))
    latent += LEANING[:, None, None]
    latent[:, :, 0] += knowledge
    return np.where(latent > UNKNOWN, 0, np.where(latent < -UNKNOWN, 1, 2))


def true_indices(**setting: float) -> tuple[float, float]:
    """Index of the comparison arms, and balanced index, of very many patients."""
    many = simulate_guesses(
        np.random.default_rng(0), patients=200_000, arms=2, **setting
    )
    leaning = np.array([1.0, -1.0, 0.0])[many].mean(axis=(0, 1))
    return float(-leaning[1]), float((leaning[0] - leaning[1]) / 2)


def interval_coverage(
    *,
    replicates: int,
    seed: int,
    patients: int = 50,
    arms: int = 5,
    share: float = 0.2,
    knowledge: float = 0.5,
    correlation: float = 0.3,
) -> Coverage:
    """Simulate `replicates` studies of three readers and count the intervals.

    share: of the reads that are asked about, drawn at random.
    """
    rng = np.random.default_rng(seed)
    setting = {"knowledge": knowledge, "correlation": correlation}
    comparison, balance = true_indices(**setting)
    held = {"clustered": 0, "bang": 0, "balanced": 0}
    missing = 0
    for _ in range(replicates):
        places = simulate_guesses(rng, patients=patients, arms=arms, **setting)
        asked = rng.random(places.shape) < share
        reader, patient, arm = np.nonzero(asked)
        guesses = [GUESSES[place] for place in places[asked]]
        others = np.nonzero(arm)[0]
        of_others = bang_index(
            [guesses[read] for read in others],
            truth="comparison",
            patients=patient[others].tolist(),
        )
        result = balanced_index(
            guesses,
            truths=["comparison" if place else "reference" for place in arm],
            readers=reader.tolist(),
            patients=patient.tolist(),
        )
        held["clustered"] += _holds(of_others.interval_clustered, comparison)
        held["bang"] += _holds(of_others.interval, comparison)
        held["balanced"] += _holds(result.interval, balance)
        missing += isinstance(result.interval, NotEstimable)
    return Coverage(
        comparison=comparison,
        index=balance,
        clustered=held["clustered"] / replicates,
        bang=held["bang"] / replicates,
        balanced=held["balanced"] / (replicates - missing),
        not_estimable=missing / replicates,
    )


def _holds(interval: Interval | NotEstimable, truth: float) -> bool:
    return isinstance(interval, Interval) and interval.low <= truth <= interval.high
