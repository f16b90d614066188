"""The program as `make run` has it, in a folder that goes away."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING

from .lines import ROOT

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def embedded_profile() -> Iterator[None]:
    """Django with SQLite on disk; `served` starts the program on the same folder."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.environ["VAR_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "readerstudy.config.settings.embedded"
        # Playwright runs an event loop in this thread
        os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        import django
        from django.conf import settings
        from django.core.management import call_command

        django.setup()
        settings.ALLOWED_HOSTS = ["testserver", "localhost"]
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        yield


def session_cookie(user: "User") -> str:
    """As this person's browser has it who has just logged in."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    cookies: SimpleCookie = client.cookies
    return cookies[settings.SESSION_COOKIE_NAME].value


@dataclass(frozen=True)
class Served:
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def cpu_seconds(self) -> float:
        """Processor time of the web server up to now, all its processes."""
        return sum(map(cpu_seconds_of, _descendants(self.process.pid)))

    def log(self) -> str:
        return (Path(os.environ["VAR_DIR"]) / "log" / "web.log").read_text()


@contextmanager
def served() -> Iterator[Served]:
    """`manage.py serve` on a free port: the web server and the worker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", f"--port={port}", "--no-demo"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "LOG_LEVEL": "WARNING"},
    )
    try:
        server = Served(port, process)
        _wait_for(server)
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def _wait_for(server: Served) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{server.url}/healthz").close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the web server did not answer within a minute")


def _descendants(pid: int) -> list[int]:
    """Those processes below `pid` that are the web server's."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = []
    for child in map(int, children):
        if b"gunicorn" in Path(f"/proc/{child}/cmdline").read_bytes():
            found += [child, *_descendants(child)]
    return found


def cpu_seconds_of(pid: int) -> float:
    """proc(5): user and system time are fields 14 and 15, after the name."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
