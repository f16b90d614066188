"""Two tabs, two devices, an impatient finger: one read has one answer."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import dj_database_url
import pytest

ROOT = Path(__file__).resolve().parents[2]


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


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict:
    """What eight simultaneous answers gave, on a database with real locks."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.reading.race"],
        cwd=ROOT,
        env={
            **os.environ,
            **own_database(tmp_path_factory.mktemp("var")),
            "LOG_LEVEL": "ERROR",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_identical_answers_at_once_are_one_score_a_side(told):
    assert told["identical"] == ["stored"] * 8
    assert told["identical scores"] == 2


def test_different_answers_at_once_leave_the_first_one_standing(told):
    assert told["different"] == ["refused"] * 7 + ["stored"]
    assert told["different scores"] == 2


def test_tabs_that_ask_for_the_next_read_at_once_get_the_same_one(told):
    assert told["starts"] == ["stored"] * 8
    assert told["shown"] == 3
    assert told["sessions"] == 1
