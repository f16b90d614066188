"""All files of what was sent under one roof, those inside of archives included."""

import shutil
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Self

from django.conf import settings
from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from ..storage.room import NoRoomError, check_room
from ..storage.sealing import sealed_append, sealed_open
from . import entries
from .archives import archive_entries, is_archive_name, is_other_archive_name
from .entries import UNREADABLE, Entry, LeftOut, reason_against, shown

DEEPEST = 2  # an archive, and one inside it
MAX_ARCHIVES = 500  # each holds a file open
CHUNK = 2**20


class Collection:
    """A Source that grows by what is taken into it."""

    def __init__(self, stack: ExitStack) -> None:
        """stack: closes what was opened here."""
        self.names: list[str] = []
        self.left_out: list[LeftOut] = []
        self._entries: dict[str, Entry] = {}
        self._stack = stack
        self._archives = 0
        self._folder: Path | None = None

    def open(self, name: str) -> BinaryIO:
        return self._entries[name].open()

    def sorted(self) -> Self:
        self.names.sort()
        self.left_out.sort(key=lambda one: one.name)
        return self

    def take(
        self, found: Iterable[Entry | LeftOut], *, depth: int, inside: str = ""
    ) -> None:
        """depth: how many archives they lie in. inside: the name of the last, and /."""
        for one in found:
            name = inside + shown(one.name)
            if isinstance(one, LeftOut):
                self.left_out.append(LeftOut(name, one.reason))
            elif reason := reason_against(one.name):
                self.left_out.append(LeftOut(name, reason))
            elif is_archive_name(one.name):
                self._take_archive(one, name, depth)
            elif is_other_archive_name(one.name):
                self.left_out.append(LeftOut(name, OTHER_ARCHIVE))
            else:
                self._add(name, one)

    def _add(self, name: str, entry: Entry) -> None:
        if len(self.names) >= entries.MAX_FILES:
            raise Refused(
                gettext_noop("There are more than %(most)s files.")
                % {"most": entries.MAX_FILES}
            )
        unique, number = name, 1
        while unique in self._entries:  # a folder may hold it twice, as zips do
            number += 1
            unique = f"{name} ({number})"
        self._entries[unique] = entry
        self.names.append(unique)

    def _take_archive(self, entry: Entry, name: str, depth: int) -> None:
        """What cannot be opened is left out alone; the rest is not disturbed."""
        if depth >= DEEPEST:
            self.left_out.append(LeftOut(name, TOO_DEEP))
            return
        self._archives += 1
        if self._archives > MAX_ARCHIVES:
            reason = gettext_noop("There are more than %(most)s archives.")
            self.left_out.append(LeftOut(name, reason % {"most": MAX_ARCHIVES}))
            return
        try:
            file = self._stack.enter_context(self._seekable(entry))
            found = list(archive_entries(file, name=name))
        except NoRoomError:
            raise
        except Refused as error:
            self.left_out.append(LeftOut(name, str(error)))
        except UNREADABLE:
            self.left_out.append(LeftOut(name, DAMAGED))
        else:
            self.take(found, depth=depth + 1, inside=f"{name}/")

    def _seekable(self, entry: Entry) -> BinaryIO:
        """The content of an archive, sealed again where it was packed itself."""
        if entry.seekable:
            return entry.open()
        path = self._own_folder() / str(self._archives)
        with entry.open() as packed, sealed_append(path) as writer:
            while chunk := packed.read(CHUNK):
                check_room(len(chunk))
                writer.write(chunk)
        return sealed_open(path)

    def _own_folder(self) -> Path:
        """Removed in the end; the sweep takes it if this process is killed."""
        if self._folder is None:
            above = settings.VAR_DIR / "uploads"
            above.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._folder = Path(tempfile.mkdtemp(dir=above))
            self._stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder


TOO_DEEP = gettext_noop(
    "It is an archive inside of an archive that lies in an archive itself; "
    "send its files without so much packing."
)
OTHER_ARCHIVE = gettext_noop(
    "It is an archive of a kind that is not opened; zip files and CD images (ISO) are."
)
DAMAGED = gettext_noop("It is damaged: it cannot be read to its end.")
