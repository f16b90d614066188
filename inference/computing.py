"""A method at work: stacks in, 8-bit or float32 within 0–1, values within 0–1 out,
some cases at a time.

Whatever makes an arm's images, filter, registered network or ONNX file, they pass
`finished` here and nothing else. It neither rounds nor quantises: float32 is stored,
and the one step to 8 bits is that of imaging.preprocessing, the same for all arms.
"""

import itertools
import logging
import platform
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from inference import registry, runtime
from inference.devices import CPU, kind_of, this_device
from inference.runtime.session import UNDER_WAY
from inference.sweeps.conditions import windowed
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

logger = logging.getLogger(__name__)
Stack = NDArray[np.uint8 | np.float32]  # (slices, H, W)
Values = NDArray[np.float32]
Case = TypeVar("Case")  # whatever the caller knows a stack by

UNEXPECTED = gettext_noop("An unexpected error, described in the worker's log.")
NOT_NUMBERS = gettext_noop("The output has pixels that are not numbers.")

# Cases that are computed, or stored, together: so many that storing them costs
# little beside it, and no more than a stop or a cancelled job may lose.
FIRST, MOST = 4, 16
TOGETHER_S = 0.5
LARGE = 16  # slices; stacks of more are computed one by one


def finished(output: NDArray[Any]) -> Values:
    """An arm's output as it is stored: finite, clipped to 0–1, float32. Of all arms."""
    if not np.isfinite(output).all():
        raise Refused(NOT_NUMBERS)
    clipped: Values = np.clip(output, 0, 1).astype(np.float32)
    return clipped


def within(stack: Stack, window: float | None) -> Stack:
    """What is brighter than `window`, a share of the range, cut off; the rest fills
    the range. In 8 bits as in a training."""
    if window is None:
        return stack
    if stack.dtype == np.uint8:
        return windowed(stack.astype(np.uint8, copy=False), top=window)
    cut: Stack = np.minimum(stack / np.float32(window), 1).astype(np.float32)
    return cut


class Method(Protocol):
    """told: what computes it: engine, versions, device."""

    told: Mapping[str, Any]

    def outputs(
        self, cases: Iterable[tuple[Case, Stack]]
    ) -> Iterator[list[tuple[Case, Values | Refused]]]:
        """What became of each, in any order, as soon as some are there. Raises
        Refused where no more can come."""
        ...


@contextmanager
def open_filter(spec: registry.MethodSpec) -> Iterator[Method]:
    from inference.filters import FILTERS

    yield _Filter(lambda stack: FILTERS[spec.key](stack, **spec.settings))


@contextmanager
def open_network(
    file: runtime.NetworkFile, *, cache: Path, window: float | None = None
) -> Iterator[Method]:
    """In a process of its own, which ends with this block.

    window: share of the range at which its input is cut off, as in its training.
    """
    device = this_device()
    prepared = runtime.prepare(file, cache=cache)
    kind: Any = kind_of(device)
    with runtime.open_session(prepared, device=kind) as session:
        yield _Network(session, device, window)


class _Filter:
    """Within this process: filters are ours."""

    def __init__(self, run: Callable[[Stack], NDArray[Any]]) -> None:
        self._run = run
        self.told: Mapping[str, Any] = {
            "engine": "scipy",
            "versions": {
                "python": platform.python_version(),
                **{name: version(name) for name in ("numpy", "scipy")},
            },
            "device": CPU,
        }

    def outputs(
        self, cases: Iterable[tuple[Case, Stack]]
    ) -> Iterator[list[tuple[Case, Values | Refused]]]:
        made, begun = [], time.monotonic()
        for case, stack in cases:
            made.append((case, self._one(stack)))
            if len(made) == MOST or time.monotonic() - begun > TOGETHER_S:
                yield made
                made, begun = [], time.monotonic()
        if made:
            yield made

    def _one(self, stack: Stack) -> Values | Refused:
        try:
            return finished(self._run(stack))
        except Refused as refusal:
            return refusal
        except Exception:
            logger.exception("a filter failed")
            return Refused(UNEXPECTED)


class _Network:
    """While its process computes some cases, the caller stores those before them."""

    def __init__(
        self, session: runtime.Session, device: str, window: float | None
    ) -> None:
        self._session, self._window = session, window
        told = session.told
        on_gpu = kind_of(device) == told["device"] != CPU
        self.told: Mapping[str, Any] = {
            "engine": told["engine"],
            "versions": told["versions"],
            "device": device if on_gpu else told["device"],
        }

    def outputs(
        self, cases: Iterable[tuple[Case, Stack]]
    ) -> Iterator[list[tuple[Case, Values | Refused]]]:
        pace = _Pace(cases)
        waiting: deque[list[tuple[Case, Stack]]] = deque()
        alone: list[tuple[Case, Stack]] = []
        for batch in pace:
            self._send(batch)
            waiting.append(batch)
            if len(waiting) == UNDER_WAY:
                begun, size = time.monotonic(), len(waiting[0])
                made = self._received(waiting.popleft(), alone)
                pace.waited((time.monotonic() - begun) / size)
                yield made
        while waiting:
            yield self._received(waiting.popleft(), alone)
        for case in alone:
            self._send([case])
            yield self._received([case], [])

    def _send(self, batch: list[tuple[Case, Stack]]) -> None:
        self._session.send(
            np.stack([within(stack, self._window) for _, stack in batch])
        )

    def _received(
        self, batch: list[tuple[Case, Stack]], alone: list[tuple[Case, Stack]]
    ) -> list[tuple[Case, Values | Refused]]:
        """The outputs. Where one of several spoils the rest, they go to `alone`."""
        try:
            outputs = self._session.receive()
        except runtime.NetworkFailedError as failure:
            if failure.ended:
                raise
            if len(batch) == 1:
                return [(batch[0][0], failure)]
            alone += batch
            return []
        return [
            (case, _finished(output))
            for (case, _), output in zip(batch, outputs, strict=True)
        ]


def _finished(output: NDArray[Any]) -> Values | Refused:
    try:
        return finished(output)
    except Refused as refusal:
        return refusal


class _Pace(Generic[Case]):
    """Cuts cases into batches that one waits about TOGETHER_S for; where storing takes
    longer than computing, they grow."""

    def __init__(self, cases: Iterable[tuple[Case, Stack]]) -> None:
        self._cases = iter(cases)
        self._size = FIRST

    def __iter__(self) -> Iterator[list[tuple[Case, Stack]]]:
        while batch := list(itertools.islice(self._cases, 1)):
            if len(batch[0][1]) <= LARGE:
                batch += itertools.islice(self._cases, self._size - 1)
            yield batch

    def waited(self, seconds_a_case: float) -> None:
        most = TOGETHER_S / max(seconds_a_case, 1e-6)
        self._size = min(max(int(most), 1), MOST)
