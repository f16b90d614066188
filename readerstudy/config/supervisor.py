"""Starts the web server and one worker, restarts the worker, stops both cleanly.

Where a DICOM node is wanted, it is started and started again like the worker.
"""

import ctypes
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


def _end_with_parent() -> None:
    """In a child before it starts: Linux ends it when its parent was killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Two child processes, in sessions of their own so that Ctrl-C reaches only us;
    three where `node` says that others may send by DICOM.

    The worker may die at any moment without harm (jobs resume from their rows), and
    so may the node (what it has not acknowledged is sent again), so they are started
    again; without the web server there is nothing to wait for.
    """

    def __init__(
        self, *, host: str, port: int, var_dir: Path, node: bool = False
    ) -> None:
        self.host, self.port, self.var_dir = host, port, var_dir
        self.wants_node = node
        self.web: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None
        self.node: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.web = self._spawn(
            "web",
            "-m",
            "gunicorn",
            "readerstudy.config.wsgi:application",
            f"--bind={self.host}:{self.port}",
            "--workers=2",  # twenty readers at once are more than one core's work
            "--threads=8",
            # a reader's connection outlives the time a read takes
            "--keep-alive=75",
            "--timeout=120",
            "--graceful-timeout=5",
            "--log-level=warning",
            "--logger-class=readerstudy.config.web_log.WebLogger",
            "--no-control-socket",
        )
        self._start_worker()
        if self.wants_node:
            self._start_node()

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Return when the web server has ended or `until()` says so."""
        while not until():
            if self.web is None or self.web.poll() is not None:
                return
            if self.worker is not None and self.worker.poll() is not None:
                time.sleep(RESTART_PAUSE_SECONDS)
                self._start_worker()
            if self.node is not None and self.node.poll() is not None:
                time.sleep(RESTART_PAUSE_SECONDS)
                self._start_node()
            time.sleep(0.3)

    def stop(self) -> None:
        """Ask all to end, then insist; a worker's open job resumes next time."""
        started = (self.web, self.node, self.worker)
        children = [child for child in started if child]
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

    def _start_worker(self) -> None:
        self.worker = self._spawn(
            "worker",
            "-m",
            "celery",
            "--app=readerstudy.config.celery",
            "worker",
            "--beat",
            "--pool=solo",
            "--without-gossip",
            "--without-mingle",
            "--loglevel=INFO",
            f"--schedule={self.var_dir / 'beat-schedule'}",
        )

    def _start_node(self) -> None:
        self.node = self._spawn("dicom-node", str(MANAGE), "dicom_node")

    def _spawn(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        path = self.log_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
