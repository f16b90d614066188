"""What a read, the coordinator's page and a report take as reads grow to a million.

On the production profile: a PostgreSQL and a Redis of their own, with everything on
disk as in production. Runs in processes of its own, as `growth` does, each part on a
database of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .browsing import CIRCUMSTANCES, GRADES, SCREEN
from .growth import SLUG
from .lines import ROOT, Line, p95
from .profile import cpu_seconds_of

STAGES = (10_000, 100_000, 1_000_000)
EVENTS_S = 5
OF_A_READER = 450  # reads, half of them answered
ANSWERS, PAGES = 30, 5
REPORT = {"readers": 20, "arms": 4}  # and one arm once more: 100 reads a case
SECURE = {"secure": True, "SERVER_NAME": "localhost"}

PEOPLE = """
    INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name,
                           email, is_staff, is_active, date_joined)
        SELECT n, '!', false, 'further-' || n, '', '', '', false, true, '2026-01-01'
        FROM generate_series({first}, {last}) AS n;
    INSERT INTO reading_membership (id, study_id, user_id, role, code, simulated,
                                    reopened)
        SELECT n, {study}, n, 'reader', 'Z' || n, false, 0
        FROM generate_series({first}, {last}) AS n;
    INSERT INTO reading_session (id, study_id, reader_id, number, first_position, size,
                                 started_at, device, waived_reason)
        SELECT n, {study}, n, 1, 1, 450, '2026-01-01', '', ''
        FROM generate_series({first}, {last}) AS n;
"""
READS = """
    INSERT INTO reading_read (id, session_id, reader_id, case_id, arm_id, repeat,
                              position, token, image_sha256, first_shown_at,
                              submitted_at)
    SELECT n * 1000 + place, n, n, case_id, arm_id, again, place,
           'z' || (n * 1000 + place), '{hash}',
           CASE WHEN place <= 225 THEN timestamptz '2026-01-02'
                + place * interval '20 seconds' END,
           CASE WHEN place <= 225 THEN timestamptz '2026-01-02'
                + place * interval '20 seconds' + interval '12 seconds' END
    FROM generate_series({first}, {last}) AS n CROSS JOIN (
        SELECT case_id, arm_id, again,
               row_number() OVER (ORDER BY case_id, arm_id, again) AS place
        FROM reading_read CROSS JOIN generate_series(0, 2) AS again
        WHERE reader_id = {reader}
    ) AS planned;
    INSERT INTO reading_answer (id, read_id, version, reason, key, comment, shown_at,
                                spent_ms, at, by_id)
    SELECT id, id, 1, '', '', '', first_shown_at, 8000, submitted_at, reader_id
    FROM reading_read
    WHERE reader_id BETWEEN {first} AND {last} AND submitted_at IS NOT NULL;
    INSERT INTO reading_score (id, answer_id, question, side, value, unassessable)
    SELECT 2 * id + number, id, 'grade', side, 1 + (id + number) % 4, ''
    FROM reading_read
    CROSS JOIN (VALUES ('right', 0), ('left', 1)) AS sides(side, number)
    WHERE reader_id BETWEEN {first} AND {last} AND submitted_at IS NOT NULL;
