"""A database for a process of its own: with real locks, which the suite's shared
in-memory SQLite does not have."""

import json
import os
import secrets
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.made_once import made_once
from tests.migrated import create_database, put_database

ROOT = Path(__file__).resolve().parents[1]


def own_database(folder: Path, *, is_migrated: bool = True) -> dict[str, str]:
    """The embedded profile's SQLite, or a new database where the suite has a server."""
    url = os.environ.get("TEST_DATABASE_URL")
    if not url:
        if is_migrated:
            put_database(folder)
        settings = "readerstudy.config.settings.embedded"
        return {"DJANGO_SETTINGS_MODULE": settings, "VAR_DIR": str(folder)}
    name = f"race_{secrets.token_hex(6)}"
    import psycopg

    server = f"{url.rpartition('/')[0]}/postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        if is_migrated:
            create_database(connection, name, url)
        else:
            connection.execute(f"CREATE DATABASE {name}")
    return {
        "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.test",
        "TEST_DATABASE_URL": f"{url.rpartition('/')[0]}/{name}",
    }


def told_by(module: str, folder: Path, *, is_migrated: bool = True) -> Any:
    """The JSON that `module` prints when it runs on such a database."""
    database = own_database(folder, is_migrated=is_migrated)
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={**os.environ, **database, "LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,  # a busy machine
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def told_once(
    folders: pytest.TempPathFactory, module: str, *, is_migrated: bool = True
) -> Any:
    """The same, made once for all processes that run the suite's tests."""
    ask = partial(told_by, module, is_migrated=is_migrated)
    return made_once(folders, module, ask)
