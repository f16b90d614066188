"""PSNR and SSIM of images against a reference, with the data range declared.

Whole stacks and several data ranges at once: SSIM's moments are matrix products,
several times faster than a loop over scikit-image, to which the tests hold it. No
Django.

References
----------
Wang Z et al. (2004) Image quality assessment: from error visibility to structural
    similarity. IEEE Trans Image Process 13:600-612. doi:10.1109/TIP.2003.819861
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..outcomes import NotEstimable, Reason

Floats = NDArray[np.float64]
Images = NDArray[Any]  # integer or floating


@dataclass(frozen=True)
class SsimSettings:
    """All of SSIM that is a choice, as Wang et al. (2004) made it.

    The window is a Gaussian of `size`×`size` pixels and `sigma` pixels, weights
    summing to 1; variances are those of the population; the mean is taken where
    the window lies wholly inside the image. The same as scikit-image's
    structural_similarity(gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False).
    """

    size: int = 11
    sigma: float = 1.5
    k1: float = 0.01
    k2: float = 0.03

    def __str__(self) -> str:
        return (
            f"Gaussian window {self.size}×{self.size}, σ {self.sigma}, "
            f"population covariance, K1 {self.k1}, K2 {self.k2}"
        )


WANG_2004 = SsimSettings()


def _checked(reference: Images, images: Images) -> tuple[Floats, Floats]:
    if reference.shape != images.shape:
        raise ValueError(f"shapes differ: {reference.shape} and {images.shape}")
    if reference.ndim < 2:
        raise ValueError("images must be (…, rows, columns)")
    return reference.astype(np.float64), images.astype(np.float64)


def mean_squared_errors(reference: Images, images: Images) -> Floats:
    """(…) mean of squared differences of images (…, rows, columns), in units²."""
    first, second = _checked(reference, images)
    errors: Floats = ((first - second) ** 2).mean(axis=(-2, -1))
    return errors


def psnr(mean_squared_error: float, *, data_range: float) -> float | NotEstimable:
    """Peak signal-to-noise ratio in dB: 10 log10(data_range² / MSE).

    data_range: the largest possible minus the smallest possible value, in the
        units of the images; 255 for 8 bits. Required: the same pair of images
        measures tens of dB apart when it is guessed.

    Not estimable (infinite) for identical images.
    """
    if data_range <= 0:
        raise ValueError("data_range must be positive")
    if mean_squared_error == 0:
        return NotEstimable(Reason.IDENTICAL_IMAGES)
    return float(10 * np.log10(data_range**2 / mean_squared_error))


def _window_matrix(length: int, settings: SsimSettings) -> Floats:
    """(length - size + 1, length): each row is the window at one place."""
    radius = settings.size // 2
    offset = np.arange(-radius, radius + 1)
    window = np.exp(-0.5 * (offset / settings.sigma) ** 2)
    window /= window.sum()
    matrix = np.zeros((length - 2 * radius, length))
    for row in range(len(matrix)):
        matrix[row, row : row + settings.size] = window
    return matrix


def structural_similarities(
    reference: Images,
    images: Images,
    *,
    data_ranges: Sequence[float],
    settings: SsimSettings = WANG_2004,
) -> Floats:
    """(len(data_ranges), …): mean SSIM of images (…, rows, columns), -1 to 1.

    data_ranges: each gives one SSIM, by its constants C1 = (K1·range)² and
        C2 = (K2·range)². The second range costs next to nothing. Range 1 on images
        from 0 to 255 is not what Wang et al. meant, but is what some published
        values were probably reached with; it is only ever shown with its range.

    Raises ValueError where the window does not fit into the image.
    """
    first, second = _checked(reference, images)
    if min(first.shape[-2:]) < settings.size:
        raise ValueError(f"images must be at least {settings.size} pixels wide")
    if min(data_ranges) <= 0:
        raise ValueError("data_range must be positive")
    down = _window_matrix(first.shape[-2], settings)
    across = _window_matrix(first.shape[-1], settings).T

    def mean(values: Floats) -> Floats:
        return down @ (values @ across)

    mean_1, mean_2 = mean(first), mean(second)
    squares = mean_1**2 + mean_2**2
    product = mean_1 * mean_2
    variances = mean(first**2 + second**2) - squares
    covariance = mean(first * second) - product
    similarities = []
    for data_range in data_ranges:
        c1 = (settings.k1 * data_range) ** 2
        c2 = (settings.k2 * data_range) ** 2
        ratio = (2 * product + c1) * (2 * covariance + c2)
        ratio /= (squares + c1) * (variances + c2)
        similarities.append(ratio.mean(axis=(-2, -1)))
    return np.stack(similarities)


def ssim(
    reference: Images,
    image: Images,
    *,
    data_range: float,
    settings: SsimSettings = WANG_2004,
) -> float:
    """Mean SSIM of one image (rows, columns); see structural_similarities."""
    values = structural_similarities(
        reference, image, data_ranges=[data_range], settings=settings
    )
    return float(values[0])


@dataclass(frozen=True)
class MeanSpread:
    """Mean and standard deviation (n - 1) over n values; `left_out` had none."""

    n: int
    left_out: int
    mean: float | NotEstimable
    standard_deviation: float | NotEstimable


def mean_spread(values: Sequence[float | NotEstimable]) -> MeanSpread:
    """Summary of the values that exist. One value has a mean and no spread."""
    numbers = [value for value in values if not isinstance(value, NotEstimable)]
    left_out = len(values) - len(numbers)
    if not numbers:
        reason = Reason.IDENTICAL_IMAGES if left_out else Reason.NO_IMAGES
        return MeanSpread(0, left_out, NotEstimable(reason), NotEstimable(reason))
    spread: float | NotEstimable = NotEstimable(Reason.ONE_VALUE)
    if len(numbers) > 1:
        spread = float(np.std(numbers, ddof=1))
    return MeanSpread(len(numbers), left_out, float(np.mean(numbers)), spread)
