"""Zip files and CD images, told by their content. Nothing of them is unpacked."""

import copy
import io
import stat
import threading
import zipfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

import imagecodecs
from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from . import entries
from .entries import UNREADABLE, Entry, LeftOut
from .iso import is_iso, iso_entries

# Images with an empty background shrink to a tenth; a bomb shrinks to a thousandth.
MAX_RATIO = 200
RATIO_MATTERS_FROM_BYTES = 100 * 2**20

# 200,000 members with long paths; zipfile reads it whole.
MOST_DIRECTORY_BYTES = 64 * 2**20

# A member that is no larger, packed and unpacked, is unpacked at once: that takes
# half the time, and room for all of it.
MOST_AT_ONCE = 32 * 2**20

ENCRYPTED = 0x1  # general purpose bit 0 (APPNOTE.TXT 4.4.4)
NAME_IN_UTF_8 = 0x800  # bit 11
OPENED = (".zip", ".iso")
OTHERS = (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".nrg", ".mdf")


def is_archive_name(name: str) -> bool:
    return name.lower().endswith(OPENED)


def is_other_archive_name(name: str) -> bool:
    return name.lower().endswith(OTHERS)


def is_archive(file: BinaryIO) -> bool:
    return is_iso(file) or zipfile.is_zipfile(file)


def archive_entries(file: BinaryIO, *, name: str) -> Iterable[Entry | LeftOut]:
    """What it holds; `file` stays open as long as that is read. Refused if it is
    neither a zip file nor a CD image, or would unpack to too much."""
    if is_iso(file):
        return iso_entries(file)
    try:
        file.seek(0)
        archive = zipfile.ZipFile(cast(BinaryIO, _Bounded(file)))
    except UNREADABLE as error:
        raise Refused(
            gettext_noop(
                "%(name)s is no folder, and no zip file or CD image (ISO) that can "
                "be read."
            )
            % {"name": name}
        ) from error
    _check_bounds(archive, packed=file.seek(0, io.SEEK_END))
    return _ZipMembers(archive).entries()


class _Bounded:
    """A zip file whose table of members is not read if it would fill the memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._read = file.read
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > MOST_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("its table of members is too large")
        return self._read(size)


class _ZipMembers:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        # zipfile counts its open members without one, and closes too early
        self.lock = threading.Lock()

    def entries(self) -> Iterator[Entry | LeftOut]:
        taken: set[str] = set()
        for info in self.archive.infolist():
            name = _name(info)
            if _is_folder(info):
                continue
            if stat.S_ISLNK(info.external_attr >> 16):  # as made on Unix
                yield LeftOut(name, LINK)
            elif info.flag_bits & ENCRYPTED:
                yield LeftOut(name, ENCRYPTED_MEMBER)
            elif name in taken:
                yield LeftOut(name, TWICE)
            else:
                taken.add(name)
                yield self._entry(name, info)

    def _entry(self, name: str, info: zipfile.ZipInfo) -> Entry:
        return Entry(name, lambda: self._opened(info))

    def _opened(self, info: zipfile.ZipInfo) -> BinaryIO:
        content = self._unpacked(info)
        if content is None:
            return cast(BinaryIO, _Member(self, info))
        return io.BytesIO(content)

    def _unpacked(self, info: zipfile.ZipInfo) -> bytes | None:
        """Its content by libdeflate; None if that is not just what it is said to be:
        zipfile then says what is wrong."""
        if info.compress_type != zipfile.ZIP_DEFLATED:
            return None
        if not 0 < max(info.file_size, info.compress_size) <= MOST_AT_ONCE:
            return None
        try:
            with _Member(self, _as_packed(info)) as member:
                packed = member.read()
            content = imagecodecs.deflate_decode(packed, raw=True, out=info.file_size)
        except UNREADABLE:
            return None
        found = len(content), imagecodecs.deflate_crc32(content)
        return bytes(content) if found == (info.file_size, info.CRC) else None


class _Member(io.RawIOBase):
    """One member, opened and closed in turn with the others."""

    def __init__(self, members: _ZipMembers, info: zipfile.ZipInfo) -> None:
        self._lock = members.lock
        with self._lock:
            self._file = members.archive.open(info)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def close(self) -> None:
        if not self.closed:
            with self._lock:
                self._file.close()
        super().close()


def _as_packed(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """The member as if its packed bytes were its content, whose sum is not known."""
    packed = copy.copy(info)
    packed.compress_type, packed.file_size = zipfile.ZIP_STORED, info.compress_size
    packed.CRC = None  # type: ignore[assignment]
    return packed


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.filename.endswith("/")  # is_dir fails where there is no name at all


def _name(info: zipfile.ZipInfo) -> str:
    """Its name; Windows in Japan writes it in its own code and says nothing of it."""
    if info.flag_bits & NAME_IN_UTF_8 or info.filename.isascii():
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _check_bounds(archive: zipfile.ZipFile, *, packed: int) -> None:
    """packed: bytes of the archive. Members may claim the same bytes for theirs."""
    members = [info for info in archive.infolist() if not _is_folder(info)]
    if len(members) > entries.MAX_FILES:
        raise Refused(
            gettext_noop("The zip file holds more than %(most)s files.")
            % {"most": entries.MAX_FILES}
        )
    total = sum(info.file_size for info in members)
    if total > entries.MAX_TOTAL_BYTES:
        raise Refused(
            gettext_noop("The zip file would unpack to more than %(gigabytes)s GB.")
            % {"gigabytes": entries.MAX_TOTAL_BYTES // 2**30}
        )
    if total > RATIO_MATTERS_FROM_BYTES and total > MAX_RATIO * max(packed, 1):
        raise Refused(
            gettext_noop(
                "The zip file would unpack to more than %(times)s times "
                "its size; images do not shrink so far."
            )
            % {"times": MAX_RATIO}
        )


LINK = gettext_noop("It is a link to another place; links are not followed.")
ENCRYPTED_MEMBER = gettext_noop("It is encrypted inside the zip file.")
TWICE = gettext_noop("Another file in the zip file has the same name.")
