"""PSNR and SSIM of training are those that the study's results are computed with."""

import numpy as np
import pytest

from inference.quality import psnr_db, ssim
from stats.image_quality import similarity as image_quality

pytestmark = pytest.mark.pure


@pytest.fixture
def images() -> np.ndarray:
    rng = np.random.default_rng(3)
    reference = rng.integers(0, 256, (4, 2, 64, 64), dtype=np.uint8)
    noise = rng.normal(0, 20, reference.shape)
    return np.stack([reference, np.clip(reference + noise, 0, 255).astype(np.uint8)])


@pytest.mark.parametrize("data_range", [1, 255])
def test_similarity_is_the_one_of_the_results(images, data_range):
    reference, output = images
    ours = ssim(output, reference, data_range=data_range)
    theirs = image_quality.structural_similarities(
        reference, output, data_ranges=[data_range]
    )[0]
    assert ours.shape == (4, 2)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_the_signal_to_noise_ratio_is_the_one_of_the_results(images):
    reference, output = images
    errors = image_quality.mean_squared_errors(reference, output)
    theirs = [image_quality.psnr(error, data_range=255) for error in errors.ravel()]
    ours = psnr_db(output, reference, data_range=255)
    np.testing.assert_allclose(ours.ravel(), theirs, rtol=0, atol=1e-12)


def test_images_that_do_not_belong_together_are_an_error(images):
    reference, output = images
    for score in (psnr_db, ssim):
        with pytest.raises(ValueError, match="unlike"):
            score(output, reference[:1], data_range=255)
    with pytest.raises(ValueError, match="11 pixels"):
        ssim(output[..., :10], reference[..., :10], data_range=255)
