"""The cost of a read with 450 scheduled reads, and with a million.

Runs in a process of its own, on a database that nothing else was measured on.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

from .browsing import CIRCUMSTANCES, GRADES, SCREEN
from .lines import ROOT, Line, cpu_seconds
from .profile import embedded_profile

SLUG = "phantom-study"
FEW, MANY = 450, 1_000_000
CHUNK, CHUNKS = 10, 5

# As many readers as it takes, of 450 reads each, half of them answered.
FILL = """
    CREATE TEMP TABLE more AS
        WITH RECURSIVE number(n) AS (
            SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {readers}
        ) SELECT n FROM number;
    INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name,
                           email, is_staff, is_active, date_joined)
        SELECT 100000 + n, '!', 0, 'further-' || n, '', '', '', 0, 1, '2026-01-01'
        FROM more;
    INSERT INTO reading_membership (id, study_id, user_id, role, code, simulated,
                                    reopened)
        SELECT 100000 + n, {study}, 100000 + n, 'reader', 'Z' || n, 0, 0 FROM more;
    INSERT INTO reading_session (id, study_id, reader_id, number, first_position, size,
                                 started_at, device, waived_reason)
        SELECT 100000 + n, {study}, 100000 + n, 1, 1, 450, '2026-01-01', '', ''
        FROM more;
    INSERT INTO reading_read (session_id, reader_id, case_id, arm_id, repeat, position,
                              token, image_sha256, first_shown_at, submitted_at)
        SELECT 100000 + n, 100000 + n, case_id, arm_id, again,
               row_number() OVER (PARTITION BY n),
               lower(hex(randomblob(11))), '{hash}',
               CASE WHEN again = 0 THEN '2026-01-01' END,
               CASE WHEN again = 0 THEN '2026-01-02' END
        FROM (SELECT 0 AS again UNION SELECT 1 UNION SELECT 2)
        CROSS JOIN (SELECT case_id, arm_id FROM reading_read WHERE reader_id = {reader})
        CROSS JOIN more;
"""


def growth() -> Iterator[Line]:
    told = subprocess.run(
        [sys.executable, "-m", "tests.bench.growth"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for fields in json.loads(told.stdout):
        yield Line(**fields)


def measure() -> list[dict[str, object]]:
    from readerstudy.reading.models import Read

    step = make_reader()
    few = Read.objects.count()
    assert few == FEW
    before, steps_before = chunks(step), database_steps(step)
    fill()
    many = Read.objects.count()
    assert MANY <= many < 1.01 * MANY
    after, steps_after = chunks(step), database_steps(step)
    return [
        {
            "name": f"answer and next images, {many} reads scheduled",
            "value": steps_after,
            "unit": "SQL steps",
            "baseline": steps_before,
            "compared_with": f"with {few}",
            "note": "SQLite's own instructions",
        },
        {
            "name": f"answer and next images, {many} reads scheduled",
            "value": after * 1e3,
            "unit": "CPU ms",
            "baseline": before * 1e3,
            "compared_with": f"with {few}",
            "note": "promised: flat",
        },
    ]


def make_reader() -> Callable[[], None]:
    """Of a study of 50 cases, 3 arms and 3 readers; answers a read with each call."""
    from django.test import Client

    from readerstudy.reading.models import Read
    from tests.cast import make_user
    from tests.factory import make_cohort, make_study

    coordinator = make_user("coordinator", coordinator=True)
    readers = [make_user(f"reader-{number}") for number in range(3)]
    cohort = make_cohort(cases_wanted=50, coordinators=[coordinator])
    given = {"coordinator": coordinator, "readers": readers}
    make_study(cohort, sessions=1, repeated="", **given)
    client = Client()
    client.force_login(readers[0])
    client.get(f"/read/{SLUG}/")
    token = Read.objects.get(first_shown_at__isnull=False).token

    def step() -> None:
        nonlocal token
        fields = {"token": token, "key": token, **GRADES, **CIRCUMSTANCES, **SCREEN}
        told = client.post(f"/read/{SLUG}/submit/", fields).json()
        assert told["pixels"]
        token = told["token"]

    for _ in range(5):
        step()
    return step


def chunks(step: Callable[[], None]) -> float:
    """CPU seconds of one answer: the least of several chunks."""
    chunk = cpu_seconds(lambda: [step() for _ in range(CHUNK)], repeat=CHUNKS)
    return chunk / CHUNK


def database_steps(step: Callable[[], None]) -> int:
    """How many instructions of SQLite's machine an answer takes: no clock is asked."""
    from django.db import connection

    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.ensure_connection()
    connection.connection.set_progress_handler(count, 1)
    step()
    connection.connection.set_progress_handler(None, 1)
    return steps


def fill() -> None:
    from django.db import connection

    from readerstudy.reading.models import Read

    one = Read.objects.select_related("reader").earliest("pk")
    per_reader = 3 * one.reader.reads.count()
    script = FILL.format(
        readers=-(-(MANY - FEW) // per_reader),
        study=one.reader.study_id,
        reader=one.reader_id,
        hash="0" * 64,
    )
    connection.ensure_connection()
    connection.connection.executescript(f"BEGIN; {script} COMMIT;")


if __name__ == "__main__":
    import logging

    logging.disable(logging.WARNING)
    with embedded_profile():
        print(json.dumps(measure()))
