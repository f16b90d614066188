"""Of a large stack, the worst slices of every map are kept."""

import numpy as np
import pytest

from inference.stability_runs.maps import MOST, kept_slices
from readerstudy.imaging.map_pictures import peak_slice

pytestmark = pytest.mark.pure
SLICES = 60


def empty(value: float = 0.0) -> np.ndarray:
    return np.full((SLICES, 4, 4), value, np.float32)


def measured_in_the_middle() -> np.ndarray:
    """As the spread between repeats: of five slices alone, and large in all of them."""
    found = empty(np.nan)
    found[28:33] = np.arange(20, 25)[:, None, None]
    return found


def spread() -> np.ndarray:
    """As displacement: some everywhere."""
    found = empty(np.nan)
    found[::15] = 3.0
    return found


def test_a_nodule_invented_in_one_slice_is_kept_whatever_the_other_maps_show():
    invented, lost = empty(), empty()
    invented[57, 2, 2], lost[::2, 0, 0] = 5.0, 4.0
    maps = {
        "sd": measured_in_the_middle(),
        "displacement": spread(),
        "omission": lost,
        "hallucination": invented,
    }
    slices, kept = kept_slices(maps)
    assert len(slices) == MOST and list(slices) == sorted(slices)
    for name, whole in maps.items():
        place = peak_slice(kept[name])
        assert np.nanmax(kept[name]) == np.nanmax(whole), name
        np.testing.assert_array_equal(kept[name][place], whole[slices[place]])
    assert slices[peak_slice(kept["hallucination"])] == 57


def test_a_map_in_which_nothing_was_found_takes_no_place():
    lost = empty()
    lost[40:52, 0, 0] = np.arange(4, 16)
    slices, _ = kept_slices({"hallucination": empty(), "omission": lost})
    assert slices == tuple(range(40, 52))


def test_where_nothing_was_found_the_middle_is_kept():
    slices, _ = kept_slices({"hallucination": empty(), "omission": empty()})
    assert slices == tuple(range(24, 36))


def test_of_few_slices_all_are_kept():
    slices, kept = kept_slices({"omission": empty()[:MOST]})
    assert slices == () and kept["omission"].shape == (MOST, 4, 4)
