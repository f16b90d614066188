"""How near an output comes to its reference, for choosing and for validation only.

The study's results are computed by `stats`, from stored renditions.

References
----------
Wang Z et al. (2004) Image quality assessment: from error visibility to structural
    similarity. IEEE Trans Image Process 13:600-612. doi:10.1109/TIP.2003.819861
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Wang's window and constants, the same as those that `stats` reports with.
WINDOW_PX = 11
WINDOW_SIGMA_PX = 1.5
K1, K2 = 0.01, 0.03


def psnr_db(
    images: NDArray[np.uint8], reference: NDArray[np.uint8], *, data_range: float
) -> Floats:
    """Peak signal-to-noise ratio of each image, (…, H, W) uint8 → (…) in dB.

    10 · log10(data_range² / mean squared error); infinite for equal images. The
    study's images have 8 bits, so its data_range is 255.
    """
    _check(images, reference)
    difference = images.astype(np.float64) - reference
    error = np.mean(difference**2, axis=(-2, -1))
    with np.errstate(divide="ignore"):
        ratio: Floats = 10 * np.log10(data_range**2 / error)
    return ratio


def ssim(
    images: NDArray[np.uint8], reference: NDArray[np.uint8], *, data_range: float
) -> Floats:
    """Structural similarity of each image, (…, H, W) uint8 → (…), −1 to 1.

    Wang et al. 2004: a Gaussian window of 11 pixels, variances of the population,
    the mean where the window lies wholly inside. data_range makes the constants;
    the study's published values were probably reached with 1 on 8-bit images.
    """
    _check(images, reference)
    first, second = images.astype(np.float64), reference.astype(np.float64)
    down, across = (_window_matrix(length) for length in first.shape[-2:])

    def mean(values: Floats) -> Floats:
        smooth: Floats = down @ values @ across.T
        return smooth

    mean_1, mean_2 = mean(first), mean(second)
    variances = mean(first**2) - mean_1**2 + mean(second**2) - mean_2**2
    covariance = mean(first * second) - mean_1 * mean_2
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    ratio = (2 * mean_1 * mean_2 + c1) * (2 * covariance + c2)
    ratio /= (mean_1**2 + mean_2**2 + c1) * (variances + c2)
    similarity: Floats = ratio.mean(axis=(-2, -1))
    return similarity


def _check(images: NDArray[np.uint8], reference: NDArray[np.uint8]) -> None:
    if images.shape != reference.shape or images.ndim < 3:
        raise ValueError(f"unlike images: {images.shape} and {reference.shape}")


def _window_matrix(length: int) -> Floats:
    """(length − 10, length): each row is the window at one place."""
    if length < WINDOW_PX:
        raise ValueError(f"images must be at least {WINDOW_PX} pixels wide")
    offset = np.arange(WINDOW_PX) - WINDOW_PX // 2
    window = np.exp(-0.5 * (offset / WINDOW_SIGMA_PX) ** 2)
    matrix = np.zeros((length - WINDOW_PX + 1, length))
    for row in range(len(matrix)):
        matrix[row, row : row + WINDOW_PX] = window / window.sum()
    return matrix
