"""A scan as it is kept: nothing lost in small numbers, its slices those of its grid."""

import numpy as np
import pytest

from readerstudy.imaging.preprocessing import PIXEL_MM
from readerstudy.imaging.scans import Scan, prepared, sha256_of
from readerstudy.imaging.tomogram import read_tomogram

from .objects import as_file, nuclear_object

pytestmark = pytest.mark.pure


def scan_of(stored: np.ndarray, **elements: object) -> Scan:
    pixel_mm = elements.pop("pixel_mm", (PIXEL_MM, PIXEL_MM))
    between_mm = elements.pop("between_mm", PIXEL_MM)
    ds = nuclear_object(stored, between_mm=between_mm, pixel_mm=pixel_mm)
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return prepared(read_tomogram(as_file(ds)))


def counts(low: int = 0, high: int = 900) -> np.ndarray:
    rng = np.random.default_rng(1)
    drawn = rng.integers(low, high, (4, 64, 64))
    drawn[0, 0, :2] = low, high - 1
    return drawn


@pytest.mark.parametrize(
    ("stored", "elements", "kind"),
    [
        (counts().astype(np.uint16), {}, np.uint16),
        (counts(0, 65_536).astype(np.uint16), {}, np.uint16),
        (counts(-9).astype(np.uint16), {"PixelRepresentation": 1}, np.int16),
        (counts().astype(np.uint16), {"RescaleSlope": 0.25}, np.float32),
        (counts(0, 40_000).astype(np.uint16), {"RescaleSlope": 2}, np.float32),
        (
            counts(0, 60_000).astype(np.uint16),
            {"RescaleSlope": 1, "RescaleIntercept": -1},
            np.float32,
        ),
    ],
)
def test_voxels_are_as_small_as_they_can_be_and_the_same(stored, elements, kind):
    scan = scan_of(stored, **elements)
    signed = "PixelRepresentation" in elements
    values = stored.astype(np.int16 if signed else np.uint16).astype(np.float64)
    expected = values * elements.get("RescaleSlope", 1.0) + elements.get(
        "RescaleIntercept", 0
    )
    assert scan.voxels.dtype == kind
    np.testing.assert_array_equal(scan.voxels, expected.astype(np.float32))
    assert scan.content == sha256_of(scan.voxels)
    assert scan.total_counts == expected.sum()


def hot(slice_index: int) -> np.ndarray:
    """A slab of head with one hot spot, every slice a little different."""
    stored = np.zeros((20, 80, 80), np.uint16)
    stored[2:18, 20:60, 20:60] = 100
    stored[slice_index, 35:45, 35:45] = 2000
    return stored


def test_slices_are_counted_on_the_grid_that_is_kept():
    """Twice as far apart in the file: what lay in slice 6 lies in 12 afterwards."""
    scan = scan_of(hot(6), pixel_mm=(4.1, 4.1), between_mm=2 * PIXEL_MM)
    assert scan.spacing_mm == (PIXEL_MM,) * 3
    assert scan.candidates["central-region"] == scan.candidates["hottest-voxel"] == 12
    assert scan.voxels[12].max() == scan.voxels.max()


def test_of_the_file_stay_its_place_its_counts_and_its_grid():
    stored = hot(6)
    scan = scan_of(stored, pixel_mm=(4.1, 4.1), between_mm=2 * PIXEL_MM)
    assert scan.total_counts == stored.sum(dtype=float)
    assert scan.origin_mm == pytest.approx((-200.0, -200.0, 100.0))
    assert scan.resampled_from["shape"] == [20, 80, 80]
    assert scan.resampled_from["spacing_mm"] == pytest.approx([2 * PIXEL_MM, 4.1, 4.1])


def test_what_has_the_studys_pixels_was_not_resampled():
    assert scan_of(hot(6)).resampled_from is None


def test_the_middle_of_the_brain_is_looked_for_by_millimetres_not_by_slices():
    """Thick slices: 40 mm above the widest section are four of them, not twelve."""
    stored = hot(6)
    stored[9, 20:60, 20:60] = 300  # the widest section
    stored[16, 38:42, 38:42] = 5000  # hotter, but 70 mm above it
    scan = scan_of(stored, between_mm=10.0)
    assert scan.candidates["largest-sum"] == 9
    assert scan.candidates["hottest-voxel"] == 16
    assert scan.candidates["central-region"] == 6
