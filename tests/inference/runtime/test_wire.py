"""What comes from a network's process is plain values, or it is nothing."""

import io
import json
import pickle

import numpy as np
import pytest

from inference.runtime import SERVING, NetworkFailedError, wire
from inference.runtime.process import Process

from .graphs import images

pytestmark = pytest.mark.pure


def packed(message: dict) -> bytes:
    return b"".join(bytes(part) for part in wire.pack(message))


def received(content: bytes) -> dict:
    return wire.receive(io.BytesIO(content))


def test_values_bytes_and_arrays_arrive_as_they_were_sent() -> None:
    message = {"told": {"a": [1, 2.5, None, "é"]}, "file": b"\0\1", "x": images(1)}
    message["y"] = message["x"].astype(np.float32) / 255
    found = received(packed(message))
    assert found["told"] == message["told"]
    assert found["file"] == message["file"]
    for name in ("x", "y"):
        assert found[name].dtype == message[name].dtype
        assert np.array_equal(found[name], message[name])


def head(parts: list, body: bytes = b"", plain: object = None) -> bytes:
    told = json.dumps({"plain": plain or {}, "parts": parts}).encode()
    return wire.LENGTHS.pack(len(told), len(body)) + told + body


@pytest.mark.parametrize(
    "content",
    [
        wire.LENGTHS.pack(2**40, 0),
        wire.LENGTHS.pack(2, 2**60),
        wire.LENGTHS.pack(3, 0) + b"no!",
        wire.LENGTHS.pack(2, 0) + b"[]",
        wire.LENGTHS.pack(4, 0) + b"null",
        head([["x", "object", [1]]], bytes(8)),
        head([["x", "float32", [2]]], bytes(4)),
        head([["x", "float32", [1]]], bytes(8)),
        head([["x", "uint8", [-1, -4]]], bytes(4)),
        head([["x", "uint8", [True]]], bytes(1)),
        head([["x", "uint8", ["4"]]], bytes(4)),
        head([["x", "uint8"]], bytes(4)),
        head([7], bytes(4)),
        head([], plain=[1]),
        head([], plain={"x": float("nan")}),
    ],
)
def test_anything_else_is_no_message(content: bytes) -> None:
    with pytest.raises(ValueError):
        received(content)


def test_a_message_that_breaks_off_is_none() -> None:
    with pytest.raises(EOFError):
        received(packed({"x": images(1)})[:-1])


class Planted:
    """Would leave a mark if anybody unpickled it."""

    def __reduce__(self) -> tuple:
        return (pytest.fail, ("it was unpickled",))


@pytest.mark.parametrize("content", [pickle.dumps(Planted()), b"\x93NUMPY", bytes(64)])
def test_a_process_that_sends_something_else_is_not_listened_to(
    content: bytes, monkeypatch
) -> None:
    liar = f"import os; os.write(1, {content!r}.ljust(64)); input()"
    monkeypatch.setattr("subprocess.Popen", started_with(liar))
    process = Process("any", limits=SERVING, content_bytes=0, confined="all")
    with pytest.raises(NetworkFailedError, match="an answer that is none"):
        process.take(limit_s=60)
    assert not process.alive


def started_with(program: str):
    import subprocess

    real = subprocess.Popen

    def start(command: list[str], **settings):
        return real([command[0], "-c", program], **settings)

    return start
