"""Two hosts with a worker each share PostgreSQL, Redis and an object store; one is cut
off in the middle of a job. Run by test_two_hosts.py; prints as JSON what it saw.

    python -m tests.faults.two_hosts FOLDER        hosts are process groups
    unshare --net --pid --fork --kill-child --mount-proc \\
        python -m tests.faults.two_hosts FOLDER    hosts are networks of their own

The second way this process stands where the servers are; each host has a network
namespace and a name of its own, and one cable hither. Cut off means: the cable is
pulled. The first way it means: all processes of the host are stopped, so that their
connections stay open and say nothing.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.object_store import ObjectStoreServer
from tests.servers import Postgres, Redis, production_environment, wait_until

ROOT = Path(__file__).resolve().parents[2]
CASES, LATER = 80, 4
PATIENCE_S = 120
# As workers are, but sooner to notice that another has gone silent.
WORKER = """
import sys
from datetime import timedelta
import django
django.setup()
from inference.services import runs
soon = {"lease": timedelta(seconds=5), "call_again": timedelta(seconds=2)}
runs.runs_recover.__kwdefaults__.update(soon)
from inference import tasks
tasks.SWEEP_SECONDS = 2
from celery.__main__ import main
main()
"""
BEGIN = """
import json, sys
import django
django.setup()
from django.core.management import call_command
from inference.services import job_request
from readerstudy.cases.models import Cohort, Rendition
"""


class OpenPostgres(Postgres):
    """Reached over the cables as well."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._options += ["-c", "listen_addresses=*"]
        with (self.data / "pg_hba.conf").open("a") as file:
            file.write("host all all 10.77.0.0/16 trust\n")


class OpenRedis(Redis):
    def start(self) -> None:
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "*", "--save", ""]
            + ["--protected-mode", "no", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
        )
        wait_until(lambda: _answers(self.port), "Redis")


def _answers(port: int) -> bool:
    from tests.servers import answers

    return answers(port)


