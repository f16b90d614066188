"""The Gaussian window of structural similarity, moved over many images at once. No
Django.

A window is the same down and across, so it is two products with a banded matrix. They
are made block by block, which leaves most of the zeros out, and in memory that is
used again: getting new memory takes longer than the sums.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK = 9  # windows per product; measured: fewer are slower, more hold more zeros


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

    @property
    def radius(self) -> int:
        """Pixels at each edge of an image around which no window fits."""
        return self.size // 2

    def constants(self, data_range: float) -> tuple[float, float]:
        """C1 and C2 of that range."""
        return (self.k1 * data_range) ** 2, (self.k2 * data_range) ** 2


WANG_2004 = SsimSettings()


def block_matrix(settings: SsimSettings) -> Floats:
    """(BLOCK, BLOCK + size - 1): each row is the window, one pixel further on."""
    offset = np.arange(-settings.radius, settings.radius + 1)
    window = np.exp(-0.5 * (offset / settings.sigma) ** 2)
    window /= window.sum()
    matrix = np.zeros((BLOCK, BLOCK + settings.size - 1))
    for row in range(BLOCK):
        matrix[row, row : row + settings.size] = window
    return matrix


class Windows:
    """Means in the window around every pixel where it fits, of `count` images.

    Images lie as (rows, count, columns): so each product is one of large matrices.
    """

    def __init__(
        self, rows: int, count: int, columns: int, settings: SsimSettings
    ) -> None:
        self.shape = (rows, count, columns)
        self._reach = 2 * settings.radius
        self._matrix = block_matrix(settings)
        self._across = np.ascontiguousarray(self._matrix.T)
        self._down = np.empty((rows - self._reach, count * columns))

    @cached_property
    def inner(self) -> tuple[int, int, int]:
        """Shape of the means."""
        rows, count, columns = self.shape
        return rows - self._reach, count, columns - self._reach

    def means(self, values: Floats, out: Floats) -> Floats:
        """values: of the shape given; out: C-ordered, of `inner`."""
        rows, count, columns = self.inner
        flat = values.reshape(len(values), -1)
        for start in range(0, rows, BLOCK):
            stop = min(start + BLOCK, rows)
            np.matmul(
                self._matrix[: stop - start, : stop - start + self._reach],
                flat[start : stop + self._reach],
                out=self._down[start:stop],
            )
        down = self._down.reshape(rows * count, -1)
        flat_out = out.reshape(rows * count, columns)
        for start in range(0, columns, BLOCK):
            stop = min(start + BLOCK, columns)
            np.matmul(
                down[:, start : stop + self._reach],
                self._across[: stop - start + self._reach, : stop - start],
                out=flat_out[:, start:stop],
            )
        return out
