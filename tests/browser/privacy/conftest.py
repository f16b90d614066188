"""A platform as it is installed, told to log all that it can, and those who send."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cases.gateways.conftest import (
    Orthanc,
    Platform,
    free_port,
    orthanc,
    storescu,
    wait_for_port,
)
from tests.migrated import put_database
from tests.own_database import ROOT

from .canaries import traces
from .searching import Search, Watch, dump

__all__ = ["orthanc", "storescu"]

PATIENCE_S = 90


@dataclass
class Site:
    """`make run` without its demo, a DICOM node beside it. temporary: its TMPDIR."""

    platform: Platform
    base: str
    node_port: int
    temporary: Path
    watch: Watch
    search: Search = field(default_factory=lambda: Search(traces()))

    @property
    def folder(self) -> Path:
        return self.platform.folder

    @property
    def database(self) -> Path:
        return self.folder / "db.sqlite3"

    def rows(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            return connection.execute(query).fetchall()

    def state(self, pk: int) -> str:
        return self.rows(f"SELECT state FROM cases_upload WHERE id = {pk}")[0][0]

    def wait_for(self, pk: int, state: str) -> None:
        self.wait_until(lambda: self.state(pk) in (state, "failed"))
        assert self.state(pk) == state, self.log()

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def log(self) -> str:
        logs = (self.folder / "log").glob("*.log")
        return "\n".join(path.read_text()[-3000:] for path in logs)

    def leaks(self) -> list[str]:
        """Everything that is on disk now, and whatever was there for a moment."""
        found = self.search.below(self.folder, self.temporary)
        found += [f"row: {one}" for one in self.search.bytes(dump(self.database))]
        return [*found, *(f"for a moment: {one}" for one in self.watch.found)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, orthanc: Orthanc) -> Iterator[Site]:
    folder, temporary = (tmp_path_factory.mktemp(name) for name in ("var", "tmp"))
    web, node = free_port(), free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.embedded",
        "VAR_DIR": str(folder),
        "TMPDIR": str(temporary),
        "LOG_LEVEL": "DEBUG",
        "PYTHONWARNINGS": "always",
        "PYTHONUNBUFFERED": "1",
        "PACS": orthanc.setting(),
    }
    put_database(folder)
    platform = Platform(folder, environment)
    assert platform.ask("prepare") == "prepared"
    with Watch(Search(traces()), folder, temporary) as watch:
        started = [
            start(platform, "serve", f"--port={web}", "--no-demo"),
            start(platform, "dicom_node", f"--port={node}", "--allow=CAMERA"),
        ]
        for process, port in zip(started, (web, node), strict=True):
            wait_for_port(port, process)
        yield Site(platform, f"http://localhost:{web}", node, temporary, watch)
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=PATIENCE_S)
    assert platform.asking
    platform.asking.kill()
    platform.asking.wait()


def start(platform: Platform, command: str, *options: str) -> "subprocess.Popen[bytes]":
    """Where an installation keeps its logs, this one's lie beside them."""
    path = platform.folder / "log" / f"{command}.log"
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "manage.py", command, *options],
            cwd=ROOT,
            env=platform.environment,
            stdout=log,
            stderr=log,
        )
