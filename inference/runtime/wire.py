"""What goes over the pipes: a head of JSON, then the bytes that it speaks of.

Nothing is unpickled: a process that a network has taken over could send anything,
and may only send plain values, bytes and arrays of the types named here.
"""

import json
import math
import struct
from collections.abc import Mapping
from typing import IO, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.pipes import exactly

LENGTHS = struct.Struct(">QQ")  # bytes of the head, bytes after it
DTYPES = ("float32", "uint8")
MOST_HEAD = 8 * 2**20
MOST_BODY = 3 * 2**30  # the largest network of the registry has 1.6 GB

Message = dict[str, Any]


def pack(message: Mapping[str, Any]) -> list[bytes | memoryview]:
    """message: name → plain value, bytes or array."""
    plain: dict[str, Any] = {}
    told: list[tuple[str, str, list[int]]] = []
    parts: list[bytes | memoryview] = []
    for name, value in message.items():
        if isinstance(value, bytes | bytearray):
            told.append((name, "bytes", [len(value)]))
            parts.append(memoryview(value))
        elif isinstance(value, np.ndarray):
            told.append((name, value.dtype.name, list(value.shape)))
            array = np.ascontiguousarray(value)
            parts.append(array.data.cast("B") if array.size else b"")
        else:
            plain[name] = value
    head = json.dumps({"plain": plain, "parts": told}, allow_nan=False).encode()
    length = sum(len(part) for part in parts)
    return [LENGTHS.pack(len(head), length) + head, *parts]


def lengths(start: bytes | bytearray) -> tuple[int, int]:
    """Of head and body, from the first LENGTHS.size bytes of a message."""
    head, body = LENGTHS.unpack(start)
    if head > MOST_HEAD or body > MOST_BODY:
        raise ValueError("a message is too long")
    return head, body


def unpack(head: bytes | bytearray, body: memoryview) -> Message:
    """The message; ValueError if it is none."""
    try:
        told = json.loads(bytes(head), parse_constant=_no_number)
        message = dict(told["plain"])
        at = 0
        for name, kind, shape in told["parts"]:
            if not all(type(size) is int and size >= 0 for size in shape):
                raise ValueError("an array has no such shape")
            length = math.prod(shape) * (4 if kind == "float32" else 1)
            if at + length > len(body):
                raise ValueError("a message is shorter than it says")
            message[str(name)] = _part(kind, shape, body[at : at + length])
            at += length
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("a message is of no known kind") from error
    if at != len(body):
        raise ValueError("a message is longer than it says")
    return message


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _part(kind: str, shape: list[int], content: memoryview) -> bytes | NDArray[Any]:
    if kind == "bytes":
        return bytes(content)
    if kind not in DTYPES:
        raise ValueError("an array is of no known type")
    return np.frombuffer(content, kind).reshape(shape)


def send(file: IO[bytes], message: Mapping[str, Any]) -> None:
    for part in pack(message):
        file.write(part)
    file.flush()


def receive(file: IO[bytes]) -> Message:
    """The next message; EOFError at the end of the pipe."""
    head, body = lengths(exactly(file, LENGTHS.size))
    return unpack(exactly(file, head), memoryview(exactly(file, body)))
