"""The pixels of one image as a reader's browser gets them."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from readerstudy.cases import selectors as cases
from readerstudy.cases.models import Case, Rendition, Series
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.rendering import LEVELS, shown_pixels, stack_pixels

LEAST_COUNTS = 255  # a range in which a whole count is no more than the eye can tell


class ImageUnusableError(Exception):
    """The image of a read is missing, damaged or another; tells neither arm nor case.

    Raised `from None`, so that no log learns them from what went before.
    """


def image_pixels(
    *, case: Case, method: str, sha256: str, window: str, name: str
) -> bytes:
    """The three slices of an image: always 12288 bytes, windowed as for every arm.

    sha256: of the image as it was when the study opened.
    name: what a log may call it. Raises ImageUnusableError if it is not that image.
    """
    rendition = _rendition(case, method, name)
    return rendition_pixels(rendition, sha256=sha256, window=window, name=name)


def rendition_pixels(
    rendition: Rendition, *, sha256: str, window: str, name: str = "a read"
) -> bytes:
    """As image_pixels, of a row that was fetched already."""
    return shown_pixels(_values(rendition, sha256, name), window=window)


def stack_image_pixels(
    *,
    case: Case,
    method: str,
    sha256: str,
    shown: tuple[float, float],
    frame: Sequence[int],
    name: str,
) -> bytes:
    """A whole stack as levels: as many bytes for every image of a study.

    shown, frame: the study's, as stack_pixels takes them. As image_pixels otherwise;
    windows are applied where it is drawn.
    """
    rendition = _rendition(case, method, name)
    values = _values(rendition, sha256, name)
    low, high = shown
    try:
        pixels = stack_pixels(
            values, low=low, high=high, frame=frame, whole=_is_rounded(case, shown)
        )
    except ValueError:
        raise ImageUnusableError(_unusable(name)) from None
    # imported stacks are kept in half the bytes of made ones, and reading and hashing
    # take longest: as much is copied and hashed of both, or the time would tell them
    missing = max(values.nbytes - rendition.values.size, 0)
    hashlib.sha256(bytes(bytearray(pixels[:missing]))).digest()
    return pixels


def _is_rounded(case: Case, shown: tuple[float, float]) -> bool:
    """Whether every arm's values are made whole numbers, as those of scans are.

    Of a narrower range of counts nothing would be left; the preflight refuses it.
    """
    units = Series.objects.filter(case=case).order_by("role")
    unit = units.values_list("unit", flat=True).first() or ""
    return are_rounded(unit, *shown)


def are_rounded(unit: str, low: float, high: float) -> bool:
    return unit == "HU" or high - low >= LEAST_COUNTS


def least_range(unit: str, step: float, low: float, high: float) -> float:
    """Of values that are shown, so that no gaps between levels tell scans, which hold
    multiples of `step`, from what filters and networks make; 0: it is wide enough."""
    grid = 1.0 if are_rounded(unit, low, high) else 0.0
    if step <= max(grid, (high - low) / (LEVELS - 1)) * (1 + 1e-6):
        return 0.0
    return LEAST_COUNTS if step <= 1 else step * (LEVELS - 1)


def value_step(rendition: Rendition) -> float:
    """What the values of its middle slice are multiples of, as far as differences tell:
    the least one; 0 where there are no two, or the file is damaged."""
    try:
        with rendition.values.open("rb") as file:
            npy.read_magic(file)
            shape, _fortran, kind = npy.read_array_header_1_0(file)
            area = int(np.prod(shape[1:]))
            file.seek(file.tell() + shape[0] // 2 * area * kind.itemsize)
            values = np.frombuffer(file.read(area * kind.itemsize), kind)
    except (OSError, ValueError, IndexError):
        return 0.0
    steps = np.diff(np.unique(values[np.isfinite(values)]).astype(np.float64))
    return float(steps.min()) if steps.size else 0.0


def _rendition(case: Case, method: str, name: str) -> Rendition:
    try:
        return cases.rendition_get(case=case, method=method)
    except Rendition.DoesNotExist:
        raise ImageUnusableError(_unusable(name)) from None


def _values(rendition: Rendition, sha256: str, name: str) -> NDArray[Any]:
    """As they are stored, if that is still what the study opened with."""
    try:
        values = cases.rendition_values(rendition)
    except (Refused, OSError, ValueError):
        raise ImageUnusableError(_unusable(name)) from None
    if rendition.sha256 != sha256:
        raise ImageUnusableError(_unusable(name))
    return values


def _unusable(name: str) -> str:
    return f"The image of {name} cannot be used."
