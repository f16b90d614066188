"""Images to try a network on: a case that looks like one, and is the same always."""

import numpy as np
from numpy.typing import NDArray

SLICES, SIDE = 5, 64


def probe_stack() -> NDArray[np.uint8]:
    """uint8 (5, 64, 64): two bright spots on a dim head, with the grain of counts."""
    rows, columns = np.indices((SIDE, SIDE), dtype=np.float64)

    def spot(row: float, column: float, radius: float) -> NDArray[np.float64]:
        far = (rows - row) ** 2 + (columns - column) ** 2
        found: NDArray[np.float64] = np.exp(-far / radius**2)
        return found

    head = 0.25 * spot(32, 32, 22)
    striata = spot(27, 25, 4) + spot(27, 39, 4)
    heights = np.array([0.7, 0.9, 1.0, 0.9, 0.7])[:, None, None]
    expected = 60 * (head + heights * striata)
    counts = np.random.default_rng(0).poisson(expected).astype(np.float64)
    scaled = 255 * counts / counts.max(axis=(1, 2), keepdims=True)
    image: NDArray[np.uint8] = np.rint(scaled).astype(np.uint8)
    return image
