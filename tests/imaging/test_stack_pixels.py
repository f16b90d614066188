"""Whole stacks as a reader's browser gets them: levels, in a frame of one size."""

import numpy as np
import pytest

from readerstudy.imaging.rendering import OUTSIDE, stack_pixels


def levels(
    values: np.ndarray, frame: tuple[int, ...] = (1, 2, 3), *, low=-1024.0, high=3071.0
) -> np.ndarray:
    pixels = stack_pixels(values, low=low, high=high, frame=frame)
    assert len(pixels) == 2 * np.prod(frame)
    return np.frombuffer(pixels, "<u2").reshape(frame)


def test_every_hounsfield_unit_of_a_ct_is_a_level_of_its_own():
    values = np.arange(-1024, 3072, dtype=np.int16).reshape(1, 64, 64)
    found = levels(values, (1, 64, 64))
    assert (found.ravel() == np.arange(4096)).all()


def test_what_lies_outside_the_range_is_drawn_as_its_ends_and_no_number_as_the_first():
    values = np.array([[[-3000, 9000, np.nan], [-np.inf, np.inf, 0]]], np.float32)
    found = levels(values)
    assert found.tolist() == [[[0, 4095, 0], [0, 4095, 1024]]]


def test_whole_numbers_and_fractions_of_the_same_values_are_the_same_levels():
    whole = np.random.default_rng(1).integers(-200, 300, (3, 5, 4)).astype(np.int16)
    same = (levels(one, (3, 5, 4)) for one in (whole, whole.astype(np.float32)))
    assert np.array_equal(*same)


@pytest.mark.parametrize("value", [3071, -1024, -3000])
def test_a_smaller_stack_keeps_its_places_and_its_end_whatever_its_values(value):
    """An arm that has nothing in its last slices ends where the others do."""
    values = np.full((2, 3, 4), value, np.int16)
    found = levels(values, (3, 4, 6))
    assert (found[:2, :3, :4] == (4095 if value > 0 else 0)).all()
    assert (found != OUTSIDE).sum() == values.size


@pytest.mark.parametrize("frame", [(1, 3, 4), (2, 2, 4), (2, 3, 3)])
def test_a_larger_stack_than_the_frame_is_no_image_of_the_study(frame):
    with pytest.raises(ValueError, match="does not fit"):
        levels(np.zeros((2, 3, 4), np.int16), frame)


def test_rounded_to_whole_units_a_networks_image_has_gaps_where_a_scans_has_them():
    scan = np.random.default_rng(2).integers(0, 80, (2, 30, 30)).astype(np.int16)
    made = scan + np.float32(0.3)
    shown = [
        stack_pixels(one, low=0, high=80, frame=(2, 30, 30), whole=True)
        for one in (scan, made)
    ]
    assert shown[0] == shown[1]
    assert stack_pixels(made, low=0, high=80, frame=(2, 30, 30)) != shown[1]
