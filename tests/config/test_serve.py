"""`make run` as a person meets it: starts, answers, stops, and keeps everything."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.migrated import put_database
from tests.servers import free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]


def serve(var_dir: Path, port: int) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "VAR_DIR": str(var_dir),
        "DJANGO_SETTINGS_MODULE": "readerstudy.config.settings.embedded",
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "serve", f"--port={port}", "--no-demo"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # as a shell does for what it starts in the background
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )


def wait_for(port: int) -> str:
    """What the web server answers, which may have a database to migrate first."""
    said: list[str] = []

    def answers() -> bool:
        address = f"http://localhost:{port}/healthz"
        with contextlib.suppress(OSError), urllib.request.urlopen(address) as answer:
            said.append(answer.read().decode())
        return bool(said)

    wait_until(answers, "the web server", seconds=180)
    return said[0]


def children_of(var_dir: Path) -> list[int]:
    """Process ids that run with this `var/` in their environment."""
    marker = f"VAR_DIR={var_dir}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker in path.read_bytes().split(b"\0"):
                found.append(int(path.parts[2]))
        except OSError:
            continue
    return found


def wait_for_the_end_of_all(var_dir: Path) -> None:
    """A child whose parent was killed takes a moment to notice."""
    wait_until(lambda: not children_of(var_dir), "the end of all processes")


def test_it_answers_and_ctrl_c_leaves_no_process_behind(tmp_path: Path) -> None:
    """From an empty folder; a worker for trainings alone, too, is ended by Ctrl-C,
    where it had died before and was started again."""
    port = free_port()
    server = serve(tmp_path, port)
    try:
        assert wait_for(port) == "ok\n"
        assert len(children_of(tmp_path)) >= 4  # itself, the web server, two workers
        kill_the_training_worker(tmp_path)
        os.kill(server.pid, signal.SIGINT)
        output, _ = server.communicate(timeout=120)
    finally:
        server.kill()
    assert server.returncode == 0, output
    assert f"http://localhost:{port}/" in output
    assert "Everything is kept" in output
    assert children_of(tmp_path) == []
    assert (tmp_path / "db.sqlite3").exists()


def training_workers(var_dir: Path) -> list[int]:
    found = []
    for number in children_of(var_dir):
        try:
            command = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"--queues=training" in command:
            found.append(number)
    return found


def kill_the_training_worker(var_dir: Path) -> None:
    """Another one is started; what is for all else lives on."""
    (killed,) = training_workers(var_dir)
    # it learns in the time that readers leave, and holds nothing before
    assert os.getpriority(os.PRIO_PROCESS, killed) >= 10
    assert b"torch" not in Path(f"/proc/{killed}/maps").read_bytes()
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: set(training_workers(var_dir)) - {killed}, "another one")
    (again,) = set(training_workers(var_dir)) - {killed}
    assert again != killed
    time.sleep(0.5)  # who started it has noted it as well


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_a_closed_terminal_or_a_kill_leaves_no_server_behind(
    tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    put_database(tmp_path)
    server = serve(tmp_path, port)
    assert wait_for(port) == "ok\n"
    os.kill(server.pid, number)
    server.communicate(timeout=120)
    wait_for_the_end_of_all(tmp_path)


def test_a_port_in_use_is_said_plainly(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = serve(tmp_path, taken.getsockname()[1])
        output, _ = server.communicate(timeout=60)
    assert server.returncode != 0
    assert "is in use by another program" in output
    assert "Traceback" not in output
