"""How near an output comes to its reference, for choosing and for validation only.

The study's results are computed by `stats`, from stored renditions.
"""

import numpy as np
from numpy.typing import NDArray


def psnr_db(
    images: NDArray[np.uint8], reference: NDArray[np.uint8], *, data_range: float
) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio of each image, (N, H, W) uint8 → (N,) in dB.

    10 · log10(data_range² / mean squared error); infinite for equal images. The
    study's images have 8 bits, so its data_range is 255.
    """
    if images.shape != reference.shape or images.ndim != 3:
        raise ValueError(f"unlike images: {images.shape} and {reference.shape}")
    difference = images.astype(np.float64) - reference
    error = np.mean(difference**2, axis=(1, 2))
    with np.errstate(divide="ignore"):
        ratio: NDArray[np.float64] = 10 * np.log10(data_range**2 / error)
    return ratio
