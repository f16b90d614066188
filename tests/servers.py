"""Throw-away PostgreSQL and Redis servers, which tests may kill and start again.

    with postgres_server() as postgres, redis_server() as redis:
        environment = production_environment(postgres, redis, var_dir)

Without the programs they raise FileNotFoundError.
"""

import contextlib
import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 60
USER = "tests"
# The machine does not crash while tests run; the server is killed, and what it has said
# to be committed must be there: synchronous_commit stays on. A vacuum between two tests
# would note that all tables are empty, and plan the next one's queries by that.
THROWN_AWAY = ["-c", "fsync=off", "-c", "autovacuum=off"]


def find_binaries() -> Path | None:
    """The folder of PostgreSQL's own programs, the newest version's."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]),
    )
    return versions[-1].parent if versions else None


class Postgres:
    """A server in `folder`, reached over a Unix socket there, by everybody here."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        binaries = find_binaries()
        if binaries is None:
            raise FileNotFoundError("PostgreSQL was not found on this machine")
        self.folder, self.data, self.binaries = folder, folder / "data", binaries
        self._options = ["-D", str(self.data), "-k", str(folder)]
        self._options += ["-c", "listen_addresses="]
        self._options += [] if fsync else THROWN_AWAY
        self._process: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root; its package brings an account for it
        is_root = os.geteuid() == 0
        owner = "postgres" if is_root else pwd.getpwuid(os.geteuid()).pw_name
        as_owner = [
            "setpriv",
            "--pdeathsig=QUIT",
            f"--reuid={owner}",
            f"--regid={owner}",
            "--clear-groups",
        ]
        self._prefix = as_owner if is_root else []
        shutil.chown(folder, owner)
        folder.chmod(0o711)  # the tests connect as another user than the owner
        subprocess.run(
            [*self._prefix, str(binaries / "initdb"), f"--pgdata={self.data}"]
            + [f"--username={USER}", "--auth=trust", "--encoding=UTF8"]
            + ["--locale=C.UTF-8", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._prefix, str(self.binaries / "postgres"), *self._options],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._is_ready, "PostgreSQL")

    def stop(self) -> None:
        """At once: all that was said to be stored is written."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=PATIENCE_S)

    def kill(self) -> None:
        """As if the power went, all its processes at once.

        What the system was told to write is there: `fsync` changes nothing here.
        """
        assert self._process is not None
        pid = self._process.pid
        os.kill(pid, signal.SIGSTOP)  # it has no more children from now on
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in [pid, *map(int, children)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        self._process.wait(timeout=PATIENCE_S)

    def _is_ready(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, name: str) -> str:
        host = str(self.folder).strip("/").replace("/", "%2F")
        return f"postgres://{USER}@%2F{host}/{name}"

    def create_database(self, prefix: str = "site") -> str:
        """A new one; its address."""
        import psycopg

        name = f"{prefix}_{secrets.token_hex(6)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)


@contextmanager
def postgres_server(
    folder: Path | None = None, *, fsync: bool = False
) -> Iterator[Postgres]:
    """Running; in an existing `folder` of the caller's, or in one that goes away.

    fsync: on for what is measured; a machine that crashes ends the tests anyway.
    """
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        server = Postgres(folder or Path(name), fsync=fsync)
        server.start()
        try:
            yield server
        finally:
            server.stop()


class Redis:
    """A server on a port of its own; started again it has forgotten everything."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = f"--port {self.port} --bind 127.0.0.1 --appendonly no"
        self._process = subprocess.Popen(
            ["redis-server", *options.split(), "--dir", str(self.folder), "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        wait_until(lambda: answers(self.port), "Redis")

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=PATIENCE_S)


@contextmanager
def redis_server() -> Iterator[Redis]:
    with tempfile.TemporaryDirectory(prefix="redis-") as name:
        server = Redis(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def production_environment(
    postgres: Postgres, redis: Redis, var_dir: Path
) -> dict[str, str]:
    """What the production profile asks for, with a database of its own."""
    return {
        "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.production",
        "VAR_DIR": str(var_dir),
        "DATABASE_URL": postgres.create_database(),
        "CELERY_BROKER_URL": redis.url,
        "ALLOWED_HOSTS": "localhost",
        "SECRET_KEY": secrets.token_hex(40),
        "IDENTITY_KEY": secrets.token_hex(40),
    }


# Below those that Linux gives to whoever asks for any: nobody has one by chance before
# its server listens, nor while it is away. Each process begins elsewhere, and gives
# none twice.
PORTS = range(10_000, 32_000)
_next_ports = itertools.count(os.getpid() * 997)


def free_port() -> int:
    for number in _next_ports:
        port = PORTS[number % len(PORTS)]
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("there is always another number")


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(condition, what: str, *, seconds: float = PATIENCE_S) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)
