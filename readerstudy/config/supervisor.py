"""Starts the web server and two workers, restarts the workers, stops all cleanly.

Where a DICOM node is wanted, it is started and started again like the workers.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

STOP_SECONDS = 8
RESTART_PAUSE_SECONDS = 2
PR_SET_PDEATHSIG = 1  # prctl(2)
TRAINING_NICENESS = 10  # networks learn in the time that readers leave
MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


def port_is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def wait_until_answering(host: str, port: int, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def web_arguments(host: str, port: int) -> list[str]:
    """Of Python, to start the web server."""
    return [
        *("-m", "gunicorn", "readerstudy.config.wsgi:application"),
        f"--bind={host}:{port}",
        "--workers=2",  # twenty readers at once are more than one core's work
        "--threads=8",
        # a reader's connection outlives the time a read takes
        "--keep-alive=75",
        "--timeout=120",
        "--graceful-timeout=5",
        "--log-level=warning",
        "--logger-class=readerstudy.config.web_log.WebLogger",
        "--no-control-socket",
        "--config=python:readerstudy.config.web_processes",
    ]


def _end_with_parent() -> None:
    """In a child before it starts: Linux ends it when its parent was killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Child processes, in sessions of their own so that Ctrl-C reaches only us: the
    web server, a worker for all but trainings, one for trainings, and a node where
    others may send by DICOM.

    All but the web server may die at any moment without harm (jobs and trainings
    resume from their rows, what the node has not acknowledged is sent again), so they
    are started again; without the web server there is nothing to wait for.
    """

    def __init__(
        self, *, host: str, port: int, var_dir: Path, node: bool = False
    ) -> None:
        self.host, self.port, self.var_dir = host, port, var_dir
        self.wants_node = node
        self.web: subprocess.Popen[bytes] | None = None
        # name → how it is started
        self.restarted: dict[str, Callable[[], subprocess.Popen[bytes]]] = {
            "worker": self._start_worker,
            "training-worker": self._start_training_worker,
        }
        if node:
            self.restarted["dicom-node"] = self._start_node
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        self.web = self._spawn(
            "web",
            *web_arguments(self.host, self.port),
            PROMETHEUS_MULTIPROC_DIR=str(self.var_dir / "metrics"),
        )
        for name, start in self.restarted.items():
            self.children[name] = start()

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Return when the web server has ended or `until()` says so."""
        while not until():
            if self.web is None or self.web.poll() is not None:
                return
            for name, start in self.restarted.items():
                if self.children[name].poll() is not None:
                    time.sleep(RESTART_PAUSE_SECONDS)
                    self.children[name] = start()
            time.sleep(0.3)

    def stop(self) -> None:
        """Ask all to end, then insist; open jobs and trainings resume next time."""
        children = [*([self.web] if self.web else []), *self.children.values()]
        for child in children:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in children:
            try:
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def log_path(self, name: str) -> Path:
        return self.var_dir / "log" / f"{name}.log"

    def _start_worker(self) -> subprocess.Popen[bytes]:
        return self._celery(
            "worker",
            "--beat",
            f"--schedule={self.var_dir / 'beat-schedule'}",
            "--exclude-queues=training",
        )

    def _start_training_worker(self) -> subprocess.Popen[bytes]:
        """Of its own, so that an hour's training stops nobody's import; idle, it holds
        no more than any worker."""
        return self._celery(
            "training-worker",
            "--queues=training",
            "--hostname=training@%h",
            niceness=TRAINING_NICENESS,
            WORKER_ENDS_AFTER_TRAINING="1",
        )

    def _celery(
        self, name: str, *options: str, niceness: int = 0, **environment: str
    ) -> subprocess.Popen[bytes]:
        return self._spawn(
            name,
            "-m",
            "celery",
            "--app=readerstudy.config.celery",
            "worker",
            "--pool=solo",
            "--without-gossip",
            "--without-mingle",
            "--loglevel=INFO",
            *options,
            niceness=niceness,
            **environment,
        )

    def _start_node(self) -> subprocess.Popen[bytes]:
        return self._spawn("dicom-node", str(MANAGE), "dicom_node")

    def _spawn(
        self, name: str, *arguments: str, niceness: int = 0, **environment: str
    ) -> subprocess.Popen[bytes]:
        def before() -> None:
            os.nice(niceness)
            if sys.platform == "linux":
                _end_with_parent()

        path = self.log_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **environment},
                preexec_fn=before,
            )
