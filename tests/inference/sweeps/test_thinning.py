"""Images with fewer counts, by the stated noise model."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from inference.sweeps.conditions import conditioned, windowed
from inference.sweeps.thinning import grain_px, thinned

pytestmark = pytest.mark.pure


def scans(share: float, *, cases: int = 6, seed: int = 1) -> tuple[np.ndarray, ...]:
    """A disc as it is, a scan of it, and a reference of which that scan is a share."""
    rng = np.random.default_rng(seed)
    down, across = np.indices((64, 64)) - 31.5
    object_ = np.where(np.hypot(down, across) < 22, 110.0, 20.0)
    truth = gaussian_filter(np.broadcast_to(object_, (cases, 2, 64, 64)), (0, 0, 2, 2))

    def noise(sd: float) -> np.ndarray:
        white = gaussian_filter(rng.standard_normal(truth.shape), (0, 0, 1.25, 1.25))
        return white / white.std() * sd * np.sqrt(truth / 110)

    def image(noise: np.ndarray) -> np.ndarray:
        return np.rint(np.clip(truth + noise, 0, 255)).astype(np.uint8)

    own, rest = noise(8.0), noise(8.0 * np.sqrt(share / (1 - share)))
    return truth, image(own), image(share * own + (1 - share) * rest)


def middle_sd(images: np.ndarray, truth: np.ndarray) -> float:
    """Of the noise within the disc, relative to what is there."""
    inside = np.s_[..., 20:44, 20:44]
    scaled = images / images[inside].mean(axis=(-2, -1), keepdims=True)
    return float((scaled - truth / truth[inside].mean())[inside].std())


@pytest.mark.parametrize(("fraction", "share"), [(0.5, 0.2), (0.25, 0.2), (0.25, 0.5)])
def test_half_the_counts_have_the_noise_of_half_the_counts(fraction, share):
    truth, short, reference = scans(share)
    thin = thinned(short, reference, fraction=fraction, seed=7, share=share)
    ratio = middle_sd(thin, truth) / middle_sd(short, truth)
    assert ratio == pytest.approx(fraction**-0.5, rel=0.1)


def test_the_noise_has_the_grain_of_the_scan_s_own():
    truth, short, reference = scans(0.2)
    thin = thinned(short, reference, fraction=0.25, seed=7)
    inside = np.s_[..., 16:48, 16:48]
    assert grain_px((short - truth)[inside]) == pytest.approx(1.25, rel=0.05)
    scale = thin[inside].mean() / truth[inside].mean()
    assert grain_px((thin / scale - truth)[inside]) == pytest.approx(1.25, rel=0.1)


def test_each_slice_is_by_its_own_maximum_again_and_chance_is_repeatable():
    _, short, reference = scans(0.2)
    thin = thinned(short, reference, fraction=0.3, seed=[1, 0])
    assert (thin.max(axis=(-2, -1)) == 255).all()
    assert (thin == thinned(short, reference, fraction=0.3, seed=[1, 0])).all()
    assert (thin != thinned(short, reference, fraction=0.3, seed=[1, 1])).any()


def test_all_the_counts_are_the_image_itself():
    _, short, reference = scans(0.2)
    assert thinned(short, reference, fraction=1, seed=1) is short
    assert conditioned(short, reference, {}, part=0) is short
    for fraction in (0, -1, 1.5):
        with pytest.raises(ValueError, match="within 0 and 1"):
            thinned(short, reference, fraction=fraction, seed=7)


def test_an_image_that_is_its_reference_stays_as_it_is():
    _, short, _ = scans(0.2)
    thin = thinned(short, short, fraction=0.1, seed=1)
    expected = short / short.max(axis=(-2, -1), keepdims=True) * 255
    assert np.abs(thin - expected).max() <= 0.51


def test_a_window_cuts_off_what_is_brighter_and_fills_the_range():
    images = np.array([[[[0, 51, 102, 255]]]], dtype=np.uint8)
    assert windowed(images, top=0.4).tolist() == [[[[0, 128, 255, 255]]]]
    assert windowed(images, top=1.0).tolist() == images.tolist()
