"""Images as if fewer counts had been taken, by a stated noise model.

Only reconstructed images are at hand, no projections. What a short scan and its
reference differ by, once their scales are matched, is taken for noise: its local
strength is taken from there, over a few pixels, and its grain from how like neighbours
are. The short scan is part of its reference, so that the reference shares some of its
noise: of a share s of the counts the difference has 1 − s times the short scan's
variance (as in `inference.stability.noise`). Of a scan of which a fraction f is kept
the variance is 1/f times as high, so noise of 1/f − 1 times the variance and of the
same grain is added, by chance from a seed.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Floats = NDArray[np.float64]
Images = NDArray[np.uint8]  # (cases, slices, H, W)

# The study's: 5 minutes of 25.
SHORT_SHARE = 0.2
AROUND_PX = 3.0  # standard deviation of the place over which strength is taken
# Never all of the counts: then the difference would tell nothing of the noise.
MOST_SHARE = 0.9
# A neighbour never tells everything, nor nothing.
LEAST_LIKE, MOST_LIKE = 0.02, 0.98


def thinned(
    short: Images,
    reference: Images,
    *,
    fraction: float,
    seed: int | Sequence[int],
    share: float = SHORT_SHARE,
) -> Images:
    """The short images with `fraction` of their counts, each again by its own maximum.

    share: counts of the short scan ÷ counts of the reference, which holds them; 0 where
        the reference has no noise. The same images and seed give the same.
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"a fraction of the counts lies within 0 and 1: {fraction}")
    if fraction == 1:
        return short
    values = short.astype(np.float64)
    noise = values - matched(reference.astype(np.float64), values)
    strength = np.sqrt(_around(noise**2, AROUND_PX) / (1 - min(share, MOST_SHARE)))
    white = np.random.default_rng(seed).standard_normal(values.shape)
    more = _around(white, grain_px(noise))
    more *= strength * math.sqrt(1 / fraction - 1) / more.std()
    found = np.maximum(values + more, 0)
    highest = np.maximum(found.max(axis=(-2, -1), keepdims=True), 1e-9)
    thin: Images = np.rint(found / highest * 255).astype(np.uint8)
    return thin


def matched(images: Floats, to: Floats) -> Floats:
    """Each image times the factor that brings it nearest to the other."""
    power = (images**2).sum(axis=(-2, -1), keepdims=True)
    both = (images * to).sum(axis=(-2, -1), keepdims=True)
    found: Floats = images * (both / np.maximum(power, 1e-9))
    return found


def grain_px(noise: Floats) -> float:
    """Standard deviation of the Gaussian that makes such noise of white noise: by it,
    neighbours correlate by exp(−1 / 4σ²)."""
    beside = (noise[..., :-1] * noise[..., 1:]).mean()
    below = (noise[..., :-1, :] * noise[..., 1:, :]).mean()
    power = max(float((noise**2).mean()), 1e-9)
    like = min(max(float(beside + below) / (2 * power), LEAST_LIKE), MOST_LIKE)
    return math.sqrt(-1 / (4 * math.log(like)))


def _around(values: Floats, sigma_px: float) -> Floats:
    flat = (0.0,) * (values.ndim - 2)
    found: Floats = gaussian_filter(values, (*flat, sigma_px, sigma_px))
    return found
