"""Acts that begin together, for races that run in a process of their own.

Those use the settings they are started with, so the database is a real one with real
locks, which the suite's shared in-memory SQLite is not. Whoever imports this has
Django set up.
"""

import threading
from collections.abc import Callable

import django

django.setup()

from django.db import connection  # noqa: E402

from readerstudy.imaging.errors import Refused  # noqa: E402

THREADS = 8


def at_once(act: Callable[[int], object]) -> list[str]:
    """Run `act` in threads that start together; how each one ended, sorted."""
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
