"""Which of two images is on the left: drawn from the seed, even, known to nobody."""

import struct
from hashlib import sha256
from itertools import combinations

import pytest

from readerstudy.blinding.guarantees import broken_promises
from readerstudy.blinding.pairs import (
    arms_of,
    broken_sides,
    build_pairs,
    planned_pairs,
    unturned,
)
from readerstudy.blinding.schedule import PlannedArm, PlannedRead, build_schedule

pytestmark = pytest.mark.pure

SEED = "5f" * 32
ARMS = [PlannedArm("reference", True), PlannedArm("short"), PlannedArm("unet", True)]


def drawn(
    cases: int, *, seed: str = SEED, sessions: int = 4, spacing: int = 2
) -> dict[str, list[PlannedRead]]:
    return build_pairs(
        cases=[f"C{number}" for number in range(cases)],
        arms=ARMS,
        readers=["A", "B"],
        sessions=sessions,
        spacing=spacing,
        seed=seed,
    )


def test_every_two_arms_meet_once_and_twice_if_both_are_read_again():
    assert planned_pairs(ARMS) == [
        PlannedArm("reference~short", False),
        PlannedArm("reference~unet", True),
        PlannedArm("short~unet", False),
    ]
    reads = drawn(8)["A"]
    assert len(reads) == 8 * 4
    for one, other in combinations([arm.code for arm in ARMS], 2):
        met = [read for read in reads if set(arms_of(read.arm)) == {one, other}]
        assert len(met) == (16 if {one, other} == {"reference", "unet"} else 8)


@pytest.mark.parametrize("cases", range(8, 41, 3))
def test_a_plan_of_pairs_keeps_every_promise_and_its_sides(cases):
    plan = drawn(cases, seed=f"{cases:064}")
    for reads in plan.values():
        promised = broken_promises(
            unturned(reads, ARMS),
            cases=[f"C{number}" for number in range(cases)],
            arms=planned_pairs(ARMS),
            sessions=4,
            spacing=2,
        )
        assert promised == []
        assert broken_sides(reads, ARMS) == []


def test_which_is_on_the_left_moves_no_read():
    single = build_schedule(
        cases=[f"C{number}" for number in range(9)],
        arms=planned_pairs(ARMS),
        readers=["A", "B"],
        sessions=4,
        spacing=2,
        seed=SEED,
    )
    assert {reader: unturned(reads, ARMS) for reader, reads in drawn(9).items()} == (
        single
    )


def test_a_case_that_is_added_turns_no_other():
    def sides(cases: int) -> dict[tuple[str, int], set[str]]:
        found: dict[tuple[str, int], set[str]] = {}
        for read in drawn(cases)["B"]:
            found.setdefault((read.case, read.repeat), set()).add(read.arm)
        return found

    few, more = sides(9), sides(10)
    assert few == {place: arms for place, arms in more.items() if place[0] != "C9"}


def test_readers_and_seeds_have_sides_of_their_own():
    def lefts(seed: str, reader: str) -> list[str]:
        reads = sorted(drawn(20, seed=seed)[reader], key=lambda read: read.case)
        return [arms_of(read.arm)[0] for read in reads]

    assert lefts(SEED, "A") != lefts(SEED, "B")
    assert lefts(SEED, "A") != lefts("5e" * 32, "A")
    # over many seeds a case has either arm on the left about equally often
    first = sum(
        next(
            read.arm == "reference~short"
            for read in drawn(4, seed=f"{number:064}", sessions=2, spacing=0)["A"]
            if read.case == "C0" and "short" in read.arm and "unet" not in read.arm
        )
        for number in range(200)
    )
    assert 70 < first < 130


def test_sides_that_somebody_chose_are_found():
    reads = drawn(8)["A"]
    chosen = [
        read._replace(arm="reference~short")
        if set(arms_of(read.arm)) == {"reference", "short"}
        else read
        for read in reads
    ]
    assert broken_sides(chosen, ARMS) == [
        "The pair reference~short has its first arm on the left 8 times and on the "
        "right 0 times."
    ]
    first = {
        (read.case, frozenset(arms_of(read.arm))): read.arm
        for read in reads
        if not read.repeat
    }
    alike = [
        read._replace(arm=first[read.case, frozenset(arms_of(read.arm))])
        for read in reads
    ]
    assert any("twice alike" in said for said in broken_sides(alike, ARMS))


def test_a_few_lines_without_this_program_repeat_the_draw():
    """As docs/randomisation.md describes it, of SHA-256 alone."""
    pair = "reference~short"
    key = (
        sha256(SEED.encode()).digest()
        + sha256(b'["A","sides","%b"]' % pair.encode()).digest()
    )
    words = struct.unpack(">8I", sha256(key + bytes(8)).digest())
    turned = {
        f"C{case}": (words[case // 2] % 2 == 1) != (case % 2 == 1) for case in range(16)
    }
    left = {
        read.case: arms_of(read.arm)[0] == "short"
        for read in drawn(16)["A"]
        if set(arms_of(read.arm)) == {"reference", "short"}
    }
    assert left == turned
