"""Making a backup while everybody goes on with their work."""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import Storage
from django.db import OperationalError, connection, connections
from django.db.migrations.loader import MigrationLoader

from readerstudy.imaging.errors import Refused
from stats.versions import program_version

from .archive import (
    CONTENTS,
    FILES,
    FORMAT,
    KEYS,
    MANIFEST,
    ROWS,
    ArchiveWriter,
    Contents,
)
from .keys import fingerprint
from .recording import backup_recorded
from .sealing import check_passphrase
from .snapshot import batches, last_number, row_count, snapshot
from .tables import LEFT_OUT, Node, Table, applied_nodes, carried_tables, existing
from .target import whole_file

PIECE = 2**20
PACKING = 3  # of 9: more takes longer than it saves
# What no row names, and why it is not in a backup.
FILES_LEFT_OUT = {
    "uploads": "files on their way to a cohort: they are sent again",
    "exports": "networks made ready to run: they are made again",
    "queue": "messages that wake workers up: workers look for what waits",
    "secret-key": "the key of logins: a new one is made, and people log in again",
    "tmp, static, bundles, copies, log": "made again by themselves",
    "simulated, sweeps": "of commands on the simulated cohort: they are made again",
    "runs of the stability suite under way": "what they found is measured again",
}

Progress = Callable[[str], None]


@dataclass
class Made:
    """What was done. sha256: of the whole file; kept elsewhere, it proves the file."""

    bytes: int = 0
    sha256: str = ""
    rows: int = 0
    contents: Contents = field(default_factory=Contents)


class _Counted:
    """Counts and hashes what passes to the disk."""

    def __init__(self, file: Any) -> None:
        self._file, self.size, self._digest = file, 0, hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)

    def sha256(self) -> str:
        return self._digest.hexdigest()


def backup_make(*, path: Path, passphrase: str | None, progress: Progress) -> Made:
    """Write everything to the one file; Refused in words if that cannot be done.

    First the rows, of one moment; then the files that they name, which never change.
    """
    if passphrase is not None:
        check_passphrase(passphrase)
    try:
        return _made(path, passphrase, progress)
    except OperationalError as error:
        raise Refused(
            f"The database gave up: {str(error).strip()}. No backup was made."
        ) from error
    except OSError as error:
        raise Refused(f"A file gave up: {error}. No backup was made.") from error


def _made(path: Path, passphrase: str | None, progress: Progress) -> Made:
    made = Made()
    with whole_file(path) as file:
        loader = MigrationLoader(connection)
        nodes = applied_nodes(loader)
        if not nodes:
            raise Refused("There is nothing to back up: the database has no tables.")
        _record(loader, sealed=passphrase is not None)
        out = _Counted(file)
        archive = ArchiveWriter(out, passphrase)
        _Making(archive, made, progress).all(
            loader, nodes, sealed=passphrase is not None
        )
        archive.finish()
        made.bytes, made.sha256 = out.size, out.sha256()
    return made


def _record(loader: MigrationLoader, *, sealed: bool) -> None:
    """Not where the log's table may be one of before."""
    if not set(loader.graph.nodes) - set(loader.applied_migrations or ()):
        backup_recorded(sealed=sealed)


def left_out(*, sealed: bool) -> dict[str, str]:
    """What is not in a backup, and why."""
    keys = {
        "identity-key": "the key by which patients are recognised again: keep a copy "
        "elsewhere, or seal the backup"
    }
    return {**LEFT_OUT, **FILES_LEFT_OUT, **({} if sealed else keys)}


class _Making:
    def __init__(self, archive: ArchiveWriter, made: Made, progress: Progress) -> None:
        self._archive, self._made, self._progress = archive, made, progress
        self._contents = made.contents
        # name → its storage, and the SHA-256 that its row tells, if it does
        self._files: dict[str, tuple[Storage, str | None]] = {}

    def all(self, loader: MigrationLoader, nodes: list[Node], *, sealed: bool) -> None:
        tables = existing(connection, carried_tables(loader, nodes))
        with snapshot() as alias:
            told = _manifest(tables, nodes, alias, sealed=sealed)
            manifest = json.dumps(told, indent=1).encode()
            self._archive.add(MANIFEST, manifest)
            self._contents.manifest_sha256 = hashlib.sha256(manifest).hexdigest()
            if sealed:
                keys = {"IDENTITY_KEY": settings.IDENTITY_KEY}
                self._archive.add(KEYS, json.dumps(keys).encode())
            for table in tables:
                self._table(table, alias)
        self._all_files()
        self._archive.add(CONTENTS, gzip.compress(self._contents.as_json(), mtime=0))

    def _table(self, table: Table, alias: str) -> None:
        digest, rows = hashlib.sha256(), 0
        for number, lines in enumerate(batches(table, alias), start=1):
            text = b"\n".join(lines) + b"\n"
            name = f"{ROWS}{table.name}/{number:05}.jsonl.gz"
            self._archive.add(name, gzip.compress(text, PACKING, mtime=0))
            digest.update(text)
            rows += len(lines)
            self._note_files(table, lines)
        self._contents.tables[table.name] = rows, digest.hexdigest()
        self._made.rows += rows
        if rows:
            self._progress(f"{table.name}: {rows} rows")

    def _note_files(self, table: Table, lines: list[bytes]) -> None:
        if not table.file_places:
            return
        columns = [name for name, _ in table.columns]
        hashed = columns.index("sha256") if "sha256" in columns else None
        for row in map(json.loads, lines):
            for place, file in table.file_places:
                if row[place]:
                    told = row[hashed] if hashed is not None else None
                    self._files[row[place]] = file.storage, told

    def _all_files(self) -> None:
        total = len(self._files)
        for number, name in enumerate(sorted(self._files), start=1):
            self._file(name, *self._files[name])
            if number == total or not number % 500:
                self._progress(f"files: {number} of {total}")

    def _file(self, name: str, storage: Storage, told: str | None) -> None:
        try:
            file = storage.open(name)
            size = storage.size(name)
        except FileNotFoundError:  # lost, or replaced since the rows were read
            self._contents.missing.append(name)
            return
        with file:
            pieces = _pieces(file)
            sha256 = self._archive.add_pieces(f"{FILES}{name}", size, pieces)
        self._contents.files[name] = size, sha256
        if told not in (None, sha256):
            self._contents.changed.append(name)


def _pieces(file: Any) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def _manifest(
    tables: list[Table], nodes: list[Node], alias: str, *, sealed: bool
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "program": program_version(),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": connections[alias].vendor,
        "migrations": [list(node) for node in nodes],
        "identity_key": fingerprint(settings.IDENTITY_KEY),
        "tables": {
            table.name: {
                "columns": table.columns,
                "rows": row_count(table, alias),
                "last_number": last_number(table, alias),
            }
            for table in tables
        },
        "left_out": left_out(sealed=sealed),
        "holds_key": sealed,
    }