"""


def scale() -> Iterator[Line]:
    """Lines as they are measured: the whole takes minutes."""
    from tests.servers import postgres_server, production_environment, redis_server

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scale-")))
        postgres = stack.enter_context(postgres_server(fsync=True))
        redis = stack.enter_context(redis_server())
        for part in PARTS:
            environment = {
                **os.environ,
                **production_environment(postgres, redis, folder),
                "LOG_LEVEL": "ERROR",
            }
            for words in (("collectstatic", "--noinput"), ("migrate",)):
                _run(environment, "manage.py", *words, "-v0").wait()
            process = _run(environment, "-m", "tests.bench.scale", part)
            assert process.stdout is not None
            for told in process.stdout:
                yield Line(**json.loads(told))
            assert process.wait() == 0, part


def _run(environment: dict[str, str], *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def tell(name: str, value: float, unit: str, note: str = "") -> None:
    fields = {"name": name, "value": value, "unit": unit, "note": note}
    print(json.dumps(fields), flush=True)


def measure_reading() -> None:
    """An open study in which ever more readers take part."""
    from django.test import Client

    from readerstudy.reading.models import Membership, Read, Study

    step = make_reader()
    study = Study.objects.get(slug=SLUG)
    coordinator = Client()
    member = study.memberships.filter(role=Membership.Role.COORDINATOR).first()
    assert member is not None
    coordinator.force_login(member.user)

    def page() -> None:
        answer = coordinator.get(f"/studies/{SLUG}/progress/", **SECURE)
        assert answer.status_code == 200

    first = 1_000_000
    for wanted in (0, *STAGES):
        first = fill(study, wanted, first)
        reads = Read.objects.count()
        readers = study.memberships.filter(role=Membership.Role.READER).count()
        told = f"{reads} reads of {readers} readers"
        _timed(f"answer and next images, {told}", step, ANSWERS)
        _timed(f"coordinator's page, {told}", page, PAGES)
    tell(f"database of {reads} reads", database_megabytes(), "MB")


def measure_events() -> None:
    for processes in (1, 4):
        tell(f"events a second, {processes} at once", events(processes), "1/s")


def events(processes: int) -> float:
    """How many acts a second the one chain of events takes: each is written down
    between a lock and its commit, whatever host it comes from."""
    program = (
        "import django, sys, time; django.setup()\n"
        "from django.db import transaction\n"
        "from readerstudy.audit.services import event_record\n"
        "def one():\n"
        "    with transaction.atomic():\n"
        "        event_record(action='session.finish', actor=None,\n"
        "                     subject=('study', 'bench'))\n"
        "one(); print('ready', flush=True); sys.stdin.readline()\n"
        f"end = time.time() + {EVENTS_S}; done = 0\n"
        "while time.time() < end: one(); done += 1\n"
        "print(done)\n"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    told = [process.stdin for process in running]
    for stdin in told:
        assert stdin is not None
        stdin.write("go\n")
        stdin.flush()
    outcomes = [process.communicate()[0] for process in running]
    return sum(map(int, outcomes)) / EVENTS_S


def make_reader() -> Callable[[], None]:
    """Of a study of 50 cases, 3 arms and 3 readers; answers a read with each call."""
    from django.test import Client

    from readerstudy.reading.models import Read
    from tests.cast import make_user
    from tests.factory import make_cohort, make_study

    coordinator = make_user("coordinator", coordinator=True)
    readers = [make_user(f"reader-{number}") for number in range(3)]
    cohort = make_cohort(cases_wanted=50, coordinators=[coordinator])
    make_study(
        cohort, sessions=1, repeated="", coordinator=coordinator, readers=readers
    )
    client = Client()
    client.force_login(readers[0])
    # only the least count of time is no other's: the first page compiles templates
    client.get(f"/read/{SLUG}/", **SECURE)
    client.get(f"/read/{SLUG}/", **SECURE)
    token = Read.objects.get(first_shown_at__isnull=False).token

    def step() -> None:
        nonlocal token
        fields = {"token": token, "key": token, **GRADES, **CIRCUMSTANCES, **SCREEN}
        told = client.post(f"/read/{SLUG}/submit/", fields, **SECURE).json()
        assert told["pixels"], told
        token = told["token"]

    for _ in range(5):
        step()
    return step


def fill(study: Any, wanted: int, first: int) -> int:
    """Readers of OF_A_READER reads each until there are so many; the next reader's
    number."""
    from django.db import connection

    from readerstudy.reading.models import Read

    missing = wanted - Read.objects.count()
    if missing <= 0:
        return first
    last = first + -(-missing // OF_A_READER) - 1
    one = Read.objects.filter(reader__study=study).earliest("pk")
    names = {
        "first": first,
        "last": last,
        "study": study.pk,
        "reader": one.reader_id,
        "hash": "0" * 64,
    }
    with quickly(), connection.cursor() as cursor:
        cursor.execute((PEOPLE + READS).format(**names))
    return last + 1


def measure_report() -> None:
    """Studies that have been read and unblinded, each ten times the one before."""
    from readerstudy.reading.models import Read, Study
    from stats.freezing import report_freeze
    from tests.stats.filled import fill_study

    from .exporting import _peak

    for wanted in STAGES:
        slug = f"of-{wanted}"
        a_case = REPORT["readers"] * (REPORT["arms"] + 1)
        with quickly():
            fill_study(cases=wanted // a_case, slug=slug, **REPORT)
        study = Study.objects.get(slug=slug)
        reads = Read.objects.filter(reader__study=study).count()
        began, worked = time.perf_counter(), time.process_time()
        report_freeze(study=study)
        tell(f"report of {reads} reads", time.perf_counter() - began, "s")
        tell(f"report of {reads} reads", time.process_time() - worked, "CPU s")
        tell(f"report of {reads} reads, memory so far", _peak(), "MB")


def _timed(name: str, act: Callable[[], None], times: int) -> None:
    """Processor time of our own, of the database, and the time by the clock."""
    seconds, worked = [], []
    act()
    database = _database_cpu_s()
    for _ in range(times):
        began, busy = time.perf_counter(), time.process_time()
        act()
        seconds.append(time.perf_counter() - began)
        worked.append(time.process_time() - busy)
    database = (_database_cpu_s() - database) / times
    tell(name, float(np.median(worked)) * 1e3, "CPU ms", "median, without database")
    tell(name, database * 1e3, "CPU ms", "mean, of the database")
    tell(name, float(np.median(seconds)) * 1e3, "ms", "median, by the clock")
    tell(name, p95(seconds) * 1e3, "ms", "95th percentile, by the clock")


def _database_cpu_s() -> float:
    """Of the process of PostgreSQL that serves our connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cpu_seconds_of(cursor.fetchone()[0])


@contextmanager
def quickly() -> Iterator[None]:
    """Rows made by a program that makes no mistakes are not compared row by row."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
        yield
        cursor.execute("RESET session_replication_role")
        cursor.execute("RESET synchronous_commit")
        cursor.execute("VACUUM ANALYZE")


def database_megabytes() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return float(cursor.fetchone()[0]) / 1e6


PARTS = {
    "reading": measure_reading,
    "events": measure_events,
    "report": measure_report,
}

if __name__ == "__main__":
    import logging

    import django

    django.setup()
    logging.disable(logging.WARNING)
    PARTS[sys.argv[1]]()
