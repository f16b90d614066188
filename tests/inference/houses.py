"""Installations with real worker processes, each under a folder of its own."""

import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dj_database_url
import pytest

from tests.migrated import create_database, put_database
from tests.servers import redis_server

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 240
POSTGRESQL = os.environ.get("TEST_DATABASE_URL", "")
BEGIN = """
import sys, pathlib, django
django.setup()
from django.core.management import call_command
from django.core.files.base import ContentFile
from tests.inference.conftest import make_cohort, weights_content
from tests.inference.runtime import graphs
from inference import services
from inference.models import Weights
folder = pathlib.Path(sys.argv[1])
def ask(cohort, method, weights=None):
    return services.job_request(cohort=cohort, method=method, weights=weights)
def registered(network):
    found = Weights.objects.filter(network=network).first()
    return found or services.weights_add(
        content=weights_content(folder, network=network),
        name="random",
        origin="shipped",
    )
def whole(name, content):
    import hashlib
    row = Weights(network="onnx", format="onnx", title=name, origin="shipped",
        sha256=hashlib.sha256(content).hexdigest(),
        card={"data": {}, "configuration": {}})
    row.file.save("network.onnx", ContentFile(content), save=False)
    row.save()
    return row
"""


class House:
    """One installation, with the workers that were started in it."""

    def __init__(
        self, folder: Path, environment: dict[str, str], database: str
    ) -> None:
        self.folder, self.database = folder, database
        self.environment = {
            **os.environ,
            "VAR_DIR": str(folder),
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self.patience_s = PATIENCE_S
        self.workers: list[subprocess.Popen[bytes]] = []

    def do(self, *lines: str) -> None:
        """In a process of its own, with what BEGIN defines."""
        program = BEGIN + "\n".join(lines)
        subprocess.run(
            [sys.executable, "-c", program, str(self.folder)],
            cwd=ROOT,
            env=self.environment,
            check=True,
        )

    def call_waiting(self) -> None:
        """As the sweep does, which gives what failed a minute's rest before."""
        self.do(
            "from datetime import timedelta",
            "services.jobs_recover(call_again=timedelta(0))",
        )

    def start_worker(self, *more: str) -> subprocess.Popen[bytes]:
        number = len(self.workers)
        command = "-m celery -A readerstudy.config.celery worker --pool=solo -c 1"
        with self.log(number).open("ab") as log:
            worker = subprocess.Popen(
                [
                    sys.executable,
                    *command.split(),
                    "--loglevel=INFO",
                    f"--hostname=w{number}@%h",
                    *more,
                ],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.workers.append(worker)
        return worker

    def start_worker_with_beat(self) -> subprocess.Popen[bytes]:
        return self.start_worker("--beat", f"--schedule={self.folder / 'beat'}")

    def log(self, number: int) -> Path:
        return self.folder / f"worker-{number}.log"

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """As the system does when memory is short: nothing can be said any more. What
        it had started must notice by itself, and end."""
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        self.wait(lambda: not group_lives(worker), "the end of what it started")

    def end(self) -> None:
        for worker in self.workers:
            if group_lives(worker):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()

    def rows(self, query: str) -> list[tuple]:
        if self.database:
            import psycopg

            with psycopg.connect(self.database) as connection:
                return connection.execute(query).fetchall()
        with sqlite3.connect(self.folder / "db.sqlite3", timeout=30) as connection:
            return connection.execute(query).fetchall()

    def jobs(self, what: str, *, of: str = "") -> list[tuple]:
        """Columns of the jobs in the order in which they were asked for."""
        return self.rows(
            f"SELECT {what} FROM inference_job j JOIN cases_cohort c "
            f"ON c.id = j.cohort_id WHERE c.name LIKE '%{of}' ORDER BY j.id"
        )

    def renditions(self, cohort: str, method: str) -> dict[str, tuple]:
        """Case code → everything stored about that method's image of it."""
        return {
            row[0]: row[1:]
            for row in self.rows(
                'SELECT k.code, r.sha256, r.id, r.made_at, r."values" '
                "FROM cases_rendition r JOIN cases_case k ON k.id = r.case_id "
                "JOIN cases_cohort c ON c.id = k.cohort_id "
                f"WHERE c.name = '{cohort}' AND r.method LIKE '{method}%'"
            )
        }

    def wait(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + self.patience_s
        while not condition():
            if time.monotonic() > end:
                logs = [
                    self.log(n).read_text()[-4000:] for n in range(len(self.workers))
                ]
                pytest.fail(
                    f"waited in vain for {what}; workers say:\n" + "".join(logs)
                )
            time.sleep(0.02)


@contextmanager
def house(folder: Path, *, servers: bool) -> Iterator[House]:
    """servers: Redis and PostgreSQL, as in production; else files alone."""
    with ExitStack() as stack:
        embedded = "readerstudy.config.settings.embedded"
        environment, database = {"DJANGO_SETTINGS_MODULE": embedded}, ""
        if servers:
            broker = stack.enter_context(redis_server())
            environment, database = production(broker.url)
        else:
            put_database(folder)
        one = House(folder, environment, database)
        stack.callback(one.end)
        yield one


def production(broker: str) -> tuple[dict[str, str], str]:
    """The production profile with a new database, and how to reach that."""
    import psycopg

    name, server = f"house_{secrets.token_hex(6)}", dj_database_url.parse(POSTGRESQL)
    options = {"host": server["HOST"], "user": server["USER"]}
    with psycopg.connect(**options, dbname="postgres", autocommit=True) as connection:
        create_database(connection, name, POSTGRESQL)
    environment = {
        "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.production",
        "DATABASE_URL": f"{POSTGRESQL.rpartition('/')[0]}/{name}",
        "CELERY_BROKER_URL": broker,
        "ALLOWED_HOSTS": "localhost",
        "SECRET_KEY": secrets.token_hex(40),
        "IDENTITY_KEY": secrets.token_hex(40),
    }
    return environment, f"host={options['host']} user={options['user']} dbname={name}"


def group_lives(worker: subprocess.Popen[bytes]) -> bool:
    """Whether any process is left of those it started, itself among them."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:  # proc(5): state, parent and group follow the name
            state, _, group, *_ = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(group) == worker.pid and state != "Z":
            return True
    return False


def process_of_a_network(worker: subprocess.Popen[bytes]) -> int | None:
    """The process in which `worker` runs one just now."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            command = (path.parent / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        if parent == worker.pid and b"inference.runtime.child" in command:
            return int(path.parent.name)
    return None


# Files alone in the suite's first round, servers in its second (make test).
INSTALLATIONS = [
    pytest.param(False, marks=pytest.mark.sqlite, id="files"),
    pytest.param(
        True,
        marks=[
            pytest.mark.redis,
            pytest.mark.postgres,
            pytest.mark.skipif(not POSTGRESQL, reason="runs in PostgreSQL's round"),
        ],
        id="servers",
    ),
]
