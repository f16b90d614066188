"""A network in a process of its own, ready to work."""

import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import NOT_BLOCKED, NOT_FINITE, WRONG_SHAPE, NetworkFailedError
from .files import Prepared
from .limits import SERVING, SLICES, Limits
from .process import Process

Device = Literal["cpu", "cuda"]
UNDER_WAY = 2  # one is computed while the next waits in the pipe
CASES_AT_ONCE = 4

Stacks = NDArray[np.uint8 | np.float32]
Outputs = NDArray[np.float32]


class Session:
    """told: what runs it, as its process says: engine, versions, device, threads."""

    def __init__(self, process: Process, told: dict[str, Any]) -> None:
        self._process = process
        self.told = told
        self._asked: deque[tuple[int, ...]] = deque()

    @property
    def pid(self) -> int:
        return self._process.pid

    def predict(self, stacks: Stacks) -> Outputs:
        """(cases, slices, H, W), uint8 or float32 within 0–1 → the network's output,
        clipped to 0–1."""
        parts = [
            stacks[first : first + CASES_AT_ONCE]
            for first in range(0, len(stacks), CASES_AT_ONCE)
        ]
        outputs = []
        for number, part in enumerate(parts):
            self.send(part)
            if number + 1 >= UNDER_WAY:
                outputs.append(self.receive())
        while self._asked:
            outputs.append(self.receive())
        return np.concatenate(outputs)

    def send(self, stacks: Stacks) -> None:
        """Ask for `stacks`; the answer is what `receive` gives in its turn."""
        if len(self._asked) >= UNDER_WAY:
            raise RuntimeError(f"{UNDER_WAY} are under way already")
        known = stacks.dtype in (np.uint8, np.float32)
        if stacks.ndim != 4 or not known or not len(stacks):
            raise ValueError(f"no stacks of images: {stacks.dtype} {stacks.shape}")
        self._process.put({"stacks": stacks}, limit_s=self._limit_s(stacks.shape))
        self._asked.append(stacks.shape)

    def receive(self) -> Outputs:
        """The output for the stacks that were sent first and not yet received.

        NetworkFailedError.ended tells whether any more can be asked of it.
        """
        shape = self._asked.popleft()
        answer = self._process.take(limit_s=self._limit_s(shape))
        output = answer.get("output")
        if not isinstance(output, np.ndarray) or output.shape != shape:
            sentence = WRONG_SHAPE % {
                "found": getattr(output, "shape", "?"),
                "wanted": shape,
            }
            self._process.fail(NetworkFailedError(sentence))
        if not np.isfinite(output).all():
            raise NetworkFailedError(NOT_FINITE, ended=False)
        clipped: Outputs = np.clip(output.astype(np.float32, copy=False), 0, 1)
        return clipped

    def _limit_s(self, shape: tuple[int, ...]) -> float:
        cases, slices, *_ = shape
        of_one = self._process.limits.case_s * math.ceil(slices / SLICES)
        return of_one * cases * (1 + len(self._asked))


@contextmanager
def open_session(
    prepared: Prepared, *, device: Device = "cpu", limits: Limits = SERVING
) -> Iterator[Session]:
    """The network in a process that ends with this block; NetworkFailedError if not.

    device: "cuda" runs weights of registered networks by torch; whole networks run
        on the CPU all the same. Session.told says which it is.
    """
    if device == "cuda" and prepared.file.format == "safetensors":
        process, told = start_torch(prepared, limits=limits)
        file = prepared.file
        asked = {"file": file.content, "name": file.title, "device": device}
    else:
        process, told = start(prepared, limits=limits)
        asked = {"file": prepared.content}
    try:
        ready = process.ask(asked, limit_s=limits.start_s)
        if "device" in asked:  # only torch's process is ours to the end
            told["device"] = str(ready["device"])
        yield Session(process, told)
    finally:
        process.stop()


def start(
    prepared: Prepared, *, limits: Limits, probing: bool = False
) -> tuple[Process, dict[str, Any]]:
    """The process, and what it says of itself before it has seen the network."""
    process = Process(
        "inference.runtime.child",
        limits=limits,
        content_bytes=len(prepared.content),
        confined="all",
        probing=probing,
    )
    told = process.greeting()
    if prepared.file.format == "onnx" and not told["network_blocked"]:
        process.stop()
        raise NetworkFailedError(NOT_BLOCKED)
    return process, told


def start_torch(
    prepared: Prepared, *, limits: Limits
) -> tuple[Process, dict[str, Any]]:
    """The same with torch. A GPU's driver writes to its devices and reserves all
    addresses there are, so this process is only kept off the network."""
    process = Process(
        "inference.runtime.torch_child",
        limits=limits,
        content_bytes=len(prepared.file.content),
        confined="network",
    )
    return process, process.greeting()
