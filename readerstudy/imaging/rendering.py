"""What reaches a screen: windowed pixels for readers, PNGs for coordinators.

Nothing here turns or mirrors an image: column 0, the patient's right, is drawn on
the viewer's left.
"""

from collections.abc import Callable, Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .preprocessing import CROP, SHOWN_SLICES, STORED_SLICES, to_eight_bit

SHOWN_BYTES = SHOWN_SLICES * CROP * CROP
LEVELS = 4096  # into which the values of a whole stack are told apart on a screen
OUTSIDE = 0x8000  # instead of a level: the frame holds nothing of the stack there

Window = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def _image_max(slices: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each slice from 0 to its own maximum; an empty slice stays black."""
    maxima = slices.max(axis=(1, 2), keepdims=True).astype(np.float64)
    scaled: NDArray[np.uint8] = np.rint(slices * 255.0 / np.maximum(maxima, 1)).astype(
        np.uint8
    )
    return scaled


def _fixed(slices: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """As stored: white is the maximum that the slice was normalised by."""
    return slices


# window rule of a protocol → what it does to the shown slices, for every arm alike
WINDOWS: dict[str, Window] = {"image-max": _image_max, "fixed": _fixed}


def shown_pixels(values: NDArray[np.float32], *, window: str) -> bytes:
    """The central three slices, windowed: exactly 3·64·64 bytes, one a pixel.

    values: (5, 64, 64), 1.0 = maximum of the slice it was normalised by.
    window: a key of WINDOWS.

    Slices come lowest first, rows anterior first, columns patient's right first.
    On the screen they stand, left to right: lower, central, higher.
    """
    if values.shape != (STORED_SLICES, CROP, CROP):
        raise ValueError(f"values must be (5, 64, 64), not {values.shape}")
    first = (STORED_SLICES - SHOWN_SLICES) // 2
    shown = to_eight_bit(values)[first : first + SHOWN_SLICES]
    return WINDOWS[window](shown).tobytes()


def stack_pixels(
    values: NDArray[np.floating] | NDArray[np.integer],
    *,
    low: float,
    high: float,
    frame: Sequence[int],
    whole: bool = False,
) -> bytes:
    """A whole stack as levels 0 to 4095, two bytes each, the low one first.

    values: (slices, rows, columns) in their unit; what is no number is drawn as `low`.
    low, high: the first and the last level; what lies outside is clipped.
    frame: slices, rows and columns that every stack of a study has on the screen; a
        smaller one is filled up behind with OUTSIDE, so a place in the frame is the
        same place in the stack, and where a stack ends does not depend on its values.
    whole: values are rounded to whole numbers before. Scans have no others where a
        network's have: gaps between levels would tell the one from the other.

    Always 2 · slices · rows · columns of the frame, whatever the stack.
    """
    if values.ndim != 3 or any(a > b for a, b in zip(values.shape, frame, strict=True)):
        raise ValueError(f"{values.shape} does not fit into a frame of {frame}")
    levels = np.full(tuple(frame), OUTSIDE, "<u2")
    slices, rows, columns = values.shape
    gain = (LEVELS - 1) / (high - low)
    for index in range(slices):  # one after the other, or it takes memory eight times
        exact = values[index].astype(np.float64)
        clipped = np.clip(np.rint(exact) if whole else exact, low, high)
        scaled = np.rint((np.nan_to_num(clipped, nan=low) - low) * gain)
        levels[index, :rows, :columns] = scaled.astype("<u2")
    return levels.tobytes()


def coloured(
    eight_bit: NDArray[np.uint8], *, scale: int, lut: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """One slice in colour, `scale` times its size; for coordinators only.

    The scalar is interpolated (bicubic, clipped to 0–255), then the colour is
    looked up: interpolating colours would invent some that the table lacks.

    eight_bit: (rows, columns). lut: (256, 3). Red, green, blue:
    (rows · scale, columns · scale, 3).
    """
    rows, columns = eight_bit.shape
    larger = Image.fromarray(eight_bit).resize(
        (columns * scale, rows * scale), Image.Resampling.BICUBIC
    )
    found: NDArray[np.uint8] = lut[np.asarray(larger)]
    return found


def preview_png(
    eight_bit: NDArray[np.uint8], *, scale: int, lut: NDArray[np.uint8]
) -> bytes:
    """The same as a PNG."""
    file = BytesIO()
    Image.fromarray(coloured(eight_bit, scale=scale, lut=lut)).save(file, "png")
    return file.getvalue()
