"""CD images: ISO 9660 (ECMA-119), by which PS3.12 has images on CD and DVD.

Long names are taken from Joliet where it is there. Every number comes from outside
and is checked against the image's own length.
"""

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack_from
from typing import BinaryIO

from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from ..storage.seekable import SeekableView
from . import entries
from .entries import Entry, LeftOut

SECTOR = 2048
FIRST_DESCRIPTOR = 16  # 8.1: sectors 0 to 15 are the system's
MOST_DESCRIPTORS = 64
PRIMARY, SUPPLEMENTARY, TERMINATOR = 1, 2, 255
JOLIET = (b"%/@", b"%/C", b"%/E")  # escape sequences of UCS-2
DIRECTORY, ASSOCIATED, NOT_FINAL = 0x02, 0x04, 0x80  # file flags, 9.1.6
DEEPEST_FOLDER = 32
MOST_FOLDER_BYTES = 2**26
MOST_FOLDERS_BYTES = 2**27  # all of them
LONGEST_PATH = 1000
MOST_SHARED = 10
SHARING_MATTERS_FROM_BYTES = 100 * 2**20

CUT_SHORT = gettext_noop("It is truncated: it lies beyond the end of the CD image.")
INTERLEAVED = gettext_noop("It is interleaved with others in the CD image.")
DAMAGED = gettext_noop("The CD image is damaged: its folders cannot be read.")


def is_iso(file: BinaryIO) -> bool:
    file.seek(FIRST_DESCRIPTOR * SECTOR + 1)
    return file.read(5) == b"CD001"


@dataclass(frozen=True)
class _Record:
    """A directory record (9.1). extent: where it begins, and its length, in bytes."""

    name: str
    extent: tuple[int, int]
    flags: int
    interleaved: bool


@dataclass(frozen=True)
class _Volume:
    """root: extent of the root folder. joliet: names are in UCS-2."""

    root: tuple[int, int]
    block: int
    joliet: bool


class _Image:
    """The bytes of an image, for several readers at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._lock = file, threading.Lock()
        self.length = file.seek(0, io.SEEK_END)

    def at(self, start: int, length: int) -> bytes:
        with self._lock:
            self._file.seek(start)
            return self._file.read(length)


class _Extents(SeekableView):
    """A file that lies in one or several pieces of an image."""

    def __init__(self, image: _Image, extents: tuple[tuple[int, int], ...]) -> None:
        super().__init__(sum(length for _, length in extents))
        self._image, self._extents = image, extents

    def bytes_at(self, start: int, most: int) -> bytes:
        before = 0
        for extent, length in self._extents:
            if start < before + length:
                inside = start - before
                return self._image.at(extent + inside, min(most, length - inside))
            before += length
        return b""


def iso_entries(file: BinaryIO) -> Iterator[Entry | LeftOut]:
    """Its files. Refused if its folders cannot be read."""
    image = _Image(file)
    volume = _volume(image)
    seen: set[int] = set()
    waiting: list[tuple[str, tuple[int, int], int]] = [("", volume.root, 0)]
    count = total = folder_bytes = 0
    while waiting:
        path, extent, depth = waiting.pop()
        if extent[0] in seen or depth > DEEPEST_FOLDER or len(path) > LONGEST_PATH:
            continue  # a folder that lies in itself
        seen.add(extent[0])
        folder_bytes += extent[1]
        if folder_bytes > MOST_FOLDERS_BYTES:  # they may share their bytes, too
            raise Refused(DAMAGED)
        for name, records in _files(image, extent, volume):
            count += 1
            if count > entries.MAX_FILES:
                raise Refused(
                    gettext_noop("There are more than %(most)s files.")
                    % {"most": entries.MAX_FILES}
                )
            if records[0].flags & DIRECTORY:
                waiting.append((f"{path}{name}/", records[0].extent, depth + 1))
            else:
                total += sum(record.extent[1] for record in records)
                _check_total(total, image.length)
                yield _entry(image, path + name, records)


def _check_total(total: int, length: int) -> None:
    """Files may share their bytes; so many of them are a bomb."""
    if total > max(MOST_SHARED * length, SHARING_MATTERS_FROM_BYTES):
        raise Refused(
            gettext_noop(
                "The files on the CD image would be more than %(times)s times its size."
            )
            % {"times": MOST_SHARED}
        )


def _entry(image: _Image, name: str, records: list[_Record]) -> Entry | LeftOut:
    extents = tuple(record.extent for record in records)
    if any(record.interleaved for record in records):
        return LeftOut(name, INTERLEAVED)
    if any(start + length > image.length for start, length in extents):
        return LeftOut(name, CUT_SHORT)
    return Entry(
        name, lambda: io.BufferedReader(_Extents(image, extents), 2**18), seekable=True
    )


def _volume(image: _Image) -> _Volume:
    """The Joliet volume where there is one, else the primary one (8.4, 8.5)."""
    found: dict[bool, _Volume] = {}
    for number in range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + MOST_DESCRIPTORS):
        sector = image.at(number * SECTOR, SECTOR)
        if len(sector) < SECTOR or sector[1:6] != b"CD001" or sector[0] == TERMINATOR:
            break
        joliet = sector[0] == SUPPLEMENTARY and sector[88:91] in JOLIET
        if sector[0] == PRIMARY or joliet:
            (block,) = unpack_from("<H", sector, 128)
            record = _record(sector[156:190], block, joliet)
            if block and record:
                found.setdefault(joliet, _Volume(record.extent, block, joliet))
    if not found:
        raise Refused(DAMAGED)
    return found.get(True) or found[False]


def _files(
    image: _Image, extent: tuple[int, int], volume: _Volume
) -> Iterator[tuple[str, list[_Record]]]:
    """Name and records of each file and folder in a folder (6.8.1, 9.1)."""
    start, length = extent
    if length > MOST_FOLDER_BYTES or start + length > image.length:
        raise Refused(DAMAGED)
    content = image.at(start, length)
    pieces: list[_Record] = []
    at = 0
    while at < len(content):
        if not (size := content[at]):  # records do not cross sectors
            at = (at // SECTOR + 1) * SECTOR
            continue
        record = _record(content[at : at + size], volume.block, volume.joliet)
        at += size
        if record is None:
            raise Refused(DAMAGED)
        if record.name in ("\0", "\1") or record.flags & ASSOCIATED:
            continue  # the folder itself, the one above
        pieces.append(record)
        if not record.flags & NOT_FINAL:
            yield pieces[0].name, pieces
            pieces = []


def _record(content: bytes, block: int, joliet: bool) -> _Record | None:
    """None if it is none."""
    if len(content) < 34 or len(content) < 33 + content[32]:
        return None
    start, length = unpack_from("<I4xI", content, 2)
    raw = content[33 : 33 + content[32]]
    if raw in (b"\0", b"\1"):
        name = raw.decode()
    else:
        name = raw.decode("utf-16-be" if joliet else "latin-1", "replace")
        name = name.partition(";")[0]  # 7.5.1: the version of the file
        name = name[:-1] if name.endswith(".") and not joliet else name
    return _Record(
        name=name.replace("/", "_"),
        extent=((start + content[1]) * block, length),
        flags=content[25],
        interleaved=bool(content[26]),
    )
