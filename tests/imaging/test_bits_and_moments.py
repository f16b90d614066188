"""Values that a file states in half: what it does not say is not made up."""

import numpy as np
import pytest

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.pixels import rescaled
from readerstudy.imaging.tomogram import read_tomogram

from .objects import as_file, nuclear_object

pytestmark = pytest.mark.pure


def counts_of(stored: np.ndarray, **elements: int) -> np.ndarray:
    ds = nuclear_object(stored, between_mm=3.29)
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return read_tomogram(as_file(ds)).volume.counts


def signed(bits: int) -> np.ndarray:
    counts = np.full((3, 64, 64), 100, np.int16)
    counts[1, 3, 4], counts[2, 5, 6] = -5, 2000
    return (counts & (2**bits - 1)).astype(np.uint16)


def test_fewer_bits_than_a_word_keep_their_sign():
    counts = counts_of(signed(12), BitsStored=12, HighBit=11, PixelRepresentation=1)
    assert (counts.min(), counts.max()) == (-5, 2000)


def test_a_file_whose_bits_lie_elsewhere_is_refused():
    """Read as if they did not, half of every count would be gone."""
    shifted = np.full((3, 64, 64), 2000 << 4, np.uint16)
    with pytest.raises(Refused, match="which bits of its pixels"):
        counts_of(shifted, BitsStored=12, HighBit=15)


def test_a_high_bit_that_changes_nothing_does_no_harm():
    full = np.full((3, 64, 64), 40_000, np.uint16)
    assert counts_of(full, HighBit=11).max() == 40_000


@pytest.mark.filterwarnings("ignore:Invalid value for VR TM")
@pytest.mark.parametrize("clock", [None, "", "noon"])
def test_a_day_without_a_time_is_no_moment(clock):
    """Midnight would put hours between two scans, or nothing."""
    ds = nuclear_object(np.full((3, 64, 64), 100, np.uint16))
    ds.AcquisitionDate = "20240102"
    if clock is not None:
        ds.add_new("AcquisitionTime", "TM", clock)
    assert read_tomogram(as_file(ds)).acquired_at is None


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_no_numbers_are_refused(value):
    stored = np.ones((3, 4, 4), np.float32)
    stored[1, 2, 3] = value
    with pytest.raises(Refused, match="not numbers"):
        rescaled(stored, np.array([(1.0, 0.0)]))
    with pytest.raises(Refused, match="not numbers"):
        rescaled(np.full((1, 2, 2), 3e38), np.array([(2.0, 0.0)]))
