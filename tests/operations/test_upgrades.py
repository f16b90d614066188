"""A system of the first release comes back as one of today, on either database."""

import json
import sqlite3
from typing import Any

import pytest

from .systems import FIRST_RELEASE, System, first_release

pytestmark = pytest.mark.sqlite  # brings its own PostgreSQL: once is enough

# What scores are now; the first release had key, reason and time at each score.
SCORES = """
    SELECT study.slug, member.code, session.number, read.position, c.code, arm.method,
           read.repeat, score.question, score.side, score.value, answer.version,
           answer.reason, answer.key, who.username, answer.at
    FROM reading_score AS score
    JOIN reading_answer AS answer ON answer.id = score.answer_id
    JOIN reading_read AS read ON read.id = answer.read_id
    JOIN reading_session AS session ON session.id = read.session_id
    JOIN reading_study AS study ON study.id = session.study_id
    JOIN reading_membership AS member ON member.id = read.reader_id
    JOIN cases_case AS c ON c.id = read.case_id
    JOIN reading_arm AS arm ON arm.id = read.arm_id
    JOIN auth_user AS who ON who.id = answer.by_id
    ORDER BY read.id, answer.version, score.side
"""
KEY = "--other-identity-key"  # its patients are phantoms


def as_written(row: Any) -> list[Any]:
    """As the first release's own program wrote its scores down."""
    *rest, at = row
    at = at if isinstance(at, str) else at.isoformat()
    at = at.replace(" ", "T").removesuffix("+00:00") + "+00:00"
    return [*rest, at]


def assert_upgraded(system: System, scores: list[Any]) -> None:
    before = json.loads((FIRST_RELEASE / "scores.json").read_text())
    assert len(before) == 78
    assert list(map(as_written, scores)) == before
    told = system.told("tests.operations.reading_on")
    assert told == {"images": 9, "answered": True, "chain": "whole", "unapplied": 0}
    assert len(system.files()) == 15


def test_the_first_release_is_read_on_sqlite(tmp_path):
    system = System(tmp_path / "var")
    said = system.manage("restore", str(first_release(tmp_path)), KEY)
    assert "The audit log is whole: 64 events" in said
    with sqlite3.connect(system.folder / "db.sqlite3") as database:
        scores = database.execute(SCORES).fetchall()
    assert_upgraded(system, scores)


def test_the_first_release_is_read_on_postgresql(tmp_path, postgres):
    import psycopg

    system = System(tmp_path / "var", postgres.create_database())
    said = system.manage("restore", str(first_release(tmp_path)), KEY)
    assert "The audit log is whole: 64 events" in said
    with psycopg.connect(system.database_url) as database:
        database.execute("SET TIME ZONE 'UTC'")
        scores = database.execute(SCORES).fetchall()
    assert_upgraded(system, scores)
