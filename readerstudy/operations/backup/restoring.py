"""A system made again from an archive: all of it, or nothing."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import OperationalError, connection

from readerstudy.audit import selectors as audit
from readerstudy.audit import triggers
from readerstudy.cases.models import Rendition
from readerstudy.cases.selectors import rendition_is_whole
from readerstudy.cases.services.restored import uploads_end_unfinished
from readerstudy.imaging.errors import Refused

from . import keys, system
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
from .loading import Loading, Sum
from .recording import restore_recorded
from .snapshot import batches
from .storing import Storing
from .tables import Node, all_tables, check_known
from .values import comparable

Progress = Callable[[str], None]


@dataclass
class Restored:
    """What is there again.

    missing, changed: files that were so already when the backup was made. uploads: how
    many were not done. anchor: the audit log's last event in the backup.
    """

    made_at: str = ""
    rows: int = 0
    files: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    uploads: int = 0
    anchor: audit.Anchor | None = None


@dataclass(frozen=True)
class KeyChoice:
    """What to do where the archive's identity key is not this system's.

    given: a file with that key. other: go on with this system's own.
    """

    given: Path | None = None
    other: bool = False


def backup_restore(
    *, path: Path, passphrase: str | None, key: KeyChoice, progress: Progress
) -> Restored:
    """Refused in words, and nothing changed, whatever is wrong with archive, system,
    key or disk."""
    with archive_open(path, passphrase) as archive:
        system.check_empty()
        restoring = _Restoring(archive, progress)
        kept = restoring.key_to_keep(key)
        try:
            with system.one_transaction():
                restoring.all()
                os.sync()  # files are on disk before rows that name them
                if kept:  # before the rows: alone, it does no harm
                    keys.keep(kept)
        except OperationalError as error:
            restoring.storing.take_back()
            raise Refused(
                f"The database gave up: {str(error).strip()}. Nothing was restored."
            ) from error
        except OSError as error:
            restoring.storing.take_back()
            raise Refused(f"A file gave up: {error}. Nothing was restored.") from error
        except BaseException:
            restoring.storing.take_back()
            raise
    return restoring.restored


class _Restoring:
    def __init__(self, archive: ArchiveReader, progress: Progress) -> None:
        self._archive, self._progress = archive, progress
        self._manifest: dict[str, Any] = archive.manifest
        self._loadings: dict[str, Loading] = {}
        self._found = Contents()
        self.storing = Storing()
        self.restored = Restored(made_at=self._manifest["made_at"])

    def key_to_keep(self, choice: KeyChoice) -> str | None:
        given = keys.read_key(choice.given, self._manifest) if choice.given else None
        held = None
        if self._manifest["holds_key"]:
            member = next(iter(self._archive), None)
            if member is None or member.name != KEYS:
                raise torn()
            held = json.loads(member.file.read())["IDENTITY_KEY"]
        return keys.wanted_key(
            self._manifest, given=given, held=held, other=choice.other
        )

    def all(self) -> None:
        self._make_tables()
        told = self._take_members()
        for loading in self._loadings.values():
            self._found.tables[loading.table.name] = loading.told()
            self.restored.rows += loading.rows
        self._found.files = self.storing.found
        check_contents(self._archive, told, self._found)
        self._check_rows()
        system.check_references()
        self._progress("tables are as they were; bringing them to this version")
        system.migrate_forward()
        self.restored.files = len(self._found.files)
        self.restored.missing, self.restored.changed = told.missing, told.changed
        self._check_restored()
        self.restored.uploads = uploads_end_unfinished()
        restore_recorded(made_at=self.restored.made_at)

    def _make_tables(self) -> None:
        nodes: list[Node] = [(app, name) for app, name in self._manifest["migrations"]]
        check_known(system.loader(), nodes, whose="The backup")
        loader = system.make_tables(nodes)
        tables = {table.name: table for table in all_tables(loader, nodes)}
        for name, told in self._manifest["tables"].items():
            if name not in tables:
                raise torn(f": its migrations make no table {name}")
            self._loadings[name] = Loading(tables[name], told)

    def _take_members(self) -> Contents:
        """What the archive's end tells of itself."""
        for member in self._archive:
            if member.name.startswith(ROWS):
                self._take_rows(member)
            elif member.name.startswith(FILES):
                self._take_file(member)
            elif member.name == CONTENTS:
                return Contents.of_member(member)
            else:
                break
        raise torn()

    def _take_rows(self, member: Member) -> None:
        loading = self._loadings.get(member.name.split("/")[1])
        if loading is None:
            raise torn(f": {member.name}")
        if not loading.rows:
            self._progress(f"{loading.table.name}: {loading.expected} rows")
        loading.load(member.lines())

    def _take_file(self, member: Member) -> None:
        name = member.name.removeprefix(FILES)
        for loading in self._loadings.values():
            if name in loading.files:
                self.storing.store(loading.files[name], name, member)
                break
        else:
            raise torn(f": no row names the file {name}")
        if not len(self.storing.found) % 500:
            self._progress(f"files: {len(self.storing.found)}")

    def _check_rows(self) -> None:
        """What the tables hold now is what the archive said, value by value."""
        for loading in self._loadings.values():
            loading.finish()
            again, kinds = Sum(), loading.table.kinds
            for lines in batches(loading.table, "default"):
                for line in lines:
                    again.add(comparable(line, kinds))
            if again != loading.sum:
                raise Refused(
                    f"The rows of {loading.table.name} did not come into the database "
                    "as the archive has them. Nothing was restored."
                )

    def _check_restored(self) -> None:
        self._progress("checking the audit log and every image")
        verdict = audit.chain_verify()
        if verdict.broken_at is not None:
            raise Refused(
                f"The audit log of the backup is broken at event {verdict.broken_at}: "
                f"{verdict.how}. Nothing was restored."
            )
        if missing := triggers.missing(connection):
            raise Refused(f"The audit log has lost its guard {', '.join(missing)}.")
        self.restored.anchor = verdict.anchor
        known = {*self.restored.missing, *self.restored.changed}
        for image in Rendition.objects.select_related("case").iterator(chunk_size=500):
            if image.values.name not in known and not rendition_is_whole(image):
                raise Refused(
                    f"The image {image.values.name} is not what its row says. Nothing "
                    "was restored."
                )
