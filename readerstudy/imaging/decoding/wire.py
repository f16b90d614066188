"""What goes over the pipes: a head of JSON, then the bytes that it speaks of, which
may stand on a board that both sides see instead.

Nothing is unpickled: a decoder that was taken over could send anything, and may
only send what is named here.
"""

import json
import struct
from dataclasses import fields
from datetime import datetime
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..orientation import Geometry
from ..pipes import exactly
from ..scans import Scan
from ..tomogram import StoredImage

KINDS: dict[str, type] = {kind.__name__: kind for kind in (Geometry, Scan, StoredImage)}
DTYPES = ("float32", "uint16", "int16", "uint8")
LENGTHS = struct.Struct(">QQ?")  # bytes of the head, of the rest; is it on the board
MOST_HEAD = 64 * 2**20
MOST_BODY = 2**30
NO_BOARD = memoryview(b"")


def send(file: IO[bytes], message: Any, board: memoryview = NO_BOARD) -> None:
    """message: of plain values, bytes, arrays and the dataclasses of KINDS.

    board: shared memory, which takes the bytes if they fit; else `file` does.
    """
    parts: list[bytes | memoryview] = []
    head = json.dumps(_plain(message, parts)).encode()
    length = sum(len(part) for part in parts)
    on_board = 0 < length <= len(board)
    at = 0
    for part in parts if on_board else ():
        board[at : at + len(part)] = part
        at += len(part)
    file.write(LENGTHS.pack(len(head), length, on_board) + head)
    for part in () if on_board else parts:
        file.write(part)
    file.flush()


def receive(file: IO[bytes], board: memoryview = NO_BOARD) -> Any:
    """The next message; its arrays may lie on the board, where the next one will.

    EOFError at the end, ValueError if it is none.
    """
    head_length, length, on_board = LENGTHS.unpack(exactly(file, LENGTHS.size))
    if head_length > MOST_HEAD or length > (len(board) if on_board else MOST_BODY):
        raise ValueError("a message is too long")
    head = json.loads(bytes(exactly(file, head_length)))
    body = _Body(file, length, board.toreadonly() if on_board else None)
    try:
        message = _restored(head, body)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("a message is of no known kind") from error
    if body.left:
        raise ValueError("a message is longer than it says")
    return message


class _Body:
    """The bytes after the head, taken as they are asked for."""

    def __init__(self, file: IO[bytes], length: int, board: memoryview | None) -> None:
        self._file, self._length, self._board = file, length, board
        self.left = length

    def next(self, length: int) -> bytearray | memoryview:
        if not 0 <= length <= self.left:
            raise ValueError("a message is shorter than it says")
        at = self._length - self.left
        self.left -= length
        if self._board is None:
            return exactly(self._file, length)
        return self._board[at : at + length]


def _plain(value: Any, parts: list[bytes | memoryview]) -> Any:
    if isinstance(value, bytes):
        return {"~": "bytes", "length": _added(value, parts)}
    if isinstance(value, np.ndarray):
        content = np.ascontiguousarray(value).data.cast("B") if value.size else b""
        return {
            "~": "array",
            "length": _added(content, parts),
            "dtype": value.dtype.name,
            "shape": value.shape,
        }
    if isinstance(value, datetime):
        return {"~": "moment", "iso": value.isoformat()}
    if isinstance(value, tuple | list):
        return [_plain(one, parts) for one in value]
    if type(value).__name__ in KINDS:
        told = {f.name: _plain(getattr(value, f.name), parts) for f in fields(value)}
        return {"~": type(value).__name__, "told": told}
    if isinstance(value, dict):
        told = {key: _plain(one, parts) for key, one in value.items()}
        return {"~": "dict", "told": told}
    return value


def _added(content: bytes | memoryview, parts: list[bytes | memoryview]) -> int:
    parts.append(content)
    return len(content)


def _restored(value: Any, body: _Body) -> Any:
    """Takes its bytes from `body` in the order in which they were put there."""
    if isinstance(value, list):
        return tuple(_restored(one, body) for one in value)
    if not isinstance(value, dict):
        return value
    kind = value["~"]
    if kind == "bytes":
        return bytes(body.next(value["length"]))
    if kind == "array":
        return _array(value, body.next(value["length"]))
    if kind == "moment":
        return datetime.fromisoformat(value["iso"])
    told = {key: _restored(one, body) for key, one in value["told"].items()}
    return told if kind == "dict" else KINDS[kind](**told)


def _array(value: dict[str, Any], content: bytearray | memoryview) -> NDArray[Any]:
    if value["dtype"] not in DTYPES:
        raise ValueError("an array is of no known type")
    return np.frombuffer(content, value["dtype"]).reshape(value["shape"])
