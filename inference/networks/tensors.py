"""The numbers in a safetensors file, read without trust.

A file is: eight bytes header length (little endian), the header as JSON (name →
dtype, shape, byte range; `__metadata__` with text only), then the numbers
(https://github.com/huggingface/safetensors#format). The reader is our own because
files come from outside: it caps the header, wants every byte accounted for, and
needs neither torch nor trust.

Numbers are float32 (F32), or of 8 bits (I8) with a companion "NAME.scale": value =
I8 · scale, one scale for each entry along the first axis.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

HEADER_LIMIT = 2**20  # bytes; a TransUNET's header has about 40 000
SCALE = ".scale"  # what the companion of an 8-bit tensor is called after its name
MOST_NESTED = 20  # levels of a header or a card; pages show the latter
EIGHT_BIT_FROM = 1024  # smaller tensors cost little space and stay float32
_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "I8": np.dtype("i1")}

Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class _Entry:
    """One tensor as the header describes it, with its place in the file's data."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


def parse_tensors(content: bytes, *, name: str) -> tuple[Tensors, Any]:
    """Every tensor as float32, and the metadata; `name` is only for the sentences.

    Raises Refused, with the reason in the user's words, on anything but complete,
    finite numbers.
    """
    header, start = _parse_header(content, name=name)
    metadata = header.pop("__metadata__", None)
    found = dict(_read(_entries(header), content, start, name=name))
    return _without_scales(found, name=name), metadata


