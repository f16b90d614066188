"""PSNR and SSIM against scikit-image and against arithmetic."""

import numpy as np
import pytest
from numpy.typing import NDArray

from stats.image_quality.similarity import (
    mean_spread,
    mean_squared_errors,
    psnr,
    ssim,
    structural_similarities,
)
from stats.outcomes import NotEstimable, Reason

pytestmark = pytest.mark.pure


@pytest.fixture
def images() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(6, 64, 64) twice: with empty background, edges and noise."""
    rng = np.random.default_rng(7)
    reference = rng.integers(0, 256, (6, 64, 64))
    reference[:, :20] = 0
    noisy = np.clip(reference + rng.normal(0, 25, reference.shape), 0, 255)
    noisy[:, :14] = 0
    return reference.astype(np.uint8), noisy.astype(np.uint8)


@pytest.mark.parametrize("data_range", [255, 1])
def test_ssim_is_that_of_scikit_image_in_wang_s_setting(
    images: tuple[NDArray[np.uint8], NDArray[np.uint8]], data_range: float
) -> None:
    from skimage.metrics import structural_similarity

    reference, noisy = images
    expected = [
        structural_similarity(
            first,
            second,
            data_range=data_range,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for first, second in zip(reference, noisy, strict=True)
    ]
    ours = structural_similarities(reference, noisy, data_ranges=[data_range])[0]
    assert ours == pytest.approx(expected, abs=1e-12)
    assert ssim(reference[0], noisy[0], data_range=data_range) == pytest.approx(ours[0])


def test_psnr_is_that_of_scikit_image(
    images: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    from skimage.metrics import peak_signal_noise_ratio

    reference, noisy = images
    ours = [psnr(e, data_range=255) for e in mean_squared_errors(reference, noisy)]
    assert ours == pytest.approx(
        [
            peak_signal_noise_ratio(first, second, data_range=255)
            for first, second in zip(reference, noisy, strict=True)
        ],
        abs=1e-12,
    )


def test_a_difference_of_one_grey_level_everywhere_is_48_13_db() -> None:
    black = np.zeros((64, 64), dtype=np.uint8)
    error = mean_squared_errors(black, black + 1)
    assert error == 1  # and not 255², as unsigned subtraction would have it
    assert mean_squared_errors(black + 1, black) == 1
    assert psnr(float(error), data_range=255) == pytest.approx(20 * np.log10(255))


def test_the_range_decides_the_number_and_so_is_asked_for(
    images: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    reference, noisy = images
    wide, narrow = structural_similarities(reference, noisy, data_ranges=[255, 1])
    assert (wide > narrow + 0.01).all()
    with pytest.raises(TypeError):
        ssim(reference[0], noisy[0])  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        psnr(10.0)  # type: ignore[call-arg]


def test_identical_images_have_ssim_one_and_no_psnr(
    images: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    reference, _ = images
    same = structural_similarities(reference, reference, data_ranges=[255, 1])
    assert same == pytest.approx(np.ones((2, 6)), abs=1e-12)
    error = float(mean_squared_errors(reference[0], reference[0]))
    assert psnr(error, data_range=255) == NotEstimable(Reason.IDENTICAL_IMAGES)


def test_both_are_symmetric_and_agree_on_mirrored_images(
    images: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    reference, noisy = images
    value = structural_similarities(reference, noisy, data_ranges=[255])
    for first, second in (
        (noisy, reference),
        (reference[..., ::-1], noisy[..., ::-1]),
        (reference.transpose(0, 2, 1), noisy.transpose(0, 2, 1)),
    ):
        other = structural_similarities(first, second, data_ranges=[255])
        assert other == pytest.approx(value, abs=1e-12)
        assert mean_squared_errors(first, second) == pytest.approx(
            mean_squared_errors(reference, noisy)
        )


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [((64, 64), (64, 63), "shapes differ"), ((9, 64), (9, 64), "at least 11")],
)
def test_images_that_cannot_be_compared_are_an_error(
    first: tuple[int, ...], second: tuple[int, ...], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        structural_similarities(np.zeros(first), np.zeros(second), data_ranges=[255])


def test_a_mean_leaves_out_what_does_not_exist_and_says_how_much() -> None:
    infinite = NotEstimable(Reason.IDENTICAL_IMAGES)
    summary = mean_spread([30.0, infinite, 32.0])
    assert (summary.n, summary.left_out, summary.mean) == (2, 1, 31.0)
    assert summary.standard_deviation == pytest.approx(np.sqrt(2))
    assert mean_spread([infinite]).mean == infinite
    assert mean_spread([]).mean == NotEstimable(Reason.NO_IMAGES)
    assert mean_spread([30.0]).standard_deviation == NotEstimable(Reason.ONE_VALUE)
