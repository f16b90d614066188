"""Databases with all migrations done, made once and copied from then on.

Migrating an empty database takes longer than most of what is tried in it. That it can
be done is tried where a site starts from nothing: tests/config/test_serve.py.
"""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from fcntl import LOCK_EX, flock
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / ".pytest_cache" / "migrated"
KEPT_AT_MOST = 4
SOURCES = ("readerstudy", "inference", "stats")
PARTS = {"migrations", "models", "models.py", "triggers.py", "settings"}


@cache
def digest() -> str:
    """Of all that a migrated database depends on: migrations, models, packages."""
    sources = (
        path
        for name in SOURCES
        for path in (ROOT / name).rglob("*.py")
        if PARTS & set(path.relative_to(ROOT).parts)
    )
    whole = hashlib.sha256()
    for path in sorted([*sources, ROOT / "constraints.txt"]):
        whole.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return whole.hexdigest()[:16]


def put_database(folder: Path) -> None:
    """SQLite's file of the embedded profile, in what is to be a `VAR_DIR`."""
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = KEPT / f"{digest()}.sqlite3"
    with (KEPT / "lock").open("w") as lock:  # several processes run the suite
        flock(lock, LOCK_EX)
        if not kept.exists():
            make_database(kept)
            by_age = sorted(KEPT.glob("*.sqlite3"), key=lambda one: one.stat().st_mtime)
            for old in by_age[:-KEPT_AT_MOST]:
                old.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept, folder / "db.sqlite3")


def make_database(path: Path) -> None:
    settings = "readerstudy.config.settings.embedded"
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        migrate(DJANGO_SETTINGS_MODULE=settings, VAR_DIR=folder)
        assert not Path(folder, "db.sqlite3-wal").exists(), "not all is in the file"
        Path(folder, "db.sqlite3").replace(path)


def create_database(connection: Any, name: str, url: str) -> None:
    """In PostgreSQL, over a connection of psycopg to another database of the server
    that `url` names."""
    connection.execute(f"CREATE DATABASE {name} TEMPLATE {template(connection, url)}")


def template(connection: Any, url: str) -> str:
    """The name of the kept one; nobody may be connected to it, or none can be made
    from it."""
    kept, lock = f"migrated_{digest()}", int(digest()[:12], 16)
    known = "SELECT 1 FROM pg_database WHERE datname = %s"
    connection.execute("SELECT pg_advisory_lock(%s)", [lock])
    try:
        if connection.execute(known, [kept]).fetchone() is None:
            connection.execute(f"DROP DATABASE IF EXISTS {kept}_new")
            connection.execute(f"CREATE DATABASE {kept}_new")
            migrate(
                DJANGO_SETTINGS_MODULE="readerstudy.config.settings.test",
                TEST_DATABASE_URL=f"{url.rpartition('/')[0]}/{kept}_new",
            )
            connection.execute(f"ALTER DATABASE {kept}_new RENAME TO {kept}")
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [lock])
    return kept


def migrate(**environment: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
        timeout=300,  # a busy machine
    )


def begin_with_a_copy(connection: Any) -> None:
    """The database that the tests of this process share, a connection of Django's. They
    still migrate by themselves what is left to migrate, which is nothing."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        import psycopg

        server = f"{url.rpartition('/')[0]}/postgres"
        with psycopg.connect(server, autocommit=True) as one:
            connection.settings_dict["TEST"]["TEMPLATE"] = template(one, url)
        return
    create = connection.creation._create_test_db

    def create_filled(*arguments: Any, **options: Any) -> Any:
        name = connection.settings_dict["NAME"] = create(*arguments, **options)
        connection.ensure_connection()
        with tempfile.TemporaryDirectory() as folder:
            put_database(Path(folder))
            with closing(sqlite3.connect(f"{folder}/db.sqlite3")) as kept:
                kept.backup(connection.connection)
        return name

    connection.creation._create_test_db = create_filled
