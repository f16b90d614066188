"""What a network's process can do to the machine it runs on: nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from inference import runtime
from inference.runtime.process import ROOT
from tests.servers import wait_until

from . import graphs
from .graphs import images, prepared

pytestmark = [
    pytest.mark.pure,
    pytest.mark.skipif(sys.platform != "linux", reason="Linux confines, others do not"),
]
PATIENCE_S = 120

# Confines itself as the real one does, tries everything, and prints what it could.
TRIES = """
import ctypes, errno, json, os, resource, socket, sys
from inference.runtime import isolation, limits
how, level, port, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
orders = limits.Orders(os.getppid(), limits.Limits(), 0, level)
if how == "namespace":
    assert isolation.leave_network()
elif how == "filter":
    assert isolation.filter_calls(level)
elif how == "both":
    limits.begin(orders)
    limits.confine(orders)
def connect():
    socket.create_connection(("127.0.0.1", port), timeout=2)
def fork():
    if os.fork() == 0: os._exit(0)
libc = ctypes.CDLL(None, use_errno=True)
def signal():
    parent = os.getppid()
    if libc.tgkill(parent, parent, 0):
        raise OSError(ctypes.get_errno(), "")
def slow_down():
    of_parent = os.PRIO_PROCESS, os.getppid()
    os.setpriority(*of_parent, os.getpriority(*of_parent))
def limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if libc.prlimit(0, resource.RLIMIT_NOFILE, (ctypes.c_ulong * 2)(soft, hard), 0):
        raise OSError(ctypes.get_errno(), "")
def write():
    with open(folder + "/there", "r+") as file: file.write("x"); file.flush()
tries = {
    "connect": connect,
    "pair": socket.socketpair,
    "fork": fork,
    "exec": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "kill": lambda: os.kill(os.getppid(), 0),
    "signal": signal,
    "limit": limit,
    "slow down": slow_down,
    "write": write,
    "make": lambda: open(folder + "/made", "w").close(),
    "folder": lambda: os.mkdir(folder + "/folder"),
    "mode": lambda: os.chmod(folder + "/there", 0o777),
    "read": lambda: open(folder + "/there").close(),
    "remove": lambda: os.unlink(folder + "/other"),
    "rename": lambda: os.rename(folder + "/there", folder + "/gone"),
}
could = []
for name, act in tries.items():
    try:
        act()
        could.append(name)
    except PermissionError:
        pass
    except OSError as error:
        if error.errno != errno.ENETUNREACH:
            raise
blocked = isolation.network_blocked()
sys.stdout.write(json.dumps([could, blocked]))
"""


def tried(how: str, level: str, folder: Path) -> tuple[set[str], bool]:
    """What such a process could do, and whether it says it was off the network."""
    for name in ("there", "other"):
        (folder / name).write_text(name)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-c", TRIES, how, level, str(port), str(folder)],
            cwd=ROOT,
            capture_output=True,
            check=True,
            timeout=PATIENCE_S,
        )
        could, blocked = json.loads(done.stdout)
        server.setblocking(False)
        if "connect" in could:
            server.accept()
        else:
            with pytest.raises(BlockingIOError):
                server.accept()
    return set(could), blocked


def test_without_limits_all_of_it_could_be_done(tmp_path: Path) -> None:
    could, blocked = tried("nothing", "all", tmp_path)
    assert could >= {"connect", "pair", "fork", "exec", "kill", "signal"}
    assert could >= {"limit", "slow down", "write", "make", "folder"}
    assert could >= {"mode", "read", "remove", "rename"}
    assert not blocked


def test_the_process_of_a_network_can_do_none_of_it(tmp_path: Path) -> None:
    could, blocked = tried("both", "all", tmp_path)
    assert could == set()
    assert blocked
    assert (tmp_path / "there").read_text() == "there"


def test_the_process_with_torch_reads_and_does_nothing_else(tmp_path: Path) -> None:
    assert tried("both", "writing", tmp_path) == ({"read"}, True)


@pytest.mark.parametrize("level", ["all", "writing", "network"])
def test_the_filter_alone_keeps_it_off_the_network(tmp_path: Path, level: str) -> None:
    could, blocked = tried("filter", level, tmp_path)
    assert not could & {"connect", "pair"}
    assert blocked


def test_the_namespace_alone_does_so_where_it_is_allowed(tmp_path: Path) -> None:
    allowed = (
        "from inference.runtime import isolation; isolation.leave_network() or 1/0"
    )
    if subprocess.run([sys.executable, "-c", allowed], cwd=ROOT).returncode:
        pytest.skip("this system allows no namespaces")
    could, blocked = tried("namespace", "all", tmp_path)
    assert "connect" not in could
    assert blocked


def test_it_knows_nothing_of_our_environment_and_stands_nowhere(monkeypatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "of the house")
    with runtime.open_session(prepared(graphs.halving())) as session:
        process = Path(f"/proc/{session.pid}")
        environment = (process / "environ").read_bytes()
        folder = str((process / "cwd").readlink())
        assert session.told["network_blocked"]
    assert b"of the house" not in environment
    assert b"DJANGO" not in environment
    assert folder.endswith("(deleted)")


RUNS_FOR_EVER = """
import sys
from inference import runtime
from tests.inference.runtime import graphs
with runtime.open_session(graphs.prepared(graphs.endless())) as session:
    session.send(graphs.images(1))
    print(session.pid, flush=True)
    session.receive()
"""


def test_it_ends_when_its_parent_is_killed_in_the_middle() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", RUNS_FOR_EVER], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert parent.stdout
    child = Path("/proc") / parent.stdout.readline().decode().strip()
    assert runs(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not runs(child), "its end", seconds=PATIENCE_S)


def runs(process: Path) -> bool:
    """Whether it goes on; who adopted it may not have looked after its end yet."""
    try:  # proc(5): the state follows the name
        state, *_ = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has gone altogether
        return False
    return state not in "ZX"


def test_no_file_is_read_through_a_network_that_names_one(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(4))
    node = helper.make_node("Add", ["image", "secret"], ["output"])
    model = onnx.load_from_string(graphs.network([node]))
    tensor = model.graph.initializer.add(
        name="secret", data_type=TensorProto.FLOAT, dims=[1]
    )
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=str(tmp_path / "secret"))
    content = model.SerializeToString()
    with (
        pytest.raises(runtime.NetworkFailedError, match="cannot be run"),
        runtime.open_session(prepared(content)) as session,
    ):
        session.predict(images(1))
