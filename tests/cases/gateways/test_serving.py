"""`make run` with a DICOM node beside the web server and the worker."""

import contextlib
import os
import signal
import socket
from pathlib import Path

import pytest

from tests.cases.gateways.test_dicom_node import run
from tests.config.test_serve import children_of, serve, wait_for
from tests.migrated import put_database
from tests.servers import free_port, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]


def echoes(echoscu: str, port: int) -> bool:
    answer = run(
        echoscu, "-aet", "SPECT1", "-aec", "READERSTUDY", "127.0.0.1", str(port)
    )
    return answer.returncode == 0


def wait_for_echo(echoscu: str, port: int) -> None:
    wait_until(lambda: echoes(echoscu, port), "the DICOM node", seconds=120)


def node_of(var_dir: Path) -> list[int]:
    found = []
    for number in children_of(var_dir):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if b"dicom_node" in Path(f"/proc/{number}/cmdline").read_bytes():
                found.append(number)
    return found


def test_the_node_runs_beside_the_server_and_comes_back(
    echoscu: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, node_port = free_port(), free_port()
    monkeypatch.setenv("DICOM_NODE_ALLOW", "SPECT1, SPECT2")
    monkeypatch.setenv("DICOM_NODE_PORT", str(node_port))
    put_database(tmp_path)
    server = serve(tmp_path, port)
    try:
        assert wait_for(port) == "ok\n"
        wait_for_echo(echoscu, node_port)
        (number,) = node_of(tmp_path)
        os.kill(number, signal.SIGKILL)
        wait_for_echo(echoscu, node_port)
        assert node_of(tmp_path) != [number]
        os.kill(server.pid, signal.SIGINT)
        output, _ = server.communicate(timeout=120)
    finally:
        server.kill()
    assert server.returncode == 0, output
    assert f"READERSTUDY is at 127.0.0.1:{node_port}" in output
    assert children_of(tmp_path) == []


def test_a_port_in_use_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("DICOM_NODE_ALLOW", "SPECT1")
        monkeypatch.setenv("DICOM_NODE_PORT", str(taken.getsockname()[1]))
        server = serve(tmp_path, free_port())
        output, _ = server.communicate(timeout=60)
    assert server.returncode != 0
    assert "for the DICOM node, is in use" in output
