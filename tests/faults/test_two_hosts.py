"""A host is cut off in the middle of a job: nothing is lost, nothing done twice."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import find_binaries

from .two_hosts import CASES, ROOT

pytestmark = [
    pytest.mark.faults,
    pytest.mark.redis,
    pytest.mark.pure,
    pytest.mark.skipif(
        find_binaries() is None and not os.environ.get("REQUIRE_ALL"),
        reason="PostgreSQL was not found",
    ),
]
NAMESPACES = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
MODULE = "tests.faults.two_hosts"


def networks_can_be_made() -> bool:
    """As root, with Linux's namespaces and the program `ip`."""
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return False
    cable = "ip link add one type veth peer name two"
    done = subprocess.run([*NAMESPACES, "sh", "-c", cable], capture_output=True)
    return done.returncode == 0


def play(folder: Path, prefix: list[str], **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        [*prefix, sys.executable, "-m", MODULE, str(folder)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture
def folder() -> Iterator[Path]:
    """PostgreSQL, under an account of its own, must get in."""
    with tempfile.TemporaryDirectory(prefix="hosts-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def nothing_is_lost_or_done_twice(seen: dict[str, Any]) -> None:
    first = [job for job in seen["jobs"] if job[1] in ("gaussian", "bilateral")]
    assert [job[2] for job in first] == ["done"] * 3
    assert [job[3] for job in first[:2]] == [CASES, CASES]
    # taken over once: the attempt of the host that was cut off brought cases
    (taken_over,) = [job for job in seen["jobs"] if job[0] == seen["cut"]["job"]]
    assert 0 < seen["cut"]["done"] < CASES
    assert taken_over[6] == ""
    pairs = [tuple(image[:2]) for image in seen["images"]]
    assert len(pairs) == len(set(pairs)) == 4 * CASES
    assert seen["kept"]
    assert seen["to do"] <= CASES - seen["there"], "what was there was done again"
    assert seen["without a file"] == []
    assert seen["unchanged"], "the host that came back wrote into another's job"
    assert seen["lives"], "the host that came back had to be started again"


def test_a_host_whose_cable_is_pulled(folder: Path) -> None:
    if not networks_can_be_made():
        if os.environ.get("REQUIRE_ALL"):
            pytest.fail("network namespaces cannot be made here")
        pytest.skip("network namespaces cannot be made here")
    seen = play(folder, NAMESPACES, HOSTS_ARE_NETWORKS="1")
    nothing_is_lost_or_done_twice(seen)


def test_a_host_whose_processes_stand_still(folder: Path) -> None:
    """Where networks cannot be made this stands for a host that is cut off."""
    if networks_can_be_made():
        pytest.skip("hosts with networks of their own show more")
    nothing_is_lost_or_done_twice(play(folder, []))
