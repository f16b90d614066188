"""Restores and backups that cannot work, one after another in one system. Prints what
was said of each, as JSON; run by a test."""

import json
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django


@contextmanager
def small_disk(size: int) -> Iterator[None]:
    """No file may become longer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def said_by(act: Callable[[], object]) -> str:
    from readerstudy.imaging.errors import Refused

    try:
        act()
    except Refused as error:
        return str(error)
    return "done"


def restores(folder: Path) -> dict[str, str]:
    """Of each file in the folder; by its name, its key or room is missing."""
    from readerstudy.operations.backup.restoring import KeyChoice, backup_restore

    said = {}
    for path in sorted(folder.iterdir()):
        name = path.stem

        def act(path: Path = path) -> None:
            backup_restore(
                path=path,
                passphrase=None,
                key=KeyChoice(other=path.stem != "keyless"),
                progress=lambda line: None,
            )

        if name == "narrow":
            with small_disk(300_000):
                said[name] = said_by(act)
        else:
            said[name] = said_by(act)
    return said


def emptied_log() -> None:
    """SQLite's log is moved into the database, whose file is longer than what is let:
    the disk that is full is the backup's, not the database's own."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert cursor.fetchone()[0] == 0, "somebody was reading it"


def backups(folder: Path) -> dict[str, str]:
    from readerstudy.operations.backup.making import backup_make

    def act(path: Path, passphrase: str | None = None) -> None:
        backup_make(path=path, passphrase=passphrase, progress=lambda line: None)

    (folder / "there").write_text("kept")
    said = {
        "there": said_by(lambda: act(folder / "there")),
        "folder": said_by(lambda: act(folder / "nowhere" / "x")),
        "short": said_by(lambda: act(folder / "x", "too short")),
    }
    emptied_log()
    with small_disk(1_500_000):
        said["full"] = said_by(lambda: act(folder / "x"))
    return said


def main(what: str, folder: str) -> None:
    django.setup()
    act = {"restores": restores, "backups": backups}[what]
    print(json.dumps(act(Path(folder))))


if __name__ == "__main__":
    main(*sys.argv[1:])
