"""Whether an archive is whole, without putting it anywhere."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readerstudy.imaging.errors import Refused

from .archive import (
    CONTENTS,
    FILES,
    KEYS,
    ROWS,
    ArchiveReader,
    Contents,
    Member,
    archive_open,
    check_contents,
    torn,
)
from .keys import fingerprint

Progress = Callable[[str], None]


@dataclass
class Checked:
    manifest: dict[str, Any]
    contents: Contents
    identity_key: str | None = None

    @property
    def rows(self) -> int:
        return sum(rows for rows, _ in self.contents.tables.values())


def backup_check(*, path: Path, passphrase: str | None, progress: Progress) -> Checked:
    """Read it all; Refused with what is wrong."""
    with archive_open(path, passphrase) as archive:
        return _Checking(archive, progress).all()


class _Checking:
    def __init__(self, archive: ArchiveReader, progress: Progress) -> None:
        self._archive, self._progress = archive, progress
        self._tables = archive.manifest["tables"]
        self._digests = {name: hashlib.sha256() for name in self._tables}
        self._rows = dict.fromkeys(self._tables, 0)
        self._found = Contents()
        self._key: str | None = None

    def all(self) -> Checked:
        for member in self._archive:
            if member.name == CONTENTS:
                return self._compare(Contents.of_member(member))
            self._take(member)
        raise torn()

    def _take(self, member: Member) -> None:
        if member.name.startswith(ROWS):
            self._take_rows(member)
        elif member.name.startswith(FILES):
            name = member.name.removeprefix(FILES)
            self._found.files[name] = member.size, member.sha256()
        elif member.name == KEYS:
            self._key = json.loads(member.file.read())["IDENTITY_KEY"]
            if fingerprint(self._key) != self._archive.manifest["identity_key"]:
                raise Refused("The identity key in the archive is another.")
        else:
            raise torn(f": {member.name}")

    def _take_rows(self, member: Member) -> None:
        name = member.name.split("/")[1]
        if name not in self._tables:
            raise torn(f": {member.name}")
        if not self._rows[name]:
            self._progress(f"{name}: {self._tables[name]['rows']} rows")
        columns = len(self._tables[name]["columns"])
        for line in member.lines():
            if len(json.loads(line)) != columns:
                raise torn(f": the rows of {name}")
            self._digests[name].update(line + b"\n")
            self._rows[name] += 1

    def _compare(self, told: Contents) -> Checked:
        for name, digest in self._digests.items():
            self._found.tables[name] = self._rows[name], digest.hexdigest()
        check_contents(self._archive, told, self._found)
        return Checked(self._archive.manifest, told, self._key)