class Host:
    """One worker under a `var/` of its own; nothing is shared but the servers."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str]) -> None:
        self.name, self.folder = name, folder
        self.folder.mkdir()
        self.environment = {**environment, "VAR_DIR": str(folder)}
        self.prefix: list[str] = []
        self.worker: subprocess.Popen[bytes] | None = None

    def start_worker(self) -> None:
        options = "-A readerstudy.config.celery worker --pool=solo --beat -Q cpu"
        with self.log.open("ab") as log:
            self.worker = subprocess.Popen(
                [*self.prefix, sys.executable, "-c", WORKER, *options.split()]
                + [f"--hostname={self.name}@{self.name}", "--loglevel=INFO"]
                + [f"--schedule={self.folder / 'beat'}"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def log(self) -> Path:
        return self.folder / "worker.log"

    def cut(self) -> None:
        self._signal(signal.SIGSTOP)

    def join(self) -> None:
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        self._signal(signal.SIGKILL)
        if self.worker:
            self.worker.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self.worker and self.worker.poll() is None:
            os.killpg(self.worker.pid, number)


class NetworkHost(Host):
    """With a network and a name of its own."""

    def __init__(
        self, name: str, folder: Path, environment: dict[str, str], *, number: int
    ) -> None:
        super().__init__(name, folder, environment)
        self.cable = f"to-{name}"
        up = f"hostname {name} && ip link set lo up && exec sleep infinity"
        self.holder = subprocess.Popen(["unshare", "--net", "--uts", "sh", "-c", up])
        self.prefix = ["nsenter", f"--target={self.holder.pid}", "--net", "--uts"]
        wait_until(lambda: self._told("hostname") == name, "a host")
        here, there = f"10.77.{number}.1", f"10.77.{number}.2"
        _run(f"ip link add {self.cable} type veth peer name eth0")
        _run(f"ip link set eth0 netns {self.holder.pid}")
        _run(f"ip address add {here}/30 dev {self.cable}")
        _run(f"ip link set {self.cable} up")
        self._told(f"ip address add {there}/30 dev eth0")
        self._told("ip link set eth0 up")

    def _told(self, command: str) -> str:
        return _run(shlex.join([*self.prefix, *command.split()]))

    def cut(self) -> None:
        _run(f"ip link set {self.cable} down")

    def join(self) -> None:
        _run(f"ip link set {self.cable} up")

    def end(self) -> None:
        super().end()
        self.holder.kill()
        self.holder.wait()


def _run(command: str) -> str:
    done = subprocess.run(shlex.split(command), capture_output=True, text=True)
    return done.stdout.strip()


class Scene:
    def __init__(self, folder: Path, stack: ExitStack, *, networks: bool) -> None:
        (folder / "pg").mkdir()
        self.postgres = OpenPostgres(folder / "pg")
        self.redis = OpenRedis(folder)
        self.store = ObjectStoreServer(host="0.0.0.0" if networks else "127.0.0.1")
        for server in (self.postgres, self.redis, self.store):
            stack.callback(server.stop)
        self.postgres.start()
        self.redis.start()
        self.store.wait()
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            **production_environment(self.postgres, self.redis, folder / "here"),
            **self.store.environment(),
            "S3_ENDPOINT_URL": f"http://127.0.0.1:{self.store.port}",
        }
        self.database = self.environment["DATABASE_URL"]
        self.hosts = []
        for number, name in enumerate(("host-a", "host-b"), start=1):
            host = (
                NetworkHost(name, folder / name, self._reached(number), number=number)
                if networks
                else Host(name, folder / name, self.environment)
            )
            stack.callback(host.end)
            self.hosts.append(host)

    def _reached(self, number: int) -> dict[str, str]:
        """The servers as they are called at the other end of a cable."""
        here = f"10.77.{number}.1"
        name = self.database.rpartition("/")[2]
        return {
            **self.environment,
            "DATABASE_URL": f"postgres://tests@{here}:5432/{name}",
            "CELERY_BROKER_URL": f"redis://{here}:{self.redis.port}/0",
            "S3_ENDPOINT_URL": f"http://{here}:{self.store.port}",
        }

    def do(self, *lines: str) -> Any:
        """In a process beside the servers; the JSON that it prints."""
        done = subprocess.run(
            [sys.executable, "-c", BEGIN + "\n".join(lines)],
            cwd=ROOT,
            env={**self.environment, "LOG_LEVEL": "ERROR"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return json.loads(done.stdout or "null")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(self.database) as connection:
            return connection.execute(query).fetchall()

    def wait(self, condition: Callable[[], object], what: str) -> None:
        try:
            wait_until(condition, what, seconds=PATIENCE_S)
        except TimeoutError:
            for host in self.hosts:
                sys.stderr.write(f"--- {host.name}\n{host.log.read_text()[-6000:]}\n")
            sys.stderr.write(f"{self.rows(JOBS)}\n")
            raise


JOBS = (
    "SELECT id, method, state, done, attempts, claimed_by, message "
    "FROM inference_job ORDER BY id"
)
IMAGES = (
    'SELECT k.code, r.method, r.id, r.sha256, r."values" FROM cases_rendition r '
    "JOIN cases_case k ON k.id = r.case_id JOIN cases_cohort c ON c.id = k.cohort_id "
    "WHERE c.name = 'shared' ORDER BY 1, 2"
)


def play(folder: Path, *, networks: bool) -> dict[str, Any]:
    with ExitStack() as stack:
        scene = Scene(folder, stack, networks=networks)
        scene.do(
            'call_command("migrate", verbosity=0)',
            "from tests.inference.conftest import make_cohort",
            f'make_cohort("shared", cases={CASES})',
            f'make_cohort("later", cases={LATER})',
        )
        a, b = scene.hosts
        for host in (a, b):
            host.start_worker()
        scene.wait(
            lambda: scene.rows("SELECT count(*) FROM inference_worker")[0][0] == 2,
            "both workers",
        )
        scene.do(
            'shared = Cohort.objects.get(name="shared")',
            'for method in ("gaussian", "bilateral"):',
            "    job_request(cohort=shared, method=method)",
        )
        seen = _cut_in_the_middle(scene, b)
        before = scene.rows(IMAGES)
        scene.wait(lambda: _all_done(scene), "the jobs, by one host")
        seen["finished"] = time.monotonic()
        images = scene.rows(IMAGES)
        b.join()
        seen |= _returns(scene, a, b)
        stored = set(scene.store.names())
        seen |= {
            "jobs": scene.rows(JOBS),
            "images": [list(image) for image in images],
            "kept": set(before) <= set(images),
            "there": sum(one[1] == seen["cut"]["method"] for one in before),
            "to do": _taken_up(a, seen["cut"]["job"]),
            "unchanged": scene.rows(IMAGES) == images,
            "without a file": [one[4] for one in images if one[4] not in stored],
        }
        return seen


def _all_done(scene: Scene) -> bool:
    return all(row[2] == "done" for row in scene.rows(JOBS))


def _cut_in_the_middle(scene: Scene, host: Host) -> dict[str, Any]:
    """Once the host has stored some of its cases and not all."""
    assert host.worker is not None
    pid, found = str(host.worker.pid), []

    def halfway() -> bool:
        for number, method, state, done, _, claim, _ in scene.rows(JOBS):
            is_its = host.name in claim if host.prefix else f"|{pid}|" in claim
            if is_its and state == "running" and 4 < done < CASES:
                found[:] = [number, method, done]
                return True
        return False

    scene.wait(halfway, "a job of the host that will be cut off")
    host.cut()
    return {"cut": dict(zip(("job", "method", "done"), found, strict=True))}


def _taken_up(host: Host, job: int) -> int:
    """How many cases it still had to do when it took the job over."""
    told = re.findall(rf"job {job}: taken up, (\d+) of", host.log.read_text())
    return int(told[-1])


def _returns(scene: Scene, other: Host, host: Host) -> dict[str, Any]:
    """It goes on by itself, and alone does what comes later."""
    other.end()
    began = time.monotonic()
    scene.do('job_request(cohort=Cohort.objects.get(name="later"), method="gaussian")')
    scene.wait(lambda: _all_done(scene), "a job by the host that has returned")
    assert host.worker is not None
    return {
        "returned_s": time.monotonic() - began,
        "lives": host.worker.poll() is None,
        "said": host.log.read_text().count("no longer ours"),
    }


if __name__ == "__main__":
    in_networks = os.environ.get("HOSTS_ARE_NETWORKS") == "1"
    if in_networks:
        _run("ip link set lo up")
    print(json.dumps(play(Path(sys.argv[1]), networks=in_networks)))
