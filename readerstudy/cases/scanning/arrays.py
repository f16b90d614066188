"""Arrays as NumPy writes them (.npy), from outside: looked at before they are read."""

from typing import Any, BinaryIO

import numpy as np
from django.utils.translation import gettext_noop
from numpy.lib import format as npy
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused

PLAIN = (1, 0)  # a head of later formats may be 4 GiB long, and is read at once
NO_ARRAY = gettext_noop("It is no array that NumPy has written (.npy).")
NO_NUMBERS = gettext_noop("It holds pixels that are not numbers.")
CUT_OFF = gettext_noop("It is damaged: it cannot be read to its end.")


def read_array(
    file: BinaryIO, *, shapes: tuple[tuple[int, ...], ...]
) -> NDArray[np.float32 | np.int16]:
    """int16 where it holds whole numbers that fit, else float32, finite.

    Refused: no array, objects, another shape than `shapes` have, pixels that are no
    numbers.
    """
    shape, is_fortran, kind = _head(file)
    if shape not in shapes:
        raise Refused(
            gettext_noop("Its shape is %(shape)s, but %(needed)s is needed.")
            % {"shape": _sides(shape), "needed": " / ".join(map(_sides, shapes))}
        )
    if kind.hasobject or kind.kind not in "iufb":
        raise Refused(NO_NUMBERS)
    length = int(np.prod(shape)) * kind.itemsize
    content = file.read(length)
    if len(content) < length:
        raise Refused(CUT_OFF)
    values = np.frombuffer(content, kind)
    values = values.reshape(shape, order="F" if is_fortran else "C")
    return _kept(values)


def _head(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        if npy.read_magic(file) != PLAIN:
            raise Refused(NO_ARRAY)
        shape, is_fortran, kind = npy.read_array_header_1_0(file)
    except Exception as error:  # the head is evaluated: it may raise whatever it likes
        raise Refused(NO_ARRAY) from error
    return tuple(map(int, shape)), is_fortran, kind


def _kept(values: NDArray[Any]) -> NDArray[np.float32 | np.int16]:
    if values.dtype.kind in "iub":
        limits = np.iinfo(np.int16)
        if limits.min <= values.min() and values.max() <= limits.max:
            return np.ascontiguousarray(values, np.int16)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is said
        kept = np.ascontiguousarray(values, np.float32)
    if not np.all(np.isfinite(kept)):
        raise Refused(NO_NUMBERS)
    return kept


def _sides(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"
