"""The files below a folder. Links are named and not followed."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext_noop

from .entries import Entry, LeftOut

LINK = gettext_noop("It is a link to another place; links are not followed.")
NO_FILE = gettext_noop("It is not an ordinary file.")


def folder_entries(folder: Path) -> Iterator[Entry | LeftOut]:
    failed: list[OSError] = []
    for directory, folders, files in os.walk(folder, onerror=failed.append):
        folders.sort()
        for name in sorted([*files, *folders]):
            path = Path(directory) / name
            told = str(path.relative_to(folder))
            if path.is_symlink():
                yield LeftOut(told, LINK)
            elif name in files:
                yield _entry(path, told)
    for error in failed:
        told = str(Path(os.fsdecode(error.filename)).relative_to(folder))
        yield LeftOut(told, _unreadable(error))


def _entry(path: Path, told: str) -> Entry | LeftOut:
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        return LeftOut(told, _unreadable(error))
    if not stat.S_ISREG(mode):
        return LeftOut(told, NO_FILE)
    return Entry(told, lambda: _opened(path), seekable=True)


def _opened(path: Path) -> BinaryIO:
    """Not what may have been put in its place since, a link or a pipe."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags), "rb")


def _unreadable(error: OSError) -> str:
    reason = gettext_noop("It cannot be read (%(why)s).")
    return reason % {"why": error.strerror}
