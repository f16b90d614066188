"""Volumes of other pixel sizes on the study's grid."""

import numpy as np
import pytest
import SimpleITK
from scipy.ndimage import gaussian_filter1d

from readerstudy.imaging import resampling
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import PIXEL_MM
from readerstudy.imaging.resampling import on_study_grid
from readerstudy.imaging.volume import Volume

pytestmark = pytest.mark.pure


def a_volume(
    spacing_mm: tuple[float, float, float], shape: tuple[int, int, int] = (12, 20, 24)
) -> Volume:
    counts = np.random.default_rng(11).gamma(2.0, 50.0, shape).astype(np.float32)
    return Volume(counts, spacing_mm)


def by_simpleitk(counts: np.ndarray, spacing_mm, like: Volume) -> np.ndarray:
    image = SimpleITK.GetImageFromArray(counts)
    image.SetSpacing([float(one) for one in spacing_mm[::-1]])
    size = [int(one) for one in like.counts.shape[::-1]]
    return SimpleITK.GetArrayFromImage(
        SimpleITK.Resample(
            image,
            size,
            SimpleITK.Transform(),
            SimpleITK.sitkLinear,
            [0.0, 0.0, 0.0],
            [PIXEL_MM] * 3,
        )
    )


@pytest.mark.parametrize(
    "spacing_mm", [(4.13, 4.13, 4.13), (6.58, 4.8, 3.9), (3.3, 6.58, 3.5)]
)
def test_smaller_voxels_are_those_of_simpleitk(spacing_mm):
    volume = a_volume(spacing_mm)
    found = on_study_grid(volume)
    assert found.spacing_mm == (PIXEL_MM,) * 3
    np.testing.assert_allclose(
        found.counts, by_simpleitk(volume.counts, spacing_mm, found), atol=1e-2
    )


@pytest.mark.parametrize("spacing_mm", [(2.0, 1.0, 1.5), (5.0, 0.98, 0.98)])
def test_larger_voxels_are_those_of_simpleitk_after_a_smoothing(spacing_mm):
    """Smoothing by scipy, sigma (3.29 / old - 1) / 2 old voxels, grown axes only."""
    volume = a_volume(spacing_mm, (10, 60, 70))
    smooth = volume.counts
    for axis, mm in enumerate(spacing_mm):
        if mm < PIXEL_MM:
            sigma = (PIXEL_MM / mm - 1) / 2
            smooth = gaussian_filter1d(smooth, sigma, axis=axis, mode="nearest")
    found = on_study_grid(volume)
    np.testing.assert_allclose(
        found.counts, by_simpleitk(smooth, spacing_mm, found), atol=0.05
    )


def test_fine_patterns_do_not_come_out_as_coarse_ones():
    """Stripes of one old pixel each would beat with the new grid."""
    stripes = np.zeros((4, 64, 64), np.float32)
    stripes[:, :, ::2] = 100
    found = on_study_grid(Volume(stripes, (3.29, 1.0, 1.0))).counts
    inner = found[:, 2:-2, 2:-2]
    assert np.ptp(inner) < 10
    assert inner.mean() == pytest.approx(50, abs=2)


def test_a_volume_of_the_studys_pixels_stays_the_same_object():
    for spacing_mm in ((3.29, 3.29, 3.29), (5.0, 3.3, 3.28), (2.0, 3.29, 3.29)):
        volume = a_volume(spacing_mm)
        assert on_study_grid(volume) is volume
    assert on_study_grid(a_volume((3.29, 3.29, 3.32))).spacing_mm == (PIXEL_MM,) * 3


def test_voxel_zero_stays_where_it_is_and_no_voxel_lies_outside():
    volume = a_volume((4.0, 4.0, 5.0))
    found = on_study_grid(volume)
    assert found.counts[0, 0, 0] == pytest.approx(volume.counts[0, 0, 0])
    for new, old, mm in zip(
        found.counts.shape, volume.counts.shape, volume.spacing_mm, strict=True
    ):
        assert (new - 1) * PIXEL_MM <= (old - 1) * mm < new * PIXEL_MM


def test_height_is_kept_not_the_sum():
    flat = np.full((10, 30, 30), 7, np.float32)
    for spacing_mm in ((4.0, 4.13, 4.13), (2.0, 1.0, 1.0)):
        found = on_study_grid(Volume(flat, spacing_mm))
        np.testing.assert_allclose(found.counts, 7, rtol=1e-6)


def test_left_and_right_are_not_exchanged():
    counts = np.zeros((8, 40, 40), np.float32)
    counts[2, 6, 31] = 1000  # low, anterior, on the patient's left
    found = on_study_grid(Volume(counts, (4.0, 4.0, 4.0))).counts
    slice_, row, column = np.unravel_index(found.argmax(), found.shape)
    assert np.array([slice_, row, column]) * PIXEL_MM == pytest.approx(
        np.array([2, 6, 31]) * 4.0, abs=2.0
    )


def test_a_single_row_survives():
    counts = np.ones((1, 1, 30), np.float32)
    assert on_study_grid(Volume(counts, (9.0, 9.0, 4.0))).counts.shape == (1, 1, 36)


def test_what_would_grow_beyond_measure_is_refused(monkeypatch):
    monkeypatch.setattr(resampling, "MAX_RESAMPLED_VOXELS", 1000)
    with pytest.raises(Refused, match="too large to be resampled"):
        on_study_grid(a_volume((50.0, 50.0, 50.0)))
