"""How far a scan is displaced: known shifts, noise, and where nothing can be told."""

import numpy as np
import pytest
from scipy.ndimage import fourier_shift
from skimage.registration import phase_cross_correlation

from readerstudy.imaging.registration import displacement_mm
from readerstudy.imaging.volume import Volume
from tests.cases.scans import head, scanned

pytestmark = pytest.mark.pure

MM = 3.29
SHAPE = (48, 96, 96)
CLOSE_MM = 0.6  # 5 minutes against 25


def volume(counts: np.ndarray, spacing: float = MM) -> Volume:
    return Volume(counts.astype(np.float32), (spacing,) * 3)


def moved(counts: np.ndarray, mm: tuple[float, float, float]) -> np.ndarray:
    """By x, y, z in mm, exactly: in the frequencies."""
    x, y, z = mm
    shifted = fourier_shift(np.fft.fftn(counts), (z / MM, y / MM, x / MM))
    return np.clip(np.fft.ifftn(shifted).real, 0, None)


@pytest.mark.parametrize(
    "mm",
    [(0, 0, 0), (3.29, 0, 0), (0, -6.58, 0), (0, 0, 9.87), (1.1, -2.3, 4.7)],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_known_displacement_is_found_to_half_a_millimetre(mm, seed):
    image = head(seed, shape=SHAPE)
    reference = volume(scanned(image, seed=seed, scale=5))
    short = volume(scanned(moved(image, mm), seed=seed + 100, scale=1))
    found = displacement_mm(reference, short)
    assert found == pytest.approx(mm, abs=CLOSE_MM)
    back = displacement_mm(short, reference)
    assert back == pytest.approx([-one for one in mm], abs=CLOSE_MM)


def test_left_back_and_head_are_the_signs_of_the_patient():
    image = head(3, shape=SHAPE)
    left = np.roll(image, 2, axis=2)  # columns grow to the patient's left
    back = np.roll(image, 2, axis=1)
    up = np.roll(image, 2, axis=0)
    for axis, other in enumerate((left, back, up)):
        found = displacement_mm(volume(image), volume(other))
        assert found[axis] == pytest.approx(2 * MM, abs=0.2)


def test_another_implementation_finds_the_same():
    """skimage 0.26, phase_cross_correlation without noise, 1/20 voxel."""
    image = head(4, shape=SHAPE)
    other = moved(image, (2.5, -4.0, 1.5))
    theirs, _, _ = phase_cross_correlation(image, other, upsample_factor=20)
    z, y, x = (-one * MM for one in theirs)
    ours = displacement_mm(volume(image), volume(other))
    assert ours == pytest.approx((x, y, z), abs=0.3)


def test_scans_of_unlike_slice_counts_are_compared_from_their_lowest_slice():
    image = head(5, shape=SHAPE)
    found = displacement_mm(volume(image), volume(image[3:]))
    assert found == pytest.approx((0, 0, -3 * MM), abs=CLOSE_MM)


@pytest.mark.parametrize("factor", [0.01, 1000])
def test_the_scale_of_the_counts_does_not_matter(factor):
    image = head(6, shape=SHAPE)
    other = moved(image, (3.0, 0, 0)) * factor
    found = displacement_mm(volume(image), volume(other))
    assert found == pytest.approx((3.0, 0, 0), abs=0.3)


def test_where_nothing_can_be_told_nothing_is():
    image = head(7, shape=SHAPE)
    noise = np.random.default_rng(0).poisson(5, SHAPE)
    assert displacement_mm(volume(image), volume(noise)) is None
    assert displacement_mm(volume(image), volume(np.zeros(SHAPE))) is None
    assert displacement_mm(volume(image), volume(-image)) is None
    assert displacement_mm(volume(image), volume(image, spacing=4.0)) is None


@pytest.mark.parametrize("shape", [(1, 64, 64), (5, 65, 63), (7, 64, 64)])
def test_thin_and_odd_volumes_are_no_error(shape):
    image = head(8, shape=shape)
    found = displacement_mm(volume(image), volume(image))
    assert found is None or found == pytest.approx((0, 0, 0), abs=0.1)


@pytest.mark.parametrize("kind", [np.uint16, np.int16])
def test_whole_numbers_are_compared_as_if_they_were_not(kind):
    images = [
        scanned(head(3, shape=(21, 61, 66)), seed=3, scale=scale) for scale in (5, 1)
    ]
    whole = [Volume(image.astype(kind), (MM,) * 3) for image in images]
    assert displacement_mm(*whole) == displacement_mm(*map(volume, images))
