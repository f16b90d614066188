"""Many files as one stream: how a folder of thousands of slices travels.

Layout: the contents of all files, one after another; their index, a JSON list of
[name, size]; the length of the index (8 bytes, big endian); MAGIC. The index comes
last, so that it can be written by who does not know yet what will come.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from .sealing import sealed_open
from .seekable import SeekableView

MAGIC = b"\x89PARCEL\n"
LENGTH = 8  # bytes of the index's length
TAIL = LENGTH + len(MAGIC)
# 35,000 slices need 3 MB; every file of a DVD with long paths some more.
MAX_INDEX_BYTES = 64 * 2**20
MAX_NAME = 1000
# Two for each of 200,000 files, and those in names: more would fill the memory.
MAX_COMMAS = 1_000_000

Opener = Callable[[], BinaryIO]


@dataclass(frozen=True)
class Member:
    """One file of a parcel. start: where its content begins there."""

    name: str
    start: int
    size: int


class Writer(Protocol):
    def write(self, chunk: bytes, /) -> object: ...


class ParcelWriter:
    """Packs files into `out`, one after another."""

    def __init__(self, out: Writer) -> None:
        self._out = out
        self.names_and_sizes: list[tuple[str, int]] = []

    def begin(self, name: str) -> None:
        self.names_and_sizes.append((name[-MAX_NAME:], 0))

    def write(self, chunk: bytes) -> None:
        """More of the file that was begun last."""
        name, size = self.names_and_sizes[-1]
        self._out.write(chunk)
        self.names_and_sizes[-1] = name, size + len(chunk)

    def finish(self) -> None:
        index = json.dumps(self.names_and_sizes).encode()
        self._out.write(index + len(index).to_bytes(LENGTH, "big") + MAGIC)


def parcel_members(file: BinaryIO) -> list[Member] | None:
    """What is in the parcel; None if `file` is none. Refused if it is damaged."""
    end = file.seek(0, io.SEEK_END)
    if end < TAIL:
        return None
    file.seek(end - TAIL)
    tail = file.read(TAIL)
    if not tail.endswith(MAGIC):
        return None
    length = int.from_bytes(tail[:LENGTH], "big")
    content = end - TAIL - length
    if length > MAX_INDEX_BYTES or content < 0:
        raise _damaged()
    file.seek(content)
    index = file.read(length)
    if index.count(b",") > MAX_COMMAS:
        raise _damaged()
    return _members(index, content)


def _members(index: bytes, content: int) -> list[Member]:
    """The members that `index` lists; they fill the `content` bytes before it."""
    members, start = [], 0
    try:
        for name, size in json.loads(index):
            if type(name) is not str or type(size) is not int or size < 0:
                raise _damaged()
            members.append(Member(name[-MAX_NAME:], start, size))
            start += size
    except (ValueError, TypeError, RecursionError) as error:
        raise _damaged() from error
    if start != content:
        raise _damaged()
    return members


def _damaged() -> Refused:
    return Refused(
        gettext_noop(
            "The files did not come as they were sent. Please send them again."
        )
    )


class _Window(SeekableView):
    """One member of a sealed parcel."""

    def __init__(self, path: Path, member: Member) -> None:
        super().__init__(member.size)
        # without the buffer of the whole, which would read far beyond a small member
        self._file = cast(io.BufferedReader, sealed_open(path)).detach()
        self._first = member.start

    def bytes_at(self, start: int, most: int) -> bytes:
        self._file.seek(self._first + start)
        return self._file.read(most) or b""

    def close(self) -> None:
        self._file.close()
        super().close()


def member_open(path: Path, member: Member) -> BinaryIO:
    """The clear content of a member of the sealed parcel at `path`."""
    return io.BufferedReader(_Window(path, member))
