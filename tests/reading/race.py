"""Run by test_races in a process of its own: many answers to one read at once.

Uses the settings it is started with, so the database is a real one with real
locks, which the suite's shared in-memory SQLite is not. Prints JSON.
"""

import json
import sys
import threading
from collections.abc import Callable

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from readerstudy.imaging.errors import Refused  # noqa: E402
from readerstudy.reading import services  # noqa: E402
from readerstudy.reading.models import Read, Score, Session  # noqa: E402
from tests.cast import make_user, reader_membership  # noqa: E402
from tests.factory import make_cohort, make_study  # noqa: E402

THREADS = 8


def at_once(act: Callable[[int], object]) -> list[str]:
    """Run `act` in threads that start together; how each one ended."""
    barrier = threading.Barrier(THREADS)
    ended: list[str] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            act(number)
            ended.append("stored")
        except Refused:
            ended.append("refused")
        except Exception as error:
            ended.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ended)


def main() -> None:
    call_command("migrate", verbosity=0)
    coordinator = make_user("coordinator", coordinator=True)
    user = make_user("reader")
    cohort = make_cohort(coordinators=[coordinator], cases_wanted=3)
    study = make_study(cohort, coordinator=coordinator, readers=[user])
    reader = reader_membership(study, user)
    told: dict[str, object] = {}

    read = services.read_next(reader=reader).read
    assert read is not None
    told["identical"] = at_once(
        lambda number: services.read_submit(
            token=read.token,
            reader=reader,
            answers={"grade": {"right": 3, "left": 2}},
            key="same",
        )
    )
    told["identical scores"] = Score.objects.filter(read=read).count()

    second = services.read_next(reader=reader).read
    assert second is not None
    told["different"] = at_once(
        lambda number: services.read_submit(
            token=second.token,
            reader=reader,
            answers={"grade": {"right": 1 + number % 4, "left": 1 + number // 4}},
            key=f"tab-{number}",
        )
    )
    told["different scores"] = Score.objects.filter(read=second).count()

    told["starts"] = at_once(lambda number: services.read_next(reader=reader))
    told["shown"] = Read.objects.filter(first_shown_at__isnull=False).count()
    told["sessions"] = Session.objects.filter(started_at__isnull=False).count()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
