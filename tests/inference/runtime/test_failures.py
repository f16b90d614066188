"""A network may crash, want everything, never end, or give nonsense: it fails with a
sentence, and who asked goes on."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from inference import runtime
from inference.runtime import Limits, NetworkFailedError
from inference.runtime.process import Process

from . import graphs
from .graphs import images, prepared

pytestmark = pytest.mark.pure


@contextmanager
def fails(sentence: str) -> Iterator[None]:
    with pytest.raises(NetworkFailedError, match=sentence) as caught:
        yield
    assert caught.value.ended


def the_next_one_works() -> None:
    with runtime.open_session(prepared(graphs.halving())) as session:
        assert session.predict(images(1)).shape == (1, 5, 64, 64)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGSEGV, r"signal 11 \(segmentation fault\)"),
        (signal.SIGABRT, r"signal 6 \(aborted\)"),
        (signal.SIGKILL, r"signal 9 \(killed\)"),  # so the system does for memory
    ],
)
def test_one_that_crashes_its_process(number: int, words: str) -> None:
    with (
        runtime.open_session(prepared(graphs.endless())) as session,
        fails(f"^The network ended its process by {words}.$"),
    ):
        session.send(images(1))
        threading.Timer(0.3, os.kill, (session.pid, number)).start()
        session.receive()
    the_next_one_works()


def test_one_that_ended_gives_nothing_more_and_says_why_again() -> None:
    with runtime.open_session(prepared(graphs.endless())) as session:
        os.kill(session.pid, signal.SIGSEGV)
        for _ in range(2):
            with fails("signal 11"):
                session.predict(images(1))


@pytest.mark.parametrize("numbers", [10**11, 4 * 10**8])  # 400 GB; 1.6 GB
def test_one_that_wants_more_memory_than_it_may_have(numbers: int) -> None:
    limits = Limits(memory_mib=1500)
    with (
        fails("^The network needed more than 1500 MB of memory.$"),
        runtime.open_session(
            prepared(graphs.greedy(numbers)), limits=limits
        ) as session,
    ):
        session.predict(images(1))
    the_next_one_works()


def test_one_that_never_ends() -> None:
    limits = Limits(case_s=0.5)
    with (
        runtime.open_session(prepared(graphs.endless()), limits=limits) as session,
        fails("^The network took longer than 0.5 s.$"),
    ):
        session.predict(images(1))
    the_next_one_works()


def test_one_that_takes_more_of_the_processor_than_it_may() -> None:
    limits = Limits(processor_s=1)
    with (
        fails("^The network took longer than 1 s.$"),
        runtime.open_session(prepared(graphs.endless()), limits=limits) as session,
    ):
        session.predict(images(1))


def test_one_that_gives_what_is_no_number_goes_on_with_the_next_case() -> None:
    black, grey = np.zeros((2, 1, 5, 64, 64), np.uint8)
    grey += 100
    with runtime.open_session(prepared(graphs.logarithm())) as session:
        with pytest.raises(NetworkFailedError, match="not finite numbers") as caught:
            session.predict(black)
        assert not caught.value.ended
        assert session.predict(grey).shape == grey.shape


def test_one_that_gives_another_size() -> None:
    node = helper.make_node("MaxPool", ["image"], ["output"], kernel_shape=[2, 2])
    content = graphs.network([node], output=("N", 1, 63, 63))
    with (
        runtime.open_session(prepared(content)) as session,
        fails(r"of the shape \(5, 1, 63, 63\) instead of \(5, 1, 64, 64\)"),
    ):
        session.predict(images(1))


def test_one_that_is_none() -> None:
    with (
        fails("^The network cannot be run: .*protobuf"),
        runtime.open_session(prepared(b"no network")),
    ):
        pass


def test_one_from_outside_is_not_run_where_the_network_is_open(
    monkeypatch, tmp_path: Path
) -> None:
    """Weights of a registered network are: nothing in them is a program."""

    def greet(process: Process) -> dict:
        return {**greeting(process), "network_blocked": False}

    greeting = Process.greeting
    monkeypatch.setattr(Process, "greeting", greet)
    theirs = prepared(graphs.halving())
    words = "does not let a process be kept off the network"
    with fails(words), runtime.open_session(theirs):
        pass
    with fails(words):
        runtime.probe(theirs.file, cache=tmp_path)
    ours = replace(theirs, file=replace(theirs.file, format="safetensors"))
    with runtime.open_session(ours) as session:
        assert session.predict(images(1)).shape == (1, 5, 64, 64)


def test_one_whose_process_cannot_start(monkeypatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with (
        fails("^The process that runs networks could not be started.$"),
        runtime.open_session(prepared(graphs.halving())),
    ):
        pass