def _read(
    entries: list[_Entry], content: bytes, start: int, *, name: str
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Each tensor as it is stored; every byte belongs to exactly one of them."""
    position = start
    for entry in entries:
        size = entry.dtype.itemsize * math.prod(entry.shape)
        if start + entry.begin != position or entry.end - entry.begin != size:
            raise Refused(
                gettext_noop(
                    "In %(name)s, the bytes of %(key)r overlap, leave a gap or do "
                    "not fit its shape."
                )
                % {"name": name, "key": entry.name}
            )
        position = start + entry.end
        if position > len(content):
            raise Refused(
                gettext_noop("%(name)s is cut off: the bytes of %(key)r are missing.")
                % {"name": name, "key": entry.name}
            )
        values = np.frombuffer(
            content, entry.dtype, math.prod(entry.shape), start + entry.begin
        )
        _refuse_infinite(values, entry.name, name=name)
        yield entry.name, values.reshape(entry.shape)
    if position != len(content):
        raise Refused(
            gettext_noop("%(name)s has %(bytes)s bytes after its last weights.")
            % {"name": name, "bytes": len(content) - position}
        )


def _without_scales(found: dict[str, NDArray[Any]], *, name: str) -> Tensors:
    """8-bit tensors times their scales, which are gone; the others as they are."""
    scaled = {key for key, values in found.items() if values.dtype == _DTYPES["I8"]}
    tensors: Tensors = {}
    for key, values in found.items():
        of = key.removesuffix(SCALE)
        if key in scaled:
            scale = _scale(key, found, name=name)
            with np.errstate(over="ignore"):
                tensors[key] = values.astype(np.float32) * scale.astype(np.float32)
            _refuse_infinite(tensors[key], key, name=name)
        elif of == key or of not in scaled:
            _refuse_needless_scale(key, found, name=name)
            tensors[key] = values.astype(np.float32)
    return tensors


def _scale(key: str, found: dict[str, NDArray[Any]], *, name: str) -> NDArray[Any]:
    scale, values = found.get(key + SCALE), found[key]
    if scale is None or scale.dtype != _DTYPES["F32"]:
        raise Refused(
            gettext_noop(
                "In %(name)s, %(key)r has 8 bits and needs %(scale)r of type F32."
            )
            % {"name": name, "key": key, "scale": key + SCALE}
        )
    wanted = values.shape[:1] + (1,) * (values.ndim - 1)
    if scale.shape != wanted:
        raise Refused(
            gettext_noop(
                "In %(name)s, %(scale)r has the shape %(found)s; the one that fits "
                "%(key)r is %(wanted)s."
            )
            % {
                "name": name,
                "scale": key + SCALE,
                "found": scale.shape,
                "key": key,
                "wanted": wanted,
            }
        )
    if not (scale > 0).all():
        raise Refused(
            gettext_noop("In %(name)s, %(scale)r has values that are not above 0.")
            % {"name": name, "scale": key + SCALE}
        )
    return scale


def _refuse_needless_scale(
    key: str, found: dict[str, NDArray[Any]], *, name: str
) -> None:
    if key + SCALE in found:
        raise Refused(
            gettext_noop(
                "In %(name)s, %(key)r is of type F32 and yet has %(scale)r, which "
                "only 8-bit numbers have."
            )
            % {"name": name, "key": key, "scale": key + SCALE}
        )


def _refuse_infinite(values: NDArray[Any], key: str, *, name: str) -> None:
    if not np.isfinite(values).all():
        raise Refused(
            gettext_noop("In %(name)s, %(key)r has values that are not finite.")
            % {"name": name, "key": key}
        )


def to_eight_bit_tensors(tensors: Tensors) -> dict[str, NDArray[Any]]:
    """What is stored for them: I8 with its scale for all that is large, else F32.

    One scale for each entry along the first axis: its largest number becomes ±127.
    """
    stored: dict[str, NDArray[Any]] = {}
    for key, values in tensors.items():
        if values.ndim < 2 or values.size < EIGHT_BIT_FROM:
            stored[key] = values
            continue
        largest = np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True)
        scale = np.where(largest > 0, largest / np.float32(127), np.float32(1))
        # numbers too small to be divided by 127 have no scale: they become zero
        scale = np.where(scale > 0, scale, np.float32(1)).astype(np.float32)
        stored[key] = np.rint(values / scale).clip(-127, 127).astype(np.int8)
        stored[key + SCALE] = scale
    return stored


def _parse_header(content: bytes, *, name: str) -> tuple[dict[str, Any], int]:
    """The header as a dict, and where the numbers begin."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or content[8:9] != b"{":
        raise Refused(
            gettext_noop("%(name)s is not a safetensors file.") % {"name": name}
        )
    if length > HEADER_LIMIT:
        raise Refused(
            gettext_noop(
                "The header of %(name)s claims %(length)s bytes; at most "
                "%(most)s are read."
            )
            % {"name": name, "length": length, "most": HEADER_LIMIT}
        )
    if 8 + length > len(content):
        raise Refused(
            gettext_noop("%(name)s is cut off within its header.") % {"name": name}
        )
    header = parse_json(content[8 : 8 + length], of=name)
    if not isinstance(header, dict):
        raise Refused(
            gettext_noop("The header of %(name)s is not a JSON object.")
            % {"name": name}
        )
    return header, 8 + length


def parse_json(text: Any, *, of: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name appears twice")
        return found

    def no_constant(value: str) -> Any:
        raise ValueError(f"{value} is not a number of JSON")

    try:
        found = json.loads(text, object_pairs_hook=once, parse_constant=no_constant)
        # JSON may escape half of a pair ("\ud800"): no page and no row can hold it
        json.dumps(found, ensure_ascii=False).encode()
        _refuse_depth(found)
    except UnicodeError as error:
        raise Refused(
            gettext_noop("The header of %(of)s holds text that is not valid Unicode.")
            % {"of": of}
        ) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(
            gettext_noop("The header of %(of)s cannot be read: %(error)s.")
            % {"of": of, "error": error}
        ) from error
    return found


def _refuse_depth(found: Any) -> None:
    level = [found]
    for _ in range(MOST_NESTED):
        level = [
            value
            for one in level
            if isinstance(one, dict | list)
            for value in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise ValueError(f"it is nested more than {MOST_NESTED} levels deep")


def _entries(header: dict[str, Any]) -> list[_Entry]:
    """In the order of their bytes."""
    found = []
    for key, entry in header.items():
        begin, end = _byte_range(key, entry)
        found.append(_Entry(key, _dtype(key, entry), _shape(key, entry), begin, end))
    return sorted(found, key=lambda entry: (entry.begin, entry.end))


def _byte_range(key: str, entry: Any) -> tuple[int, int]:
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if (
        not isinstance(offsets, list)
        or len(offsets) != 2
        or not all(type(offset) is int and offset >= 0 for offset in offsets)
    ):
        raise Refused(
            gettext_noop("The header entry %(key)r has no valid byte range.")
            % {"key": key}
        )
    return offsets[0], offsets[1]


def _dtype(key: str, entry: dict[str, Any]) -> np.dtype[Any]:
    name = entry.get("dtype")
    if not isinstance(name, str) or name not in _DTYPES:
        raise Refused(
            gettext_noop(
                "%(key)r is of type %(dtype)s; only float32 (F32), or 8 bits (I8) "
                "with a scale, is accepted."
            )
            % {"key": key, "dtype": name}
        )
    return _DTYPES[name]


def _shape(key: str, entry: dict[str, Any]) -> tuple[int, ...]:
    shape = entry.get("shape")
    if (
        not isinstance(shape, list)
        or len(shape) > 8
        or not all(type(size) is int and 0 < size < 2**31 for size in shape)
    ):
        raise Refused(
            gettext_noop("The header entry %(key)r has no valid shape.") % {"key": key}
        )
    return tuple(shape)
