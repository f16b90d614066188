"""Which reads are asked about afterwards: a simple random sample that knows no arm."""

import hashlib
from collections import Counter
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.blinding.sampling import sample_positions
from readerstudy.blinding.schedule import PlannedArm, build_schedule

pytestmark = pytest.mark.pure

seeds = st.text("0123456789abcdef", min_size=1, max_size=64)
codes = st.text("ABCDEFGHIJ", min_size=1, max_size=2)
draws = {
    "seed": seeds,
    "reader": codes,
    "reads": st.integers(0, 300),
    "percent": st.integers(1, 100),
}


@given(**draws)
def test_as_many_are_drawn_as_the_protocol_says_rounded_up(
    seed, reader, reads, percent
):
    drawn = sample_positions(seed=seed, reader=reader, reads=reads, percent=percent)
    assert len(drawn) == ceil(Fraction(reads * percent, 100))


@given(**draws)
def test_only_the_readers_own_positions_are_drawn(seed, reader, reads, percent):
    drawn = sample_positions(seed=seed, reader=reader, reads=reads, percent=percent)
    assert drawn <= set(range(1, reads + 1))


@given(**draws)
def test_the_same_seed_draws_the_same_sample(seed, reader, reads, percent):
    def draw():
        return sample_positions(seed=seed, reader=reader, reads=reads, percent=percent)

    assert draw() == draw()


@given(**{**draws, "percent": st.integers(1, 99)})
def test_a_larger_share_only_adds_to_a_smaller_one(seed, reader, reads, percent):
    def draw(share):
        return sample_positions(seed=seed, reader=reader, reads=reads, percent=share)

    assert draw(percent) <= draw(percent + 1)


def test_a_hundred_percent_are_all_reads():
    drawn = sample_positions(seed="00", reader="A", reads=37, percent=100)
    assert drawn == set(range(1, 38))


@given(seeds)
def test_readers_are_asked_about_other_positions(seed):
    # two samples of 20 of 100 are the same once in 5·10^20
    of = {
        reader: sample_positions(seed=seed, reader=reader, reads=100, percent=20)
        for reader in "ABC"
    }
    assert len(set(of.values())) == 3


@pytest.mark.parametrize("percent", [0, -1, 101])
def test_a_share_that_is_none_is_refused(percent):
    with pytest.raises(ValueError, match="percent must be in 1"):
        sample_positions(seed="00", reader="A", reads=10, percent=percent)


def test_the_golden_sample():
    """Pinned: with another sample for this seed no past study could be verified.

    It is also reached from the description alone: SHA-256 in counter mode and
    Fisher–Yates, written anew below.
    """
    drawn = sample_positions(seed="5eed", reader="B", reads=40, percent=20)
    assert sorted(drawn) == GOLDEN
    assert drawn == {index + 1 for index in plain_permutation("5eed", "B", 40)[:8]}


GOLDEN = [5, 6, 7, 9, 13, 21, 31, 37]


def plain_permutation(seed: str, reader: str, length: int) -> list[int]:
    def sha(data: bytes) -> bytes:
        return hashlib.sha256(data).digest()

    key = sha(seed.encode()) + sha(f"arm guesses/{reader}".encode())
    words = (
        int.from_bytes(sha(key + block.to_bytes(8, "big"))[at : at + 4], "big")
        for block in range(10**6)
        for at in range(0, 32, 4)
    )
    order = list(range(length))
    for last in range(length - 1, 0, -1):
        bound = last + 1
        limit = 2**32 // bound * bound
        other = next(word for word in words if word < limit) % bound
        order[last], order[other] = order[other], order[last]
    return order


def test_every_position_is_as_likely():
    counts = Counter(
        position
        for number in range(4000)
        for position in sample_positions(
            seed=str(number), reader="A", reads=10, percent=30
        )
    )
    # 1200 each; drawn without replacement the usual sum is (1 − 0.3) / (1 − 1/10) of
    # a chi-squared with 9 degrees of freedom: 27.9 is exceeded once in 1000
    spread = sum((counts[position] - 1200) ** 2 / 1200 for position in range(1, 11))
    assert spread * 0.9 / 0.7 < 27.9


def test_every_arm_is_as_likely_to_be_asked_about_as_its_share_of_reads():
    """The plan and the sample come from one seed; neither follows the other."""
    arms = [PlannedArm("reference"), PlannedArm("short"), PlannedArm("net", True)]
    counts: Counter[str] = Counter()
    for number in range(300):
        reads = build_schedule(
            cases=[f"C{case}" for case in range(10)],
            arms=arms,
            readers=["A"],
            sessions=2,
            spacing=1,
            seed=f"{number:x}",
        )["A"]
        drawn = sample_positions(
            seed=f"{number:x}", reader="A", reads=len(reads), percent=20
        )
        counts.update(read.arm for read in reads if read.position in drawn)
    # 40 reads, 8 drawn: 2 of each single arm and 4 of the repeated one in the mean
    assert sum(counts.values()) == 2400
    expected = {"reference": 600, "short": 600, "net": 1200}
    spread = sum((counts[arm] - n) ** 2 / n for arm, n in expected.items())
    assert spread < 13.8  # chi-squared, 2 degrees of freedom, once in 1000
