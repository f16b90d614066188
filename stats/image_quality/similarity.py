"""Errors, PSNR and SSIM of images against a reference, with the range declared.

Pairs of images of any number. For all arms and masks at once, as a study needs them,
see `differences`, of which these are the plain cases. No Django.

References
----------
Wang Z et al. (2004) Image quality assessment: from error visibility to structural
    similarity. IEEE Trans Image Process 13:600-612. doi:10.1109/TIP.2003.819861
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..outcomes import NotEstimable, Reason
from .differences import Images, differences
from .windows import WANG_2004, Floats, SsimSettings


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


def mean_absolute_errors(reference: Images, images: Images) -> Floats:
    """(…) mean of absolute differences of images (…, rows, columns), in their units."""
    first, second = _checked(reference, images)
    errors: Floats = np.abs(first - second).mean(axis=(-2, -1))
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


class NormalisedBy(StrEnum):
    """What a root mean squared error is divided by; always named beside it."""

    REFERENCE_MEAN = "mean of the reference"
    REFERENCE_RANGE = "range of the reference"  # its largest minus its smallest value
    DATA_RANGE = "declared data range"


def rmse(mean_squared_error: float) -> float:
    """Root mean squared error, in the units of the images; 0 = identical."""
    return float(np.sqrt(mean_squared_error))


def nrmse(mean_squared_error: float, *, divisor: float) -> float | NotEstimable:
    """Root mean squared error over `divisor`, which is one of NormalisedBy; no unit.

    The same as scikit-image's normalized_root_mse with "mean" or "min-max" where the
    divisor is the reference's mean or range over the same pixels.

    Not estimable where the divisor is not above 0: the reference is empty (mean) or
    the same everywhere (range).
    """
    if divisor <= 0:
        return NotEstimable(Reason.EMPTY_REFERENCE)
    return float(np.sqrt(mean_squared_error) / divisor)


def structural_similarities(
    reference: Images,
    images: Images,
    *,
    data_ranges: Sequence[float],
    settings: SsimSettings = WANG_2004,
) -> Floats:
    """(len(data_ranges), …): mean SSIM of images (…, rows, columns), -1 to 1.

    data_ranges: as in `differences`, which has more of it.

    Raises ValueError where the window does not fit into the image, and for shapes
    that differ.
    """
    first, second = _checked(reference, images)
    found = differences(
        first.reshape(-1, *first.shape[-2:]),
        second.reshape(1, -1, *second.shape[-2:]),
        data_ranges=data_ranges,
        absolute=False,
        settings=settings,
    )
    return found.similarity.reshape(len(data_ranges), *first.shape[:-2])


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
