"""The display's test pattern: faint numbers, and nothing else that could tell them."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from readerstudy.imaging.test_pattern import pattern_png

pytestmark = pytest.mark.pure


def grey(dark: str, bright: str) -> tuple[np.ndarray, np.ndarray]:
    """The dark and the bright half, (200, 320) each."""
    image = Image.open(BytesIO(pattern_png(dark=dark, bright=bright)))
    assert image.mode == "L"
    assert image.info == {}  # no text, no time
    whole = np.asarray(image)
    assert whole.shape == (200, 640)
    return whole[:, :320], whole[:, 320:]


def test_numbers_are_five_percent_off_black_and_off_white():
    dark, bright = grey("348", "671")
    assert (dark.min(), dark.max()) == (0, round(0.05 * 255))
    assert (bright.min(), bright.max()) == (round(0.95 * 255), 255)


def test_numbers_have_strokes_that_no_sharp_eye_is_needed_for():
    """Even of the thinnest number more than 4 % of its half is ink."""
    dark, bright = grey("111", "111")
    assert (dark == 13).mean() > 0.04
    assert (bright == 242).mean() > 0.04


def test_numbers_stand_whole_and_free_in_the_middle_of_their_halves():
    dark, bright = grey("888", "444")
    for ink in (dark > 0, bright < 255):
        rows, columns = np.nonzero(ink)
        assert rows.min() > 20
        assert rows.max() < 180
        assert columns.min() > 20
        assert columns.max() < 300
        assert abs((columns.min() + columns.max()) / 2 - 159.5) < 10


def test_every_number_looks_different():
    seen = {grey(str(number), "100")[0].tobytes() for number in range(100, 1000, 7)}
    assert len(seen) == len(range(100, 1000, 7))


def test_one_half_does_not_tell_the_other():
    assert (grey("348", "671")[0] == grey("348", "902")[0]).all()
    assert (grey("348", "671")[1] == grey("555", "671")[1]).all()
