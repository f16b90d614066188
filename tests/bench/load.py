"""Fifty readers at once on the production profile: gunicorn, PostgreSQL, Redis.

All on this machine, the readers too, over loopback without a proxy. PostgreSQL writes
to the disk before it says that it has. LOAD_SECONDS makes it shorter, or longer.
"""

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tests.faults.readers import Crowd
from tests.faults.sites import Site
from tests.servers import (
    find_binaries,
    postgres_server,
    production_environment,
    redis_server,
)

from .lines import Line, p95

READERS = 50
CASES = 60  # of three arms: more than anybody reads in the time
SECONDS = float(os.environ.get("LOAD_SECONDS", 120))
THINKING_S = (1.0, 3.0)  # a person takes five times as long
HURRIED_SECONDS = 20


def load() -> Iterator[Line]:
    if find_binaries() is None:
        return
    with (
        tempfile.TemporaryDirectory(prefix="load-") as name,
        postgres_server(fsync=True) as postgres,
        redis_server() as redis,
    ):
        folder = Path(name)
        site = Site(folder, production_environment(postgres, redis, folder))
        site.run("manage.py", "collectstatic", "--noinput", "-v0")
        site.prepare(readers=READERS, cases=CASES)
        try:
            site.start_web()
            yield from thoughtful(site)
            yield from hurried(site)
        finally:
            site.end()


def crowd_of(site: Site, seconds: float, think_s: Callable[[], float]) -> Crowd:
    """Having read for so long; whatever failed ends the measurement."""
    stop_at = time.monotonic() + seconds
    with site.crowd(answers=10**6, think_s=think_s, stop_at=stop_at) as crowd:
        pass
    failed = [reader.failed for reader in crowd.readers if reader.failed]
    assert not failed, failed
    return crowd


def thoughtful(site: Site) -> Iterator[Line]:
    crowd = crowd_of(site, SECONDS, lambda: random.uniform(*THINKING_S))
    seconds = [one for reader in crowd.readers for one in reader.seconds]
    who = f"{READERS} readers who think {THINKING_S[0]:g}–{THINKING_S[1]:g} s"
    errors = f"of {len(seconds)} answers in {SECONDS:g} s"
    yield Line(f"{who}, errors", len(crowd.trouble), errors)
    yield Line(f"{who}, p95", p95(seconds) * 1e3, "ms", note="promised: at most 150")
    yield Line(f"{who}, median", float(np.median(seconds)) * 1e3, "ms")
    yield Line(f"{who}, longest", max(seconds) * 1e3, "ms")


def hurried(site: Site) -> Iterator[Line]:
    """Where the limit is: each answers as soon as the last answer is acknowledged."""
    crowd = crowd_of(site, HURRIED_SECONDS, lambda: 0.0)
    seconds = [one for reader in crowd.readers for one in reader.seconds]
    who = f"{READERS} readers who do not think"
    yield Line(f"{who}, answers", len(seconds) / HURRIED_SECONDS, "a second")
    yield Line(f"{who}, p95", p95(seconds) * 1e3, "ms")
