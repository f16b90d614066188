"""A case's slices as what a network takes in: each slice, or it with its neighbours."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def inputs_of(stacks: NDArray[Any], *, in_channels: int) -> NDArray[Any]:
    """(cases, slices, H, W) → (cases · slices, in_channels, H, W), slice by slice.

    in_channels: 1, or an odd number of neighbouring slices, lowest first, with the
        slice itself in the middle. Beyond a case's own slices the outermost one is
        repeated: no case ever sees another's.
    """
    if stacks.ndim != 4:
        raise ValueError(f"not (cases, slices, rows, columns): {stacks.shape}")
    if in_channels < 1 or in_channels % 2 == 0:
        raise ValueError(f"no middle slice among {in_channels}")
    cases, slices, rows, columns = stacks.shape
    reach = in_channels // 2
    around = np.arange(slices)[:, None] + np.arange(-reach, reach + 1)
    around = around.clip(0, slices - 1)  # (slices, in_channels)
    return stacks[:, around].reshape(cases * slices, in_channels, rows, columns)
