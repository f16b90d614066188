"""How a whole stack with a unit differs from a reference, slice by slice. No Django.

Errors are in the unit and of all that is ever shown. What PSNR and SSIM are made of is
cut to a declared window first and counted from its lower end: they say what can be seen
in it.

References
----------
Wang Z et al. (2004) Image quality assessment: from error visibility to structural
    similarity. IEEE Trans Image Process 13:600-612. doi:10.1109/TIP.2003.819861
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .differences import differences
from .windows import WANG_2004, SsimSettings

Stack = NDArray[Any]  # (slices, rows, columns), integer or floating, with a unit


@dataclass(frozen=True)
class SliceDifference:
    """One slice. mean_error: stack minus reference. windowed_squared_error: in squared
    units, of values cut to the window. similarity: SSIM of the same, -1 to 1."""

    mean_absolute_error: float
    mean_error: float
    windowed_squared_error: float
    similarity: float


def stack_differences(
    reference: Stack,
    stack: Stack,
    *,
    low: float,
    high: float,
    within: tuple[float, float],
    settings: SsimSettings = WANG_2004,
) -> Iterator[SliceDifference]:
    """Slice by slice, the lowest first; the memory of a few slices.

    low, high: the declared window in the unit; the data range of SSIM is high - low.
    within: all that is ever shown. Beyond it lies what scanners fill a CT slice up with
    outside of what they scanned, which no method keeps: it is in no error.

    Raises ValueError for shapes that differ, for slices smaller than SSIM's window,
    and for a window that does not go up.
    """
    if reference.shape != stack.shape or reference.ndim != 3:
        raise ValueError(f"shapes differ: {reference.shape} and {stack.shape}")
    if min(reference.shape[1:]) < settings.size:
        raise ValueError(f"slices must be at least {settings.size} pixels wide")
    if high <= low:
        raise ValueError("a window goes from low to high")
    for expected, found in zip(reference, stack, strict=True):
        apart = _cut(found, *within) - _cut(expected, *within)
        windowed = differences(
            (_cut(expected, low, high) - low)[None],
            (_cut(found, low, high) - low)[None, None],
            data_ranges=[high - low],
            absolute=False,
            settings=settings,
        )
        yield SliceDifference(
            mean_absolute_error=float(np.abs(apart).mean()),
            mean_error=float(apart.mean()),
            windowed_squared_error=float(windowed.mean_squared_error[0, 0, 0]),
            similarity=float(windowed.similarity[0, 0, 0, 0]),
        )


def _cut(values: Stack, low: float, high: float) -> NDArray[np.float64]:
    cut: NDArray[np.float64] = np.clip(values.astype(np.float64), low, high)
    return cut
