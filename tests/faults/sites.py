"""A site of real processes, and what it must still hold after anything happened."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from readerstudy.config.supervisor import web_arguments
from tests.servers import answers, free_port, wait_until

from .readers import Crowd, Reader

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Site:
    """One installation; its web server is started as the product starts it."""

    folder: Path
    environment: Mapping[str, str]

    def __post_init__(self) -> None:
        self.port = free_port()
        self.web: subprocess.Popen[bytes] | None = None
        self.cookies: dict[str, str] = {}
        self.coordinator = ""
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LOG_LEVEL": "WARNING",
            "VAR_DIR": str(self.folder),
            **self.environment,
        }

    def prepare(self, *, readers: int, cases: int) -> None:
        told = self.run("-m", "tests.faults.preparing", str(readers), str(cases))
        self.cookies = told["readers"]
        self.coordinator = told["coordinator"]

    def run(self, *arguments: str) -> Any:
        """The JSON that a Python process on this site prints."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    def start_web(self, **environment: str) -> None:
        arguments = web_arguments("127.0.0.1", self.port)
        if "production" in self.environment["DJANGO_SETTINGS_MODULE"]:
            arguments = ["-m", "gunicorn", "--config=docker/gunicorn.conf.py"]
            environment["WEB_BIND"] = f"127.0.0.1:{self.port}"
        with (self.folder / "web.log").open("ab") as log:
            self.web = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._answers, "the web server", seconds=120)

    def _answers(self) -> bool:
        assert self.web is not None
        assert self.web.poll() is None, self.log()[-4000:]
        return answers(self.port)

    def workers(self) -> list[int]:
        """Process ids of the web server's own workers."""
        assert self.web is not None
        pid = self.web.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(one) for one in children.split()]

    def kill_web(self) -> None:
        """As if the power went: all of its processes, in the middle of what they do."""
        assert self.web is not None
        os.killpg(self.web.pid, signal.SIGKILL)
        self.web.wait()
        # of those that were adopted, some may live for a moment
        wait_until(lambda: not answers(self.port), "the end of the web server")

    def end(self) -> None:
        if self.web is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.web.pid, signal.SIGKILL)
            self.web.wait()

    def log(self) -> str:
        return (self.folder / "web.log").read_text()

    def crowd(self, *, answers: int, **options: Any) -> Crowd:
        readers = [
            Reader(name, self.port, cookie, **options)
            for name, cookie in self.cookies.items()
        ]
        return Crowd(readers, answers=answers)

    def ask_as_coordinator(self, path: str, fields: dict) -> tuple[int, str, float]:
        """Status, content and seconds."""
        someone = Reader("coordinator", self.port, self.coordinator)
        begun = time.monotonic()
        status, content = someone.ask("POST", path, fields)
        return status, content.decode(), time.monotonic() - begun

    def check(self, crowd: Crowd, *, answers: int) -> list[datetime]:
        """Every acknowledged score is there once, none else; in order, and proved.

        When each was stored.
        """
        assert [reader.failed for reader in crowd.readers if reader.failed] == []
        assert crowd.taken == answers
        told = self.run("-m", "tests.faults.telling")
        assert told["complaints"] == ["", "", ""]
        stored = sorted(
            (who, place, token, version, key, [tuple(score) for score in scores])
            for who, token, place, version, key, scores in told["answers"]
        )
        acknowledged = sorted(
            (
                *(reader.name, place, one.token, 1, one.key),
                [("left", one.left), ("right", one.right)],
            )
            for reader in crowd.readers
            for place, one in enumerate(reader.acknowledged, 1)
        )
        assert stored == acknowledged
        check_moments(told["moments"])
        moments = [stored for *_, stored in told["moments"] if stored]
        return [datetime.fromisoformat(stored) for stored in moments]


def check_moments(moments: list[list]) -> None:
    """Nobody answered before the images came, or two reads with a gap before them."""
    shown = {(who, place): stored for who, place, _, stored in moments}
    for who, place in shown:
        before = shown.get((who, place - 1))
        assert place == 1 or before, "a read was shown before the one that precedes it"
    for who, place, first, stored in moments:
        assert stored is None or first <= stored, (who, place)
    for (who, place), (other, after) in pairwise(sorted(shown)):
        assert who != other or after == place + 1
