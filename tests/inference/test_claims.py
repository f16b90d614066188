"""Who still lives, told from a claim."""

import os
import subprocess
import sys

import pytest

from inference.claims import is_known_dead, new_claim

pytestmark = pytest.mark.pure
MAKE = "from inference.claims import new_claim; print(new_claim(), flush=True)"


def child() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", f"{MAKE}; input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_no_two_claims_are_equal_and_ours_is_alive():
    assert new_claim() != new_claim()
    assert not is_known_dead(new_claim())


def test_a_process_is_dead_once_killed_even_before_it_is_collected():
    process = child()
    claim = process.stdout.readline().strip()
    assert not is_known_dead(claim)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    if sys.platform == "linux":
        assert is_known_dead(claim)  # a zombie
    process.communicate()
    assert is_known_dead(claim)


@pytest.mark.skipif(sys.platform != "linux", reason="start times are read from /proc")
def test_another_program_with_the_same_process_id_is_not_the_claimant():
    host, namespace, pid, started, nonce = new_claim().split("|")
    earlier = str(int(started) - 1)
    assert is_known_dead("|".join((host, namespace, pid, earlier, nonce)))


@pytest.mark.parametrize("field", [0, 1])
def test_nothing_is_known_of_another_machine_or_container(field):
    parts = new_claim().split("|")
    parts[field] = "other"
    parts[2] = "999999999"
    assert not is_known_dead("|".join(parts))


@pytest.mark.parametrize("claim", ["", "x", "a|b|c|d|e", "|||||"])
def test_a_claim_that_cannot_be_read_is_not_called_dead(claim):
    assert not is_known_dead(claim)
