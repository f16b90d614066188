"""What reaches a screen, and on which side of it."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from readerstudy.imaging import lut
from readerstudy.imaging.lut import load_lut
from readerstudy.imaging.rendering import WINDOWS, preview_png, shown_pixels

pytestmark = pytest.mark.pure

GREY = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


def stack(maximum: float = 1.0) -> np.ndarray:
    values = np.zeros((5, 64, 64), np.float32)
    for index in range(5):
        values[index, 10, 50] = maximum * (index + 1) / 5
    return values


def as_slices(pixels: bytes) -> np.ndarray:
    return np.frombuffer(pixels, np.uint8).reshape(3, 64, 64)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_a_reader_always_gets_the_same_number_of_bytes(window, noise):
    values = np.random.default_rng(1).normal(0.5, noise, (5, 64, 64))
    assert len(shown_pixels(values.astype(np.float32), window=window)) == 12288


def test_the_central_three_slices_come_lowest_first():
    shown = as_slices(shown_pixels(stack(), window="fixed"))
    assert shown.max(axis=(1, 2)).tolist() == [102, 153, 204]


def test_the_patients_right_stays_in_column_zero_and_the_front_in_row_zero():
    shown = as_slices(shown_pixels(stack(), window="fixed"))
    assert [np.argwhere(one).tolist() for one in shown] == [[[10, 50]]] * 3


def test_image_max_takes_each_slice_to_its_own_maximum():
    values = stack(0.5)
    values[2, 20, 20] = 0.15
    shown = as_slices(shown_pixels(values, window="image-max"))
    assert shown.max(axis=(1, 2)).tolist() == [255, 255, 255]
    assert shown[1, 20, 20] == round(38 * 255 / 76)  # of the 8-bit image


def test_image_max_changes_nothing_where_the_maximum_is_white_already():
    values = np.random.default_rng(2).random((5, 64, 64)).astype(np.float32)
    values[:, 0, 0] = 1
    assert shown_pixels(values, window="image-max") == shown_pixels(
        values, window="fixed"
    )


def test_an_empty_slice_stays_black():
    shown = as_slices(shown_pixels(np.zeros((5, 64, 64), "f4"), window="image-max"))
    assert not shown.any()


def test_only_a_stack_of_the_study_can_be_shown():
    with pytest.raises(ValueError, match="5, 64, 64"):
        shown_pixels(np.zeros((3, 64, 64), np.float32), window="image-max")


def test_a_preview_has_the_patients_right_on_the_viewers_left():
    image = np.zeros((64, 64), np.uint8)
    image[8, 4] = 255  # anterior, patient's right
    png = Image.open(BytesIO(preview_png(image, scale=3, lut=GREY)))
    assert png.size == (192, 192)
    red = np.asarray(png)[..., 0]
    row, column = np.unravel_index(red.argmax(), red.shape)
    assert (row // 3, column // 3) == (8, 4)


def test_a_preview_interpolates_values_and_not_colours():
    image = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))
    png = Image.open(BytesIO(preview_png(image, scale=4, lut=load_lut())))
    colours = {tuple(colour) for colour in np.asarray(png).reshape(-1, 3).tolist()}
    assert colours <= {tuple(colour) for colour in load_lut().tolist()}


def test_cool_is_imagejs_table_and_not_matplotlibs():
    table = load_lut("cool")
    assert table.shape == (256, 3)
    assert table[0].tolist() == [1, 3, 2]
    assert table[128].tolist() == [127, 1, 254]
    assert table[255].tolist() == [254, 250, 246]


def test_a_changed_colour_table_is_not_used(tmp_path, monkeypatch):
    content = (lut.FOLDER / "cool.csv").read_text()
    (tmp_path / "cool.csv").write_text(content.replace("0,1,3,2", "0,0,3,2", 1))
    monkeypatch.setattr(lut, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="not the one"):
        load_lut.__wrapped__("cool")


def test_nobody_can_change_the_shared_table():
    with pytest.raises(ValueError, match="read-only"):
        load_lut()[0, 0] = 9
