"""A platform with a database and files of its own, real programs that talk to it.

Everything listens at 127.0.0.1 only, at ports that were free.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.own_database import ROOT, own_database
from tests.servers import free_port, redis_server

ALLOWED = ["SPECT1", "SPECT2", "PACKED", "KILLED", "PARALLEL", "WORKSTATION", "ORTHANC"]


def program(name: str, package: str) -> str:
    """Its path. Without it the test is skipped, or fails where REQUIRE_ALL is set."""
    if found := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin"):
        return found
    if os.environ.get("REQUIRE_ALL"):
        raise AssertionError(f"{name} was not found; it is in the package {package}")
    pytest.skip(f"{name} was not found on this machine")


def wait_for_port(port: int, process: "subprocess.Popen[Any]") -> None:
    for _ in range(1800):
        if process.poll() is not None:
            raise AssertionError(f"it ended by itself: {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nothing answers at port {port}")


@dataclass
class Platform:
    """Files, database and keys that its processes share."""

    folder: Path
    environment: dict[str, str]
    asking: "subprocess.Popen[str] | None" = None

    def ask(self, question: str, **values: Any) -> Any:
        """What `tests.cases.gateways.asking` answers."""
        if self.asking is None:
            self.asking = subprocess.Popen(
                [sys.executable, "-m", "tests.cases.gateways.asking"],
                cwd=ROOT,
                env=self.environment | {"LOG_LEVEL": "ERROR"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self.asking.stdin
        assert self.asking.stdout
        self.asking.stdin.write(json.dumps([question, values]) + "\n")
        self.asking.stdin.flush()
        answer = self.asking.stdout.readline()
        assert answer, "it could not be answered; see what was written to stderr"
        return json.loads(answer)

    def uploads(self, **wanted: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("uploads", **wanted)
        return found

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with ExitStack() as stack:
        yield from _platform(tmp_path_factory.mktemp("platform"), stack)


def _platform(folder: Path, stack: ExitStack) -> Iterator[Platform]:
    database = own_database(folder)
    if url := database.get("TEST_DATABASE_URL"):
        program("redis-server", "redis-server")
        # settings.test would give every process a folder of its own
        database = {
            "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.production",
            "DATABASE_URL": url,
            "SECRET_KEY": "of-the-gateways-tests-" * 4,
            "IDENTITY_KEY": "identities-of-the-gateways-tests-" * 3,
            "ALLOWED_HOSTS": "127.0.0.1",
            "CELERY_BROKER_URL": stack.enter_context(redis_server()).url,
            "SECURE_SSL_REDIRECT": "0",
        }
    environment = {**os.environ, **database, "VAR_DIR": str(folder)}
    environment |= {"PYTHONUNBUFFERED": "1"}
    environment.pop("DICOM_NODE_ALLOW", None)
    made = Platform(folder, environment)
    assert made.ask("prepare") == "prepared"
    yield made
    if made.asking:
        made.asking.kill()
        made.asking.wait()


@dataclass
class Node:
    port: int
    process: "subprocess.Popen[str]"
    lines: list[str]
    listening: threading.Thread

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """How it ended, once all that it said is collected."""
        self.process.send_signal(number)
        self.listening.join(timeout=60)
        return self.process.wait(timeout=60)


def start_node(platform: Platform, *more: str, **environment: str) -> Node:
    """A node as an administrator starts it; what it says is collected."""
    port = free_port()
    allowed = [f"--allow={aet}" for aet in ALLOWED]
    process = platform.start(
        "manage.py",
        "dicom_node",
        f"--port={port}",
        "--aet=READERSTUDY",
        *allowed,
        *more,
        **environment,
    )
    lines: list[str] = []
    assert process.stdout is not None
    listening = threading.Thread(
        target=lambda out: lines.extend(out), args=[process.stdout], daemon=True
    )
    listening.start()
    wait_for_port(port, process)
    return Node(port, process, lines, listening)


@pytest.fixture(scope="session")
def node(platform: Platform) -> Iterator[Node]:
    started = start_node(platform)
    yield started
    started.process.kill()
    started.process.wait()


@pytest.fixture(scope="session")
def echoscu() -> str:
    return program("echoscu", "dcmtk")


@pytest.fixture(scope="session")
def storescu() -> str:
    return program("storescu", "dcmtk")


@pytest.fixture(scope="session")
def site(platform: Platform) -> Iterator[str]:
    """Its address. Only gunicorn unpacks chunks of no stated length."""
    port = free_port()
    process = platform.start(
        "-m",
        "gunicorn",
        "readerstudy.config.wsgi:application",
        f"--bind=127.0.0.1:{port}",
        "--workers=1",
        "--threads=4",
        "--log-level=error",
    )
    wait_for_port(port, process)
    yield f"http://127.0.0.1:{port}/dicom-web"
    process.terminate()
    process.wait(timeout=60)


PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


@dataclass
class Orthanc:
    """A real PACS. name: as the platform's setting PACS calls it."""

    name: str
    web: str
    dicomweb: str
    process: "subprocess.Popen[bytes]"

    def put(self, *files: Path) -> None:
        for file in files:
            answer = requests.post(
                f"{self.web}/instances",
                data=file.read_bytes(),
                auth=ACCOUNT,
                timeout=30,
            )
            answer.raise_for_status()

    def identifiers(self) -> list[str]:
        """Of its instances, as Orthanc calls them."""
        answer = requests.get(f"{self.web}/instances", auth=ACCOUNT, timeout=30)
        answer.raise_for_status()
        found: list[str] = answer.json()
        return found

    def tell(self, method: str, path: str, content: object) -> requests.Response:
        return requests.request(
            method, self.web + path, json=content, auth=ACCOUNT, timeout=60
        )

    def setting(self, **more: str) -> str:
        """The platform's PACS that names this one."""
        server = {"name": self.name, "url": self.dicomweb}
        server |= {"username": ACCOUNT[0], "password": ACCOUNT[1]} | more
        return json.dumps([server])


ACCOUNT = ("platform", "an account for tests")


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    binary = program("Orthanc", "orthanc")
    if not PLUGIN.exists():
        missing = f"{PLUGIN} was not found; it is in the package orthanc-dicomweb"
        if os.environ.get("REQUIRE_ALL"):
            raise AssertionError(missing)
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("orthanc")
    web, dicom = free_port(), free_port()
    configuration = {
        "Name": "A PACS for tests",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "Plugins": [str(PLUGIN)],
        "HttpBindAddresses": ["127.0.0.1"],
        "HttpPort": web,
        "DicomPort": dicom,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {ACCOUNT[0]: ACCOUNT[1]},
        "DicomAet": "ORTHANC",
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(configuration))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([binary, str(path)], stdout=log, stderr=log)
    wait_for_port(web, process)
    yield Orthanc(
        name="Archive",
        web=f"http://127.0.0.1:{web}",
        dicomweb=f"http://127.0.0.1:{web}/dicom-web",
        process=process,
    )
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
