"""Patients of another seed than the constants were fitted on. They are made once, for
everything that is asked of so many, because making them takes the longest here."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from readerstudy.imaging.volume import Volume
from readerstudy.simulation.calibration import shown_to_reader
from readerstudy.simulation.observer import grade_pixels
from readerstudy.simulation.scanning import SimulatedPair, simulate_pair

from .conftest import psnr_of

pytestmark = pytest.mark.pure
TIMES_READ = 8


def kappa_with_truth(scans: list[tuple[Volume, SimulatedPair]]) -> float:
    """Quadratic weighted kappa of a simulated reader with the truth, both sides."""
    truth, answers = [], []
    rng = np.random.default_rng(3)
    for volume, pair in scans:
        truth += [pair.truth.right.grade, pair.truth.left.grade] * TIMES_READ
        pixels = shown_to_reader(volume, central=pair.reference)
        for _ in range(TIMES_READ):
            grades = grade_pixels(pixels, bias=0.1, noise=0.25, rng=rng)
            answers += [grades["right"], grades["left"]]
    grades = [1, 2, 3, 4]
    return float(cohen_kappa_score(truth, answers, labels=grades, weights="quadratic"))


@pytest.mark.slow
def test_short_images_measure_as_in_the_study_and_are_harder_to_read() -> None:
    pairs = [simulate_pair(seed=77, index=index) for index in range(12)]

    assert 30.0 <= np.mean([psnr_of(pair) for pair in pairs]) <= 31.7

    reference = kappa_with_truth([(pair.reference, pair) for pair in pairs])
    short = kappa_with_truth([(pair.short, pair) for pair in pairs])
    assert reference > 0.75
    assert short < reference - 0.1
