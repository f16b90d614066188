"""The simulated reader sees pixels and nothing else, and is right about them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from readerstudy.simulation.calibration import shown_to_reader
from readerstudy.simulation.observer import (
    grade_pixels,
    impressions,
    striatal_excess,
    unevenness,
)
from readerstudy.simulation.scanning import SimulatedPair

pytestmark = pytest.mark.pure
GRADES = [1, 2, 3, 4]


@pytest.fixture(scope="module")
def shown(left_normal_pair: SimulatedPair) -> NDArray[np.uint8]:
    pair = left_normal_pair
    return shown_to_reader(pair.reference, central=pair.reference)


def test_a_reader_tells_the_patients_sides_apart(shown: NDArray[np.uint8]) -> None:
    rng = np.random.default_rng(0)
    assert grade_pixels(shown, bias=0, noise=0, rng=rng) == {"right": 1, "left": 4}
    mirrored = np.ascontiguousarray(shown[:, :, ::-1])
    assert grade_pixels(mirrored, bias=0, noise=0, rng=rng) == {"right": 4, "left": 1}


def test_the_window_does_not_change_what_is_seen(shown: NDArray[np.uint8]) -> None:
    darker = (shown * np.array([0.9, 0.8, 0.6]).reshape(3, 1, 1)).astype(np.uint8)
    for key, value in striatal_excess(shown).items():
        assert striatal_excess(darker)[key] == pytest.approx(value, abs=0.1)


def test_bias_and_noise_make_a_person_of_it(pairs: list[SimulatedPair]) -> None:
    pixels = shown_to_reader(pairs[0].short, central=pairs[0].reference)
    lenient, severe = (
        np.mean(
            [
                list(grade_pixels(pixels, bias=bias, noise=0.3, rng=rng).values())
                for _ in range(50)
            ]
        )
        for bias, rng in (
            (0.7, np.random.default_rng(1)),
            (-0.7, np.random.default_rng(1)),
        )
    )
    assert lenient > severe + 0.3


def test_the_same_seed_reads_the_same(shown: NDArray[np.uint8]) -> None:
    first, second = (
        grade_pixels(shown, bias=0.1, noise=0.5, rng=np.random.default_rng(7))
        for _ in range(2)
    )
    assert first == second


def test_short_scans_look_less_even(pairs: list[SimulatedPair]) -> None:
    ratios = [
        unevenness(shown_to_reader(pair.short, central=pair.reference))
        / unevenness(shown_to_reader(pair.reference, central=pair.reference))
        for pair in pairs
    ]
    assert min(ratios) > 1
    assert np.mean(ratios) > 1.5


@pytest.mark.parametrize("fill", [0, 255])
def test_an_image_without_a_head_is_still_graded(fill: int) -> None:
    pixels = np.full((3, 64, 64), fill, dtype=np.uint8)
    grades = grade_pixels(pixels, bias=0, noise=0.2, rng=np.random.default_rng(0))
    assert set(grades) == {"right", "left"}
    assert all(grade in GRADES for grade in grades.values())


def test_pixels_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="64"):
        impressions(np.zeros((5, 64, 64), dtype=np.uint8))
