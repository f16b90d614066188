"""The one file: a tar archive, perhaps sealed.

    manifest.json                   what it is of, and what is to come
    keys.json                       only in a sealed one
    rows/<table>/00001.jsonl.gz …   rows as lines of JSON, by their primary key
    files/<name>                    each as the storage has it
    contents.json.gz                rows, sizes and SHA-256 of all that came; the end

It is written from its beginning to its end without turning back, each file being read
once: hence two lists, of which the second holds what is only known afterwards.
"""

import gzip
import hashlib
import io
import json
import tarfile
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from readerstudy.imaging.errors import Refused

from .sealing import MAGIC, SealedReader, SealingWriter, Writer

FORMAT = 1
MANIFEST, KEYS, CONTENTS = "manifest.json", "keys.json", "contents.json.gz"
ROWS, FILES = "rows/", "files/"
MOST_MANIFEST = 64 * 2**20
BUFFER = 2**18

NO_BACKUP = "The file is no backup of this program."


def torn(where: str = "") -> Refused:
    return Refused(
        f"The archive is damaged or cut off{where}. Nothing of it was used; take "
        "another copy of it, or an earlier backup."
    )


@dataclass
class Contents:
    """What the archive holds, known at its end.

    tables: name → (rows, SHA-256 of their lines). files: name → (bytes, SHA-256).
    missing: files that rows name and that were not there. changed: files that are not
    what their rows say (a SHA-256 beside them).
    """

    tables: dict[str, tuple[int, str]] = field(default_factory=dict)
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    manifest_sha256: str = ""

    def as_json(self) -> bytes:
        return json.dumps(self.__dict__, indent=0).encode()

    @classmethod
    def of_json(cls, text: bytes) -> "Contents":
        held = json.loads(text)
        for name in ("tables", "files"):
            held[name] = {key: tuple(value) for key, value in held[name].items()}
        return cls(**held)

    @classmethod
    def of_member(cls, member: "Member") -> "Contents":
        return cls.of_json(gzip.decompress(member.file.read()))


class ArchiveWriter:
    """Members of an archive, one after another."""

    def __init__(self, out: Writer, passphrase: str | None) -> None:
        self._sealing = SealingWriter(out, passphrase) if passphrase else None
        self._out: Writer = self._sealing or out
        self.now = int(time.time())

    def add(self, name: str, content: bytes) -> None:
        self.add_pieces(name, len(content), [content])

    def add_pieces(self, name: str, size: int, pieces: Iterable[bytes]) -> str:
        """Its SHA-256. Refused if the pieces have not this size together."""
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, self.now, 0o600
        self._out.write(info.tobuf(tarfile.PAX_FORMAT))
        digest, written = hashlib.sha256(), 0
        for piece in pieces:
            digest.update(piece)
            written += len(piece)
            if written <= size:
                self._out.write(piece)
        if written != size:
            raise Refused(
                f"{name} changed its size while it was copied: {size} bytes became "
                f"{written}. Please start the backup again."
            )
        self._out.write(bytes(-size % tarfile.BLOCKSIZE))
        return digest.hexdigest()

    def finish(self) -> None:
        self._out.write(bytes(2 * tarfile.BLOCKSIZE))
        if self._sealing:
            self._sealing.finish()


@dataclass
class Member:
    name: str
    size: int
    file: BinaryIO

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    def pieces(self) -> Iterator[bytes]:
        while piece := self.file.read(BUFFER):
            yield piece

    def lines(self) -> Iterator[bytes]:
        """Of a packed one, without their ends."""
        with gzip.GzipFile(fileobj=self.file) as unpacked:
            for line in unpacked:
                yield line.rstrip(b"\n")


class ArchiveReader:
    """Members in their order; the manifest has been read already."""

    def __init__(self, file: BinaryIO) -> None:
        self._tar = tarfile.open(  # noqa: SIM115 - whose the file is closes it
            fileobj=file, mode="r|", bufsize=BUFFER
        )
        self._members = self._walk()
        first = next(self._members, None)
        if first is None or first.name != MANIFEST or first.size > MOST_MANIFEST:
            raise Refused(NO_BACKUP)
        text = first.file.read()
        self.manifest: dict[str, Any] = json.loads(text)
        self.manifest_sha256 = hashlib.sha256(text).hexdigest()
        if self.manifest.get("format") != FORMAT:
            raise Refused(
                f"The backup has the format {self.manifest.get('format')}; this "
                f"version of the program reads format {FORMAT}. Use a newer one."
            )

    def _walk(self) -> Iterator[Member]:
        for info in self._tar:
            file = self._tar.extractfile(info)
            if file is None:
                raise Refused(NO_BACKUP)
            yield Member(info.name, info.size, cast(BinaryIO, file))
            self._tar.members.clear()  # type: ignore[attr-defined]  # it keeps them all

    def __iter__(self) -> Iterator[Member]:
        return self._members


@contextmanager
def archive_open(path: Path, passphrase: str | None) -> Iterator[ArchiveReader]:
    """Refused, in words, for what is no archive, is damaged, or does not open."""
    try:
        with path.open("rb") as file:
            begins = file.read(len(MAGIC))
            if begins != MAGIC:
                file.seek(0)
                with _in_words(NO_BACKUP):
                    archive = ArchiveReader(file)
            else:
                if not passphrase:
                    raise Refused("The archive is sealed: it needs its passphrase.")
                clear = io.BufferedReader(SealedReader(file, passphrase), BUFFER)
                with _in_words(str(torn())):
                    archive = ArchiveReader(cast(BinaryIO, clear))
            with _in_words(str(torn())):
                yield archive
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        if error.filename != str(path):
            raise
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error


@contextmanager
def _in_words(sentence: str) -> Iterator[None]:
    broken = (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error)
    try:
        yield
    except (*broken, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Refused(sentence) from error


def check_contents(archive: ArchiveReader, told: Contents, found: Contents) -> None:
    """Refused with the name of what is not as the archive's end tells it."""
    if told.manifest_sha256 != archive.manifest_sha256:
        raise torn(": its manifest is another")
    for kind, of_told, of_found in (
        ("the rows of ", told.tables, found.tables),
        ("the file ", told.files, found.files),
    ):
        for name in sorted(of_told.keys() | of_found.keys()):
            if of_told.get(name) != of_found.get(name):
                raise torn(f": {kind}{name}")
