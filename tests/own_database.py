"""A database for a process of its own: with real locks, which the suite's shared
in-memory SQLite does not have."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import dj_database_url

ROOT = Path(__file__).resolve().parents[1]


def own_database(folder: Path) -> dict[str, str]:
    """The embedded profile's SQLite, or a new database where the suite has a server."""
    url = os.environ.get("TEST_DATABASE_URL")
    if not url:
        settings = "readerstudy.config.settings.embedded"
        return {"DJANGO_SETTINGS_MODULE": settings, "VAR_DIR": str(folder)}
    import psycopg

    name = f"race_{secrets.token_hex(6)}"
    server = dj_database_url.parse(url)
    with psycopg.connect(
        host=server["HOST"], user=server["USER"], dbname="postgres", autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return {
        "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.test",
        "TEST_DATABASE_URL": f"{url.rpartition('/')[0]}/{name}",
    }


def told_by(module: str, folder: Path) -> Any:
    """The JSON that `module` prints when it runs on such a database."""
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={**os.environ, **own_database(folder), "LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
