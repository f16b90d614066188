"""Writers of one process take turns on SQLite, in the order in which they came."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from readerstudy.config.sqlite.turns import Turns

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
import threading
import django
django.setup()
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from readerstudy.config.sqlite.base import TURNS

call_command("migrate", verbosity=0)
failed = []

def write(number):
    try:
        for turn in range(20):
            try:
                with transaction.atomic():
                    Group.objects.create(name=f"{number}-{turn}")
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
assert all(turns.take(timeout=0) for turns in TURNS.values())  # nobody keeps one
print(Group.objects.filter(name__contains="-").count())
"""


def test_threads_that_write_at_once_lose_nothing_and_leave_no_turn_taken(
    tmp_path: Path,
) -> None:
    embedded = "readerstudy.config.settings.embedded"
    told = subprocess.run(
        [sys.executable, "-c", WRITERS],
        env={
            **os.environ,
            "VAR_DIR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": embedded,
        },
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == [str(8 * 15)]
