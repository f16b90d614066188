"""Errors of whole stacks, held against scikit-image and against plain arithmetic."""

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from stats.image_quality import psnr, stack_differences

LOW, HIGH = -160.0, 240.0
SHOWN = (-1024.0, 3071.0)


def _stacks() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    reference = rng.normal(40, 300, (3, 40, 33)).round().astype(np.int16)
    noisy = (reference + rng.normal(5, 30, reference.shape)).astype(np.float32)
    return reference, noisy


def test_psnr_and_ssim_are_of_values_cut_to_the_window() -> None:
    """scikit-image 0.25: Gaussian weights, sigma 1.5, population covariance."""
    reference, noisy = _stacks()
    for place, one in enumerate(
        stack_differences(reference, noisy, low=LOW, high=HIGH, within=SHOWN)
    ):
        first, second = (
            np.clip(stack[place].astype(float), LOW, HIGH) - LOW
            for stack in (reference, noisy)
        )
        assert psnr(one.windowed_squared_error, data_range=HIGH - LOW) == pytest.approx(
            peak_signal_noise_ratio(first, second, data_range=HIGH - LOW), rel=1e-9
        )
        expected = structural_similarity(
            first,
            second,
            data_range=HIGH - LOW,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        assert one.similarity == pytest.approx(expected, rel=1e-9)


def test_errors_are_of_all_that_is_shown_with_their_sign() -> None:
    reference, noisy = _stacks()
    for place, one in enumerate(
        stack_differences(reference, noisy, low=LOW, high=HIGH, within=SHOWN)
    ):
        shown, expected = (
            np.clip(stack[place].astype(float), *SHOWN) for stack in (noisy, reference)
        )
        apart = shown - expected
        assert one.mean_error == pytest.approx(apart.mean())
        assert one.mean_absolute_error == pytest.approx(np.abs(apart).mean())
    inside = np.clip(reference, *SHOWN)
    brighter = stack_differences(inside, inside + 100, low=LOW, high=HIGH, within=SHOWN)
    assert [one.mean_error for one in brighter] == [100, 100, 100]


def test_what_lies_beyond_the_window_is_in_the_errors_alone() -> None:
    reference = np.full((1, 20, 20), 1000, dtype=np.int16)
    (one,) = stack_differences(
        reference, reference + 500, low=LOW, high=HIGH, within=SHOWN
    )
    assert (one.windowed_squared_error, one.similarity) == (0, 1)
    assert one.mean_absolute_error == 500


def test_padding_below_all_that_is_shown_is_no_error() -> None:
    """Scanners fill what they did not scan with values far below air; no method
    keeps them, and nobody sees them."""
    reference = np.full((1, 20, 20), 40, dtype=np.int16)
    reference[:, :10] = -2000
    made = np.where(reference == -2000, SHOWN[0], reference + 4)
    (one,) = stack_differences(reference, made, low=LOW, high=HIGH, within=SHOWN)
    assert (one.mean_absolute_error, one.mean_error) == (2, 2)


def test_the_same_stack_in_integers_and_in_floats_is_the_same() -> None:
    reference, _noisy = _stacks()
    same = stack_differences(
        reference, reference.astype(np.float32), low=LOW, high=HIGH, within=SHOWN
    )
    for one in same:
        assert one.windowed_squared_error == one.mean_absolute_error == 0


@pytest.mark.parametrize(
    ("shape", "low", "why"),
    [((3, 40, 33), 240.0, "low to high"), ((3, 40, 34), LOW, "shapes differ")],
)
def test_what_cannot_be_compared_is_refused(
    shape: tuple[int, ...], low: float, why: str
) -> None:
    reference, _noisy = _stacks()
    with pytest.raises(ValueError, match=why):
        next(
            stack_differences(
                reference, np.zeros(shape), low=low, high=HIGH, within=SHOWN
            )
        )
    small = np.zeros((1, 10, 40))
    with pytest.raises(ValueError, match="11 pixels"):
        next(stack_differences(small, small, low=LOW, high=HIGH, within=SHOWN))
