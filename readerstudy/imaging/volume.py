"""A decoded image volume in the one orientation that this project knows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Volume:
    """Counts on a regular grid, seen as a radiologist looks at axial slices.

    counts: float32, (slices, rows, columns). Slice 0 is the lowest (nearest the
        feet), row 0 the most anterior, column 0 on the patient's right, so an
        axial slice drawn with row 0 at the top has the patient's right on the
        viewer's left.
    spacing_mm: distance between centres of neighbouring slices, rows and columns;
        all greater than 0.
    """

    counts: NDArray[np.float32]
    spacing_mm: tuple[float, float, float]

    def __post_init__(self) -> None:
        if self.counts.ndim != 3 or self.counts.dtype != np.float32:
            raise ValueError(
                "counts must be float32 (slices, rows, columns), not "
                f"{self.counts.dtype} {self.counts.shape}"
            )
        if len(self.spacing_mm) != 3 or not all(s > 0 for s in self.spacing_mm):
            raise ValueError(f"spacing_mm must be positive, not {self.spacing_mm}")
