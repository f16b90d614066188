"""A network works in a process of its own, the same for the same images."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from inference import runtime
from inference.runtime.session import CASES_AT_ONCE, Session

from . import graphs
from .graphs import images, prepared

pytestmark = pytest.mark.pure


def run(content: bytes, stacks: np.ndarray) -> np.ndarray:
    with runtime.open_session(prepared(content)) as session:
        return session.predict(stacks)


def test_images_come_out_as_the_network_makes_them() -> None:
    stacks = images(3)
    output = run(graphs.halving(), stacks)
    assert output.dtype == np.float32
    wanted = stacks.astype(np.float32) / np.float32(255) * np.float32(0.5)
    assert np.array_equal(output, wanted)


def test_what_leaves_black_and_white_is_clipped() -> None:
    output = run(graphs.dimming(4), images(1))
    assert output.min() == 0
    assert output.max() == 1


@pytest.mark.parametrize(
    "shape", [("N", 1, 64, 64), (1, 1, 64, 64), ("N", 64, 64, 1), (1, 64, 64, 1)]
)
def test_channels_may_be_first_or_last_and_batches_of_one(shape: tuple) -> None:
    stacks = images(2)
    output = run(graphs.halving(shape=shape, output=shape), stacks)
    wanted = stacks.astype(np.float32) / np.float32(255) * np.float32(0.5)
    assert np.array_equal(output, wanted)


def test_a_slice_comes_with_its_neighbours_of_the_same_case() -> None:
    stacks = images(2)
    output = run(graphs.neighbours([1, 0, 0]), stacks)
    below = stacks[:, [0, 0, 1, 2, 3]].astype(np.float32) / np.float32(255)
    assert np.array_equal(output, below)


def test_a_case_gives_the_same_bytes_whatever_it_comes_with() -> None:
    stacks = images(2 * CASES_AT_ONCE + 1)
    content = graphs.less_its_batch()
    together = run(content, stacks)
    with runtime.open_session(prepared(content)) as session:
        alone = [session.predict(stacks[[n]]) for n in reversed(range(len(stacks)))]
    assert together.tobytes() == np.concatenate(alone[::-1]).tobytes()


def test_a_large_stack_is_computed_some_slices_at_a_time() -> None:
    """Or one of five hundred slices would take more memory than a network may have."""
    stack = np.random.default_rng(3).integers(0, 255, (1, 40, 64, 64), np.uint8)
    content = graphs.less_its_batch()
    parts = [run(content, stack[:, first : first + 16]) for first in (0, 16, 32)]
    assert run(content, stack).tobytes() == np.concatenate(parts, axis=1).tobytes()


@pytest.mark.parametrize(("slices", "seconds"), [(5, 4.0), (16, 4.0), (120, 32.0)])
def test_a_large_stack_has_more_time(slices: int, seconds: float) -> None:
    process: Any = SimpleNamespace(limits=runtime.Limits(case_s=2.0))
    assert Session(process, {})._limit_s((2, slices, 64, 64)) == seconds


def test_while_one_is_computed_another_can_be_sent() -> None:
    first, second = images(1, seed=1), images(2, seed=2)
    with runtime.open_session(prepared(graphs.halving())) as session:
        session.send(first)
        session.send(second)
        with pytest.raises(RuntimeError, match="under way"):
            session.send(first)
        assert session.receive().shape == first.shape
        session.send(first)
        assert session.receive().shape == second.shape
        assert session.receive().shape == first.shape


def test_more_at_once_than_pipes_hold_comes_through() -> None:
    many = images(300)
    with runtime.open_session(prepared(graphs.halving())) as session:
        session.send(many)
        session.send(many)
        one, other = session.receive(), session.receive()
    assert one.tobytes() == other.tobytes()


def test_a_session_tells_what_runs_it() -> None:
    with runtime.open_session(prepared(graphs.halving())) as session:
        told = session.told
    assert told["engine"] == "onnxruntime"
    assert told["device"] == "cpu"
    assert told["threads"] == 1
    assert set(told["versions"]) == {"python", "onnxruntime", "numpy"}


def test_its_process_has_no_torch_and_ends_with_the_session() -> None:
    with runtime.open_session(prepared(graphs.halving())) as session:
        session.predict(images(1))
        loaded = Path(f"/proc/{session.pid}/maps").read_text()
        pid = session.pid
    assert "onnxruntime" in loaded
    assert "torch" not in loaded
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
