"""Somebody else holds the database for five seconds: a backup, a person at a shell."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .conftest import both
from .sites import Site

pytestmark = pytest.mark.faults
HELD_S = 5


@contextmanager
def held(site: Site) -> Iterator[None]:
    """So that nobody can write a score."""
    if url := site.environment.get("DATABASE_URL"):
        import psycopg

        with psycopg.connect(url) as connection:
            connection.execute("LOCK TABLE reading_answer IN EXCLUSIVE MODE")
            yield
        return
    connection = sqlite3.connect(site.folder / "db.sqlite3", timeout=30)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


@both
def test_answers_wait_and_are_taken(site: Site) -> None:
    site.start_web()
    with site.crowd(answers=20) as crowd:
        crowd.wait_for(100)
        with held(site):
            time.sleep(HELD_S)
    site.check(crowd, answers=400)
    assert crowd.trouble == []
    longest = max(second for reader in crowd.readers for second in reader.seconds)
    assert HELD_S - 1 <= longest < HELD_S + 5
