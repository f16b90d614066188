"""Looks through everything that a platform has written, and while it writes it."""

import os
import re
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Self

CONTEXT = 40
ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")


class Search:
    """For these marks, in small letters. A file is read once in each of its states."""

    def __init__(self, marks: list[bytes]) -> None:
        self.marks = marks
        self.files = 0
        self._seen: dict[tuple[str, int, int], list[str]] = {}

    def bytes(self, content: bytes) -> Iterator[str]:
        """The first place of each mark, with what stands around it."""
        small = content.lower()
        for mark in self.marks:
            if (at := small.find(mark)) >= 0:
                yield repr(content[max(at - CONTEXT, 0) : at + len(mark) + CONTEXT])

    def file(self, path: Path) -> list[str]:
        """In its name, in its content, and in what is packed there."""
        try:
            now = path.stat()
            state = (str(path), now.st_mtime_ns, now.st_size)
            if state not in self._seen:
                content = path.read_bytes()
                self._seen[state] = list(self._all(path, content))
                self.files += 1
        except OSError:  # it was there a moment ago, or is a socket
            return list(self.bytes(str(path).encode()))
        return self._seen[state]

    def _all(self, path: Path, content: bytes) -> Iterator[str]:
        for part in (str(path).encode(), content, *unpacked(content)):
            yield from (f"{path}: {one}" for one in self.bytes(part))

    def below(self, *folders: Path) -> list[str]:
        return [one for path in files_below(*folders) for one in self.file(path)]


def unpacked(content: bytes) -> Iterator[bytes]:
    """What is inside of it, as far as zlib's own head tells."""
    for match in ZLIB.finditer(content):
        packed = zlib.decompressobj()
        try:
            yield packed.decompress(content[match.start() :][: 2**20], 2**20)
        except zlib.error:
            continue


def files_below(*folders: Path) -> Iterator[Path]:
    """Folders may go while they are walked."""
    for folder in folders:
        for above, _, names in os.walk(folder):
            for name in names:
                yield Path(above, name)


def dump(database: Path) -> bytes:
    """Every row of an SQLite database as SQL."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as rows:
        return "\n".join(rows.iterdump()).encode()


class Watch(threading.Thread):
    """Reads every file that comes into the folders, however short it is there for."""

    def __init__(self, search: Search, *folders: Path) -> None:
        super().__init__(daemon=True)
        self.search, self.folders = search, folders
        self.found: list[str] = []
        self._ending = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        self.join()

    def run(self) -> None:
        while not self._ending.wait(0.05):
            self.found = list(dict.fromkeys(self.found + self._look()))

    def _look(self) -> list[str]:
        return self.search.below(*self.folders)
