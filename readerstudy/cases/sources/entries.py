"""A file that was sent, and why one is not taken."""

import lzma
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from django.utils.translation import gettext_noop

# 207 cases in one file a slice are 35,000 files; a cohort of them is some 10 GB.
MAX_FILES = 200_000
MAX_TOTAL_BYTES = 64 * 2**30
LONGEST_NAME = 500

# What reading a member of a damaged or unusual archive may raise besides Refused.
UNREADABLE = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    EOFError,
    RuntimeError,
    ValueError,
)

# What systems leave in folders without being asked.
JUNK_NAMES = frozenset(
    {
        *("thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", "icon\r"),
        *("autorun.inf", "autorun.exe", "autorun.ico", "indexervolumeguid"),
        *(".gitignore", ".directory", "wpsettings.dat"),
    }
)
JUNK_FOLDERS = frozenset(
    {
        *("__macosx", ".spotlight-v100", ".trashes", ".fseventsd"),
        *("$recycle.bin", "system volume information", ".git"),
    }
)
JUNK_BEGINNING = "._"  # macOS beside each file of a disk that is not its own


@dataclass(frozen=True)
class LeftOut:
    """A file that is not imported, and why, in a sentence for the user."""

    name: str
    reason: str


class Source(Protocol):
    names: list[str]
    left_out: list[LeftOut]

    def open(self, name: str) -> BinaryIO: ...


@dataclass(frozen=True)
class Entry:
    """A file by the name its sender gave it, which is only shown.

    seekable: whether an archive can be read from it where it lies.
    """

    name: str
    open: Callable[[], BinaryIO]
    seekable: bool = False


def shown(name: str) -> str:
    """The name as text that any page and any table can hold."""
    return "".join(
        sign if sign.isprintable() or unicodedata.category(sign) == "Zs" else "\ufffd"
        for sign in name[-LONGEST_NAME:]
    )


def reason_against(name: str) -> str:
    """Why a file of that name is not even opened; "" if it is."""
    if climbs(name):
        return gettext_noop("Its path leads out of what was sent.")
    *folders, last = name.replace("\\", "/").lower().split("/")
    if last in JUNK_NAMES or last.startswith(JUNK_BEGINNING):
        return gettext_noop("It is a file of the operating system, not an image.")
    if JUNK_FOLDERS.intersection(folders):
        return gettext_noop("It is a file of the operating system, not an image.")
    return ""


def climbs(name: str) -> bool:
    """Whether it would lead elsewhere if it were taken for a path."""
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or not parts[0] or parts[0][1:2] == ":" or "\0" in name
