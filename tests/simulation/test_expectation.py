"""The long scan without its noise, against the one with it."""

import numpy as np
import pytest

from readerstudy.simulation.expectation import simulate_expected
from readerstudy.simulation.scanning import SimulatedPair

from .conftest import SEED

pytestmark = pytest.mark.pure


def test_the_noisy_scan_is_the_simulated_one_and_the_other_lies_in_its_middle(
    pairs: list[SimulatedPair],
) -> None:
    pair = pairs[3]
    reference, expected = simulate_expected(seed=SEED, index=3)
    edge = (pair.reference.counts.shape[1] - reference.counts.shape[1]) // 2
    inner = (slice(None), slice(edge, -edge), slice(edge, -edge))
    np.testing.assert_array_equal(reference.counts, pair.reference.counts[inner])

    def far(volume: np.ndarray) -> float:
        return float(np.sqrt(np.mean((volume - expected.counts) ** 2)))

    # a fifth of the counts has √5 times the noise, and the long scan holds the short
    short = pair.short.counts[inner] * 5
    assert 1.7 < far(short) / far(reference.counts) < 2.8
    assert abs(expected.counts.sum() / reference.counts.sum() - 1) < 0.01
