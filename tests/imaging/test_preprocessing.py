"""The study's image: which slices, which maximum, which pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import (
    SEARCH_RADIUS_MM,
    find_central_slice,
    prepare_stack,
    to_eight_bit,
)
from readerstudy.imaging.volume import Volume

pytestmark = pytest.mark.pure

MM = (3.29, 3.29, 3.29)


def volume(shape=(12, 128, 128), fill=1.0) -> Volume:
    return Volume(np.full(shape, fill, np.float32), MM)


def head_with_parotid() -> Volume:
    """A dim head, a striatal spot in slice 8, a hotter spot 59 mm aside in slice 3."""
    found = volume()
    found.counts[8, 60, 70] = 50
    found.counts[3, 64, 64 + 18] = 80
    return found


def test_the_literal_rule_takes_the_highest_voxel_of_all():
    assert find_central_slice(head_with_parotid(), search_radius_mm=None) == 3


def test_the_guard_leaves_the_parotids_out():
    found = find_central_slice(head_with_parotid(), search_radius_mm=SEARCH_RADIUS_MM)
    assert found == 8


def test_the_guard_measures_millimetres_not_pixels():
    small = Volume(head_with_parotid().counts, (3.29, 1.0, 1.0))
    assert find_central_slice(small, search_radius_mm=SEARCH_RADIUS_MM) == 3


def test_the_search_is_around_the_head_not_around_the_matrix():
    found = Volume(np.zeros((6, 128, 128), np.float32), MM)
    found.counts[:, 80:120, 80:120] = 1  # a head far from the middle of the matrix
    found.counts[2, 100, 104] = 5
    found.counts[4, 64, 64] = 9  # hot, in the matrix' middle, outside of the head
    assert find_central_slice(found, search_radius_mm=SEARCH_RADIUS_MM) == 2


def test_both_rules_agree_where_nothing_beats_the_striatum():
    found = volume()
    found.counts[7, 62, 70] = 9
    assert find_central_slice(found, search_radius_mm=None) == 7
    assert find_central_slice(found, search_radius_mm=SEARCH_RADIUS_MM) == 7


def test_an_empty_volume_has_no_central_slice():
    with pytest.raises(Refused, match="no counts"):
        find_central_slice(volume(fill=0.0), search_radius_mm=None)


def test_each_slice_is_divided_by_the_maximum_of_the_whole_slice_then_cropped():
    found = volume()
    found.counts[5, 0, 0] = 40  # outside of the crop
    found.counts[6, 64, 64] = 10
    stack = prepare_stack(found, central_slice=6)
    assert stack.values.shape == (5, 64, 64)
    assert stack.values.dtype == np.float32
    assert stack.slice_maxima == (1, 40, 10, 1, 1)
    assert stack.values[1].max() == np.float32(1 / 40)
    assert stack.values[2].max() == 1
    assert np.argwhere(stack.values[2] == 1).tolist() == [[32, 32]]


def test_slices_keep_their_order_and_sides():
    found = volume()
    for index in range(12):
        found.counts[index, 40, 90] = 10 + index  # anterior, patient's left
    stack = prepare_stack(found, central_slice=6)
    assert stack.slice_maxima == (14, 15, 16, 17, 18)
    row, column = np.unravel_index(stack.values[0].argmax(), (64, 64))
    assert (row, column) == (40 - 32, 90 - 32)


@pytest.mark.parametrize("central", [0, 1, 10, 11])
def test_a_central_slice_too_near_an_end_is_refused(central):
    with pytest.raises(Refused, match="too near the end"):
        prepare_stack(volume(), central_slice=central)


def test_too_small_a_matrix_is_refused():
    with pytest.raises(Refused, match="at least 64×64"):
        prepare_stack(volume((12, 63, 128)), central_slice=6)


def test_an_empty_slice_is_refused():
    found = volume()
    found.counts[5] = 0
    with pytest.raises(Refused, match="Slice 6 of 12 holds no counts"):
        prepare_stack(found, central_slice=6)


def test_eight_bits_clip_and_round():
    values = np.array([-0.2, 0, 0.5 / 255, 0.51 / 255, 127.6 / 255, 1, 1.7])
    assert to_eight_bit(values).tolist() == [0, 0, 0, 1, 128, 255, 255]


@given(
    hnp.arrays(np.float32, (3, 4), elements=st.floats(-1, 2, width=32)),
)
def test_eight_bits_are_within_half_a_step_of_the_clipped_value(values):
    eight = to_eight_bit(values)
    error = np.abs(eight / 255 - np.clip(values.astype(np.float64), 0, 1))
    assert eight.dtype == np.uint8
    assert error.max() <= 0.5 / 255 + 1e-6


@given(st.floats(0.01, 1e6))
def test_the_study_image_does_not_depend_on_the_scale_of_the_counts(factor):
    rng = np.random.default_rng(3)
    counts = rng.random((5, 64, 64)).astype(np.float32)
    one = prepare_stack(Volume(counts, MM), central_slice=2).values
    other = prepare_stack(
        Volume((counts * factor).astype(np.float32), MM), central_slice=2
    ).values
    np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_volume_of_the_wrong_form_cannot_be_made():
    with pytest.raises(ValueError, match="float32"):
        Volume(np.zeros((2, 2, 2)), MM)
    with pytest.raises(ValueError, match="positive"):
        Volume(np.zeros((2, 2, 2), np.float32), (1.0, 0.0, 1.0))
