"""Who writes to SQLite takes turns, in the order in which they came."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from readerstudy.config.sqlite.turns import Turns
from tests.migrated import put_database

pytestmark = pytest.mark.sqlite


def waits(turns: Turns, wanted: int) -> None:
    while len(turns._waiting) < wanted:
        time.sleep(0.001)


def test_whoever_has_waited_longest_is_next() -> None:
    turns, order = Turns(), []

    def come(number: int) -> None:
        assert turns.take(timeout=20)
        order.append(number)
        turns.give()

    assert turns.take(timeout=0)
    threads = [threading.Thread(target=come, args=[number]) for number in range(20)]
    for number, thread in enumerate(threads, start=1):
        thread.start()
        waits(turns, number)
    turns.give()
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_who_has_waited_too_long_goes_away_and_keeps_nobody_waiting() -> None:
    turns = Turns()
    assert turns.take(timeout=0)
    assert not turns.take(timeout=0.01)
    turns.give()
    assert turns.take(timeout=0)


WRITERS = """
import os
import threading
import django
django.setup()
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, transaction
from readerstudy.config.sqlite.turns import TURNS

failed = []

def write(number):
    try:
        for turn in range(20):
            try:
                with transaction.atomic():
                    Group.objects.create(name=f"{os.getpid()}-{number}-{turn}")
                    if turn % 4 == 0:
                        raise LookupError  # takes back what it wrote
            except LookupError:
                pass
            if turn % 5 == 0:
                connection.close()
    except OperationalError as error:
        failed.append(error)
    connection.close()

threads = [threading.Thread(target=write, args=[number]) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not failed, failed
assert connection.vendor == "sqlite"
with connection.cursor() as cursor:
    cursor.execute("PRAGMA synchronous")
    assert cursor.fetchone() == (2,)  # FULL
assert len(TURNS) == 1
assert all(turns.take(timeout=20) for turns in TURNS.values())  # nobody keeps one
print(Group.objects.filter(name__startswith=f"{os.getpid()}-").count())
"""


def test_threads_of_two_processes_that_write_at_once_lose_nothing(
    tmp_path: Path,
) -> None:
    embedded = "readerstudy.config.settings.embedded"
    environment = {
        **os.environ,
        "VAR_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": embedded,
    }
    root = Path(__file__).resolve().parents[2]
    put_database(tmp_path)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITERS],
            env=environment,
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        told, complaint = process.communicate(timeout=120)
        assert process.returncode == 0, complaint
        assert told.split() == [str(8 * 15)]
