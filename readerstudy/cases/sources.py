"""Files to ingest: a folder, or a zip that is read member by member, never unpacked.

A zip comes from outside. Its members are streamed under their own names, which are
only shown, never used as paths; how many, how large and how densely packed they may
be is bounded.
"""

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

# 207 cases in one file a slice are 35,000 files; a cohort of them is some 10 GB.
MAX_FILES = 200_000
MAX_TOTAL_BYTES = 64 * 2**30
# Images with an empty background shrink to a tenth; a bomb shrinks to a thousandth.
MAX_RATIO = 200
RATIO_MATTERS_FROM_BYTES = 100 * 2**20

# Opens a file that was received: its clear content, to read and to seek in.
Opener = Callable[[], BinaryIO]

# What reading a member of a damaged or unusual zip may raise besides Refused.
UNREADABLE = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    RuntimeError,
)

ENCRYPTED = 0x1  # general purpose bit 0 (APPNOTE.TXT 4.4.4)


@dataclass(frozen=True)
class LeftOut:
    """A file that is not imported, and why, in a sentence for the user."""

    name: str
    reason: str


class Source(Protocol):
    names: list[str]
    left_out: list[LeftOut]

    def open(self, name: str) -> BinaryIO: ...


class FolderSource:
    """Every regular file below a folder; links to other folders are not followed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []
        self.left_out: list[LeftOut] = []
        for directory, folders, files in os.walk(folder):
            folders.sort()
            for file in sorted(files):
                self._add(Path(directory) / file)

    def _add(self, path: Path) -> None:
        name = str(path.relative_to(self.folder))
        try:
            mode = path.stat().st_mode
        except OSError as error:
            reason = f"It cannot be read ({error.strerror})."
            self.left_out.append(LeftOut(name, reason))
            return
        if not stat.S_ISREG(mode):
            self.left_out.append(
                LeftOut(name, gettext_noop("It is not an ordinary file."))
            )
        elif len(self.names) >= MAX_FILES:
            raise Refused(
                gettext_noop("The folder holds more than %(most)s files.")
                % {"most": MAX_FILES}
            )
        else:
            self.names.append(name)

    def open(self, name: str) -> BinaryIO:
        return (self.folder / name).open("rb")


class ZipSource:
    """The members of a zip file."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.members: dict[str, zipfile.ZipInfo] = {}
        self.left_out: list[LeftOut] = []
        members = [info for info in archive.infolist() if not info.is_dir()]
        _check_bounds(members)
        for info in members:
            if info.flag_bits & ENCRYPTED:
                reason = gettext_noop("It is encrypted inside the zip file.")
                self.left_out.append(LeftOut(info.filename, reason))
            elif info.filename in self.members:
                reason = gettext_noop("Another file in the zip file has the same name.")
                self.left_out.append(LeftOut(info.filename, reason))
            else:
                self.members[info.filename] = info
        self.names = sorted(self.members)

    def open(self, name: str) -> BinaryIO:
        return self.archive.open(self.members[name])  # type: ignore[return-value]


def _check_bounds(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_FILES:
        raise Refused(
            gettext_noop("The zip file holds more than %(most)s files.")
            % {"most": MAX_FILES}
        )
    total = sum(info.file_size for info in members)
    packed = sum(info.compress_size for info in members)
    if total > MAX_TOTAL_BYTES:
        raise Refused(
            gettext_noop("The zip file would unpack to more than %(gigabytes)s GB.")
            % {"gigabytes": MAX_TOTAL_BYTES // 2**30}
        )
    if total > RATIO_MATTERS_FROM_BYTES and total > MAX_RATIO * max(packed, 1):
        raise Refused(
            gettext_noop(
                "The zip file would unpack to more than %(times)s times "
                "its size; images do not shrink so far."
            )
            % {"times": MAX_RATIO}
        )


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """What lies at `path`. Refused if it is neither a folder nor a zip file."""
    if path.is_dir():
        yield FolderSource(path)
        return
    if not path.exists():
        raise Refused(
            gettext_noop("There is no file or folder %(path)s.") % {"path": path}
        )
    try:
        archive = zipfile.ZipFile(path)
    except (*UNREADABLE, ValueError) as error:
        raise Refused(
            gettext_noop(
                "%(name)s is neither a folder nor a zip file that can be read."
            )
            % {"name": path.name}
        ) from error
    with archive:
        yield ZipSource(archive)


class SealedFiles:
    """Files that lie sealed, under the names that their sender gave them."""

    def __init__(self, files: Sequence[tuple[str, Opener]]) -> None:
        self.files = dict(files)
        self.names = sorted(self.files)
        self.left_out: list[LeftOut] = []

    def open(self, name: str) -> BinaryIO:
        return self.files[name]()


@contextmanager
def sealed_source(files: Sequence[tuple[str, Opener]]) -> Iterator[Source]:
    """Files that were received: several, or a zip of them alone."""
    if len(files) == 1:
        with files[0][1]() as file:
            if zipfile.is_zipfile(file):
                file.seek(0)
                with zipfile.ZipFile(file) as archive:
                    yield ZipSource(archive)
                return
    yield SealedFiles(files)
