"""Classical filters, slice by slice, of 8-bit images or of float32 within 0–1.

The study had the Gaussian and the bilateral one; non-local means is a stronger one.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.preprocessing import to_eight_bit

from .quality import psnr_db

Filter = Callable[..., NDArray[np.float32]]
Images = NDArray[np.uint8 | np.float32]


def gaussian(images: Images, *, standard_deviation_px: float) -> NDArray[np.float32]:
    """Gaussian smoothing in-plane: (N, H, W) → float32 within 0–1.

    The edge pixels are repeated outwards; the kernel ends at four standard
    deviations. One pixel is 3.29 mm.
    """
    from scipy import ndimage

    sigma = (0.0, standard_deviation_px, standard_deviation_px)
    scaled = _scaled(images)
    smoothed = ndimage.gaussian_filter(scaled, sigma, mode="nearest")
    return _within_unit_range(smoothed)


def bilateral(
    images: Images, *, standard_deviation_px: float, grey_deviation: float
) -> NDArray[np.float32]:
    """Edge-preserving smoothing: (N, H, W) → float32 within 0–1.

    Tomasi & Manduchi 1998, doi:10.1109/ICCV.1998.710815. A neighbour counts by
    its distance (standard_deviation_px) and by its difference in grey value
    (grey_deviation, on the 0–1 scale), each as a normal distribution; the window
    reaches three standard deviations. The edge pixels are repeated outwards.

    Our own, because scikit-image 0.26.0 `denoise_bilateral` looks its spatial
    weights up in a table one row and column too large (`-win_size // 2` rounds
    down), which skews the kernel.
    """
    reach = max(1, int(np.ceil(3 * standard_deviation_px)))
    scaled = _scaled(images, np.float64)
    padded = np.pad(scaled, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    rows, columns = images.shape[1:]
    total, weights = np.zeros_like(scaled), np.zeros_like(scaled)
    for down, right in itertools.product(range(2 * reach + 1), repeat=2):
        neighbour = padded[:, down : down + rows, right : right + columns]
        distance = ((down - reach) ** 2 + (right - reach) ** 2) / (
            2 * standard_deviation_px**2
        )
        difference = (neighbour - scaled) ** 2 / (2 * grey_deviation**2)
        weight = np.exp(-distance - difference)
        total += weight * neighbour
        weights += weight
    return _within_unit_range(total / weights)


def non_local_means(
    images: Images,
    *,
    patch_px: int,
    search_px: int,
    grey_deviation: float,
) -> NDArray[np.float32]:
    """Averages places that look alike: (N, H, W) → float32 within 0–1.

    Buades, Coll & Morel 2005, doi:10.1109/CVPR.2005.38. Every pixel of the square of
    `search_px` pixels around counts by exp(-d / grey_deviation²), where d is the mean
    squared difference, on the 0–1 scale, of the two squares of `patch_px` pixels
    around both; both sides are odd. The edge pixels are repeated outwards.

    Our own, because scikit-image 0.26.0 `denoise_nl_means` in its fast mode compares
    squares that are one row and one column too small and hence half a pixel off (its
    sums over the integral image leave the first row and column out), and divides by
    the number of pixels of the whole ones.
    """
    from scipy import ndimage

    half, reach = patch_px // 2, search_px // 2
    rows, columns = images.shape[1:]
    scaled = _scaled(images)
    margin = half + reach
    padded = np.pad(scaled, ((0, 0), (margin, margin), (margin, margin)), mode="edge")
    # the image with as much around it as a patch needs
    height, width = rows + 2 * half, columns + 2 * half
    around = padded[:, reach : reach + height, reach : reach + width]
    inside = (slice(None), slice(half, half + rows), slice(half, half + columns))
    total, weights = np.zeros_like(scaled), np.zeros_like(scaled)
    for down, right in itertools.product(range(2 * reach + 1), repeat=2):
        other = padded[:, down : down + height, right : right + width]
        unlike = ndimage.uniform_filter((other - around) ** 2, (0, patch_px, patch_px))
        weight = np.exp(-unlike[inside] / np.float32(grey_deviation**2))
        total += weight * other[inside]
        weights += weight
    return _within_unit_range(total / weights)


def _scaled(images: Images, kind: type[Any] = np.float32) -> NDArray[Any]:
    """Within 0–1, as `kind`."""
    whole = images.dtype == np.uint8
    return images.astype(kind) / kind(255) if whole else images.astype(kind)


def _within_unit_range(values: NDArray[Any]) -> NDArray[np.float32]:
    clipped: NDArray[np.float32] = np.clip(values, 0, 1).astype(np.float32)
    return clipped


FILTERS: dict[str, Filter] = {
    "gaussian": gaussian,
    "bilateral": bilateral,
    "nlm": non_local_means,
}

# What `choose_parameters` tries. Pixels are 3.29 mm; grey values are 0–1.
CANDIDATES: dict[str, dict[str, Sequence[float]]] = {
    "gaussian": {"standard_deviation_px": [n / 20 for n in range(6, 31)]},
    "bilateral": {
        "standard_deviation_px": [0.75, 1.0, 1.25, 1.5, 2.0, 2.5],
        "grey_deviation": [0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3],
    },
    "nlm": {
        "patch_px": [5, 7, 9, 11, 13],
        "search_px": [5, 7, 9, 11],
        "grey_deviation": [0.05, 0.06, 0.07, 0.08, 0.1],
    },
}


@dataclass(frozen=True)
class Choice:
    """One set of parameters and the mean PSNR it reached, in dB."""

    parameters: Mapping[str, float]
    psnr_db: float


def try_parameters(
    name: str, *, short: NDArray[np.uint8], reference: NDArray[np.uint8]
) -> Iterator[Choice]:
    """Every candidate of one filter with its mean PSNR over the images.

    short, reference: (N, 64, 64) uint8 of the validation split, never of the
    split on which the arms are compared.
    """
    candidates = CANDIDATES[name]
    for values in itertools.product(*candidates.values()):
        parameters = dict(zip(candidates, values, strict=True))
        output = to_eight_bit(FILTERS[name](short, **parameters))
        yield Choice(
            parameters, float(np.mean(psnr_db(output, reference, data_range=255)))
        )


def choose_parameters(
    name: str, *, short: NDArray[np.uint8], reference: NDArray[np.uint8]
) -> Choice:
    """The candidate with the highest mean PSNR on the validation images."""
    choices = try_parameters(name, short=short, reference=reference)
    return max(choices, key=lambda choice: choice.psnr_db)
