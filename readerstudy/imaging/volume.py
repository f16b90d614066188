"""A decoded image volume in the one orientation that this project knows."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

# Whole counts of these types are kept as they are stored, in half the bytes.
WHOLE_NUMBERS = (np.uint16, np.int16)
Counts: TypeAlias = NDArray[np.float32 | np.uint16 | np.int16]


@dataclass(frozen=True)
class Volume:
    """Counts on a regular grid, seen as a radiologist looks at axial slices.

    counts: float32, or whole numbers where they are read only: NumPy lets these
        overflow. (slices, rows, columns). Slice 0 is the lowest (nearest the
        feet), row 0 the most anterior, column 0 on the patient's right, so an
        axial slice drawn with row 0 at the top has the patient's right on the
        viewer's left.
    spacing_mm: distance between centres of neighbouring slices, rows and columns;
        all greater than 0.
    """

    counts: Counts
    spacing_mm: tuple[float, float, float]

    def __post_init__(self) -> None:
        kind = self.counts.dtype
        if self.counts.ndim != 3 or kind not in (np.float32, *WHOLE_NUMBERS):
            raise ValueError(
                "counts must be float32 or whole (slices, rows, columns), not "
                f"{self.counts.dtype} {self.counts.shape}"
            )
        if len(self.spacing_mm) != 3 or not all(s > 0 for s in self.spacing_mm):
            raise ValueError(f"spacing_mm must be positive, not {self.spacing_mm}")

    @cached_property
    def slice_sums(self) -> NDArray[np.float64]:
        """Counts of each slice."""
        sums: NDArray[np.float64] = self.counts.sum(axis=(1, 2), dtype=np.float64)
        return sums
