"""The simulated reader of whole stacks: blind to all but grain, edges and spots."""

import numpy as np
import pytest
from scipy import ndimage

from readerstudy.simulation.stack_observer import (
    Asked,
    Impression,
    answer_stacks,
    impression_of,
)

pytestmark = pytest.mark.pure

SCALE = (1, 2, 3, 4, 5)
NOISE, SHARPNESS = (
    Asked("noise", "likert", SCALE),
    Asked("sharpness", "likert", SCALE),
)
CHOICE = Asked("preference", "choice", (1, 2, 3))
SURE = Asked("confidence", "confidence", range(101))
FIDELITY = Asked("fidelity", "fidelity", SCALE)


def head(*, grain: float = 8, blur: float = 0, spot: float = 0) -> np.ndarray:
    """Discs within a disc, as levels; `spot` is added at slice 1, row 40, column 22."""
    rng = np.random.default_rng(3)
    row, column = np.mgrid[:64, :64]
    image = 1500.0 * (np.hypot(row - 32, column - 32) < 26)
    image += 700.0 * (np.hypot(row - 26, column - 38) < 8)
    stack = np.repeat(image[None], 3, axis=0)
    if blur:
        stack = ndimage.gaussian_filter(stack, (0, blur, blur))
    stack[1] += spot * (np.hypot(row - 40, column - 22) < 1.5)
    stack += grain * rng.standard_normal(stack.shape) * (stack > 1)
    return np.rint(np.clip(stack, 0, 4095)).astype(np.uint16)


def said(stacks, question, *, bias=0.0, noise=0.0):
    rng = np.random.default_rng(1)
    found = answer_stacks(stacks, [question], bias=bias, noise=noise, rng=rng)
    return found[question.key]


def test_grain_is_what_was_put_in():
    for grain in (8, 40, 160):
        assert impression_of(head(grain=grain)).grain * 4095 == pytest.approx(
            grain, rel=0.25
        )


def test_the_more_grain_the_worse_the_image():
    values = [said([head(grain=grain)], NOISE) for grain in (2, 15, 60, 300)]
    assert values == sorted(values, reverse=True)
    assert (values[0], values[-1]) == (5, 1)


def test_blur_costs_sharpness_and_not_noise():
    sharp, blurred = head(grain=20), head(grain=20, blur=4)
    assert said([sharp], SHARPNESS) > said([blurred], SHARPNESS)
    assert said([sharp], NOISE) == said([blurred], NOISE)


def test_the_smoother_one_is_preferred_on_whichever_side_it_is():
    smooth, grainy = head(grain=10), head(grain=60)
    assert said([smooth, grainy], CHOICE) == 1
    assert said([grainy, smooth], CHOICE) == 2
    assert said([smooth, smooth], CHOICE) == 3
    must_choose = Asked("preference", "choice", (1, 2))
    assert said([smooth, smooth], must_choose) in (1, 2)


def test_a_spot_makes_sure_and_is_marked_where_it_is():
    plain, spotted = head(), head(spot=1500)
    assert said([plain], SURE) < 50 < said([spotted], SURE)
    answer = said([spotted], FIDELITY)
    assert answer["value"] == 4
    [mark] = answer["marks"]
    assert mark["slice"] == 1
    assert np.hypot(mark["row"] - 40, mark["column"] - 22) < 2
    assert said([plain], FIDELITY) == 1


def test_bias_and_noise_make_a_person_of_it():
    image = [head(grain=15)]
    assert said(image, NOISE, bias=2) > said(image, NOISE, bias=-2)
    rng = np.random.default_rng(5)
    values = {
        answer_stacks(image, [NOISE], bias=0, noise=1, rng=rng)["noise"]
        for _ in range(20)
    }
    assert len(values) > 1


def test_an_empty_image_is_no_finding():
    assert impression_of(np.zeros((2, 9, 9), np.uint16)) == Impression(
        0, 0, 0, (0, 0, 0)
    )
