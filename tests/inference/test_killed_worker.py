"""kill -9 in the middle of a job, with real worker processes and a real broker."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASES = 60
PATIENCE_S = 120

# Two cohorts with the same images: one job is interrupted, the other is not.
PREPARE = f"""
import sys, pathlib, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.inference.conftest import make_cohort, weights_content
from inference import services
weights = services.weights_add(
    content=weights_content(pathlib.Path(sys.argv[1]), network="unet-l2"),
    name="random", origin="shipped",
)
for name in ("interrupted", "undisturbed"):
    services.job_request(
        cohort=make_cohort(name, cases={CASES}), method="unet-l2", weights=weights
    )
"""


class House:
    """One installation under a folder of its own, with at most one worker."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.embedded",
            "VAR_DIR": str(folder),
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self.worker: subprocess.Popen[bytes] | None = None

    def python(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, check=True
        )

    def start_worker(self) -> None:
        command = "-m celery -A readerstudy.config.celery worker --beat --pool=solo"
        with (self.folder / "worker.log").open("ab") as log:
            self.worker = subprocess.Popen(
                [
                    sys.executable,
                    *command.split(),
                    "--loglevel=INFO",
                    f"--schedule={self.folder / 'beat'}",
                ],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill_worker(self) -> None:
        if self.worker is not None:
            os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait()
            self.worker = None

    def rows(self, query: str) -> list[tuple]:
        with sqlite3.connect(self.folder / "db.sqlite3", timeout=30) as connection:
            return connection.execute(query).fetchall()

    def job(self, cohort: str) -> tuple[str, int, int]:
        """State, attempts and cases done."""
        ((state, attempts),) = self.rows(
            "SELECT state, attempts FROM inference_job JOIN cases_cohort c "
            f"ON c.id = cohort_id WHERE c.name = '{cohort}'"
        )
        return state, attempts, len(self.renditions(cohort))

    def renditions(self, cohort: str) -> dict[str, tuple]:
        """Case code → everything stored about the network's image of it."""
        return {
            row[0]: row[1:]
            for row in self.rows(
                "SELECT k.code, r.sha256, r.id, r.made_at, r.'values' "
                "FROM cases_rendition r JOIN cases_case k ON k.id = r.case_id "
                "JOIN cases_cohort c ON c.id = k.cohort_id "
                f"WHERE c.name = '{cohort}' AND r.method LIKE 'unet-l2@%'"
            )
        }

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                log = (self.folder / "worker.log").read_text()
                pytest.fail(f"waited in vain for {what}; the worker says:\n{log}")
            time.sleep(0.02)


@contextmanager
def house(folder: Path, **environment: str) -> Iterator[House]:
    one = House(folder, **environment)
    try:
        yield one
    finally:
        one.kill_worker()


def interrupt_and_resume(one: House, *, in_between: Callable[[], None]) -> None:
    one.python("-c", PREPARE, str(one.folder))
    one.start_worker()
    one.wait(lambda: one.job("interrupted")[2] >= 5, "the first cases")
    one.kill_worker()
    state, attempts, done = one.job("interrupted")
    assert (state, attempts) == ("running", 1)
    assert 5 <= done < CASES
    before = one.renditions("interrupted")

    in_between()
    one.start_worker()
    one.wait(lambda: one.job("interrupted")[0] == "done", "the job's end")
    # the second attempt brought new images, so the first no longer counts
    assert one.job("interrupted")[1:] == (1, CASES)
    after = one.renditions("interrupted")
    # what was done stayed as it was: same row, same file, same moment
    assert before.items() <= after.items()
    one.wait(lambda: one.job("undisturbed")[0] == "done", "the other job")
    assert one.job("undisturbed")[1:] == (1, CASES)
    for code, (sha256, *_) in one.renditions("undisturbed").items():
        assert after[code][0] == sha256
    stored = {path.name for path in (one.folder / "media/renditions").iterdir()}
    known = {
        Path(name).name for (name,) in one.rows('SELECT "values" FROM cases_rendition')
    }
    assert known <= stored
    assert len(stored - known) <= 1  # the one that was being written


@pytest.mark.slow
@pytest.mark.sqlite
def test_a_worker_killed_in_the_middle_loses_nothing_without_a_broker_server(tmp_path):
    def empty_the_broker() -> None:
        shutil.rmtree(tmp_path / "queue" / "messages")

    with house(tmp_path) as one:
        interrupt_and_resume(one, in_between=empty_the_broker)


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"redis://127.0.0.1:{port}/0"
    options = f"--port {port} --bind 127.0.0.1 --appendonly no --dir {folder}"
    server = subprocess.Popen(
        ["redis-server", *options.split(), "--save", ""], stdout=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < end, "redis-server does not answer"
                time.sleep(0.05)
        yield address
    finally:
        server.terminate()
        server.wait()


@pytest.mark.slow
@pytest.mark.redis
@pytest.mark.sqlite
def test_a_worker_killed_in_the_middle_loses_nothing_with_redis(tmp_path):
    def empty_the_broker() -> None:
        import redis

        redis.Redis.from_url(address).flushall()

    with (
        redis_server(tmp_path) as address,
        house(tmp_path, CELERY_BROKER_URL=address) as one,
    ):
        interrupt_and_resume(one, in_between=empty_the_broker)
