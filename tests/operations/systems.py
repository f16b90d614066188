"""Whole systems, each with a folder and a database of its own, used as a person at the
command line would."""

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FIRST_RELEASE = ROOT / "tests/golden/first-release"
PASSPHRASE = "correct horse battery staple"


@dataclass(frozen=True)
class System:
    folder: Path
    database_url: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def run(
        self, *command: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.operations.settings",
                "DATABASE_URL": self.database_url,
                "VAR_DIR": str(self.folder),
                "LOG_LEVEL": "ERROR",
                **self.environment,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=300,  # a busy machine
        )

    def manage(self, *command: str) -> str:
        """What the command says; it must end well."""
        done = self.run("manage.py", *command)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def refused(self, *command: str) -> str:
        """The one sentence with which the command refuses."""
        done = self.run("manage.py", *command)
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith("CommandError: ")
        return done.stderr

    def told(self, module: str, *arguments: str) -> Any:
        """The JSON that a module prints."""
        done = self.run("-m", module, *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that lies in a SQLite database, by table; nothing of the program is
        asked."""
        with sqlite3.connect(self.folder / "db.sqlite3") as database:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            names = [name for (name,) in database.execute(query)]
            return {
                name: sorted(database.execute(f'SELECT * FROM "{name}"'), key=repr)
                for name in names
            }

    def copied(self, folder: Path) -> "System":
        """Another one with the same SQLite database, keys and files."""
        leave = shutil.ignore_patterns("db.sqlite3*")
        shutil.copytree(self.folder, folder, ignore=leave)
        with (
            closing(sqlite3.connect(self.folder / "db.sqlite3")) as database,
            closing(sqlite3.connect(folder / "db.sqlite3")) as copy,
        ):
            database.backup(copy)
        return System(folder)

    def files(self) -> dict[str, bytes]:
        media = self.folder / "media"
        return {
            path.relative_to(media).as_posix(): path.read_bytes()
            for path in media.rglob("*")
            if path.is_file()
        }


def passphrase_file(folder: Path, passphrase: str = PASSPHRASE) -> str:
    path = folder / f"passphrase-{len(passphrase)}"
    path.write_text(passphrase + "\n")
    return str(path)


def first_release(folder: Path) -> Path:
    """The backup of a system of the first release, unpacked."""
    path = folder / "first-release.backup"
    path.write_bytes(gzip.decompress((FIRST_RELEASE / "system.backup.gz").read_bytes()))
    return path
