"""The random numbers, the seed, its commitment and the tokens."""

import hashlib
import random
import re
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.blinding.colouring import colour_edges
from readerstudy.blinding.seeds import commitment, new_seed
from readerstudy.blinding.streams import Stream
from readerstudy.blinding.tokens import TOKEN_LENGTH, new_token

pytestmark = pytest.mark.pure


def test_a_stream_is_sha_256_in_counter_mode_as_documented():
    key = hashlib.sha256(b"seed").digest() + hashlib.sha256(b"label").digest()
    expected = []
    for block in range(3):
        digest = hashlib.sha256(key + struct.pack(">Q", block)).digest()
        expected += struct.unpack(">8I", digest)
    stream = Stream("seed", "label")
    assert [stream.word() for _ in range(24)] == expected


def test_numbers_below_a_bound_are_uniform():
    stream = Stream("seed", "uniform")
    counts = [0] * 7
    for _ in range(70_000):
        counts[stream.below(7)] += 1
    # chi-squared with 6 degrees of freedom: 22.5 is exceeded once in 1000
    assert sum((count - 10_000) ** 2 / 10_000 for count in counts) < 22.5


def test_all_orders_of_four_are_equally_likely():
    stream = Stream("seed", "orders")
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(24_000):
        order = tuple(stream.permutation(4))
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 24
    # chi-squared with 23 degrees of freedom: 49.7 is exceeded once in 1000
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 49.7


def test_other_labels_and_other_seeds_give_other_numbers():
    first = Stream("seed", "a").word()
    assert first != Stream("seed", "b").word()
    assert first != Stream("seee", "a").word()


@pytest.mark.parametrize("bound", [0, -1, 2**32 + 1])
def test_a_bound_that_cannot_be_drawn_evenly_is_refused(bound):
    with pytest.raises(ValueError, match="bound"):
        Stream("seed", "bound").below(bound)


@given(st.integers(1, 8), st.integers(1, 12), st.integers())
def test_an_edge_colouring_never_gives_one_vertex_a_colour_twice(degree, size, seed):
    # a union of `degree` random perfect matchings: parallel edges are common
    chance = random.Random(seed)
    edges = []
    for _ in range(degree):
        rights = chance.sample(range(size), size)
        edges += list(zip(range(size), rights, strict=True))
    chance.shuffle(edges)
    found = colour_edges(edges, colours=degree, stream=Stream(str(seed), "edges"))
    for side in (0, 1):
        at = [(edge[side], colour) for edge, colour in zip(edges, found, strict=True)]
        assert len(set(at)) == len(edges)
    assert set(found) == set(range(degree))


def test_a_vertex_with_too_many_edges_is_refused():
    with pytest.raises(ValueError, match="more than 2 edges"):
        colour_edges([(0, 0), (0, 1), (0, 2)], colours=2, stream=Stream("s", "l"))


def test_a_seed_has_256_bits_and_its_commitment_is_its_sha_256():
    seed = new_seed()
    assert re.fullmatch("[0-9a-f]{64}", seed)
    assert seed != new_seed()
    assert commitment("00ff") == hashlib.sha256(b"00ff").hexdigest()


def test_tokens_are_22_url_safe_characters_and_never_the_same():
    tokens = {new_token() for _ in range(2000)}
    assert len(tokens) == 2000
    assert TOKEN_LENGTH == 22
    assert all(re.fullmatch("[A-Za-z0-9_-]{22}", token) for token in tokens)


def test_the_blinding_package_needs_the_standard_library_only():
    program = (
        "import sys, readerstudy.blinding.schedule, readerstudy.blinding.guarantees, "
        "readerstudy.blinding.seeds, readerstudy.blinding.tokens; "
        "foreign = {m.partition('.')[0] for m in sys.modules} "
        "- set(sys.stdlib_module_names) - {'readerstudy', '__main__', '__mp_main__'}; "
        "print(sorted(m for m in foreign if not m.startswith('_')))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "."},
    )
    assert done.stdout.strip() == "[]"
