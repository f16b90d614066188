"""Files back into the storage, under the names that rows have for them."""

import errno
import hashlib
import tempfile
from contextlib import suppress
from typing import IO

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.base import File
from django.core.files.storage import Storage

from readerstudy.imaging.errors import Refused

from .archive import BUFFER, Member, torn

IN_MEMORY = 8 * 2**20


class Storing:
    """found: name → (bytes, SHA-256) of each that came."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[int, str]] = {}
        self._stored: list[tuple[Storage, str]] = []

    def store(self, storage: Storage, name: str, member: Member) -> None:
        with tempfile.SpooledTemporaryFile(
            max_size=IN_MEMORY, dir=str(settings.FILE_UPLOAD_TEMP_DIR)
        ) as spooled:
            try:
                digest = hashlib.sha256()
                for piece in member.pieces():
                    spooled.write(piece)
                    digest.update(piece)
                self.found[name] = member.size, digest.hexdigest()
                spooled.seek(0)
                self._save(storage, name, spooled)
            except SuspiciousOperation as error:
                raise torn(": a file's name leads out of the storage") from error
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise Refused(
                    "The disk is full: nothing was restored. The files of the backup "
                    "need more room than there is."
                ) from error

    def _save(self, storage: Storage, name: str, content: IO[bytes]) -> None:
        if self._is_there(storage, name):
            return
        self._stored.append((storage, name))  # first: a part of it goes, too
        saved = storage.save(name, File(content))
        if saved != name:
            self._stored[-1] = storage, saved
            raise Refused(f"The storage keeps the file {name} under another name.")

    def _is_there(self, storage: Storage, name: str) -> bool:
        """Whole, e.g. in a store that both systems use; it is not taken back then."""
        if not storage.exists(name):
            return False
        size, sha256 = self.found[name]
        digest = hashlib.sha256()
        with storage.open(name) as file:
            while piece := file.read(BUFFER):
                digest.update(piece)
        if digest.hexdigest() == sha256:
            return True
        if storage.size(name) < size:  # what a restore that was killed left
            storage.delete(name)
            return False
        raise Refused(
            f"Another file {name} lies in the storage. Restore into an empty one."
        )

    def take_back(self) -> None:
        for storage, name in self._stored:
            with suppress(OSError):
                storage.delete(name)
