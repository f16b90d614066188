"""What an answer asks of the database: little, and as much in a large study."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from .conftest import answer_next, current, post_answer


def statements(client, study, token) -> int:
    """SQL statements of one answer, with which the pixels fetched ahead come."""
    circumstances = {"away_ms": "0", "side": "400", "screen": "1920x1080"}
    with CaptureQueriesContext(connection) as captured:
        told = post_answer(client, study, token, **circumstances).json()
    assert told["pixels"]
    return len(captured)


def test_an_answer_and_the_next_images_take_12_statements(room, cast, reader):
    # two begin and commit, two append the audit event; PostgreSQL waits for its turn
    # to append with one more
    most = 13 if connection.vendor == "postgresql" else 12
    statements(room, cast.study, current(reader).token)  # the session learns its device
    assert statements(room, cast.study, current(reader).token) <= most


def test_the_statements_of_a_read_do_not_grow_with_the_study(room, cast, reader):
    statements(room, cast.study, current(reader).token)
    first = statements(room, cast.study, current(reader).token)
    for _ in range(3):
        answer_next(reader)
    assert statements(room, cast.study, current(reader).token) == first


@pytest.mark.sqlite
def test_no_statement_of_an_answer_looks_through_a_table(room, cast, reader):
    """So a read costs the same among 450 as among a million."""
    post_answer(room, cast.study, current(reader).token)
    token = current(reader).token
    with CaptureQueriesContext(connection) as captured:
        post_answer(room, cast.study, token)
    plans = []
    for query in captured.captured_queries:
        if query["sql"].startswith(("SELECT", "UPDATE")):
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN QUERY PLAN " + query["sql"].replace("%", "%%"))
                plans += [(step[-1], query["sql"]) for step in cursor.fetchall()]
    assert any("read_next_of_reader" in step for step, _ in plans)
    scans = [sql for step, sql in plans if step.startswith("SCAN")]
    # the last event alone, from the end of the log
    assert len(scans) == 1
    assert "audit_auditevent" in scans[0] and scans[0].endswith("DESC LIMIT 1")
