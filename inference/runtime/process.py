"""The other end of the pipes: starts a process, watches it, says how it ended."""

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import readerstudy

from . import wire
from .errors import (
    NO_ANSWER,
    NOT_RUN,
    NOT_STARTED,
    TOO_LONG,
    TOO_MUCH,
    NetworkFailedError,
    ended_by,
)
from .isolation import Level
from .limits import Limits, Orders

ROOT = Path(readerstudy.__file__).parents[1]
PIPE_BYTES = 2**20  # fewer turns than 64 kB, and a result need not be waited for
TURN_BYTES = 2**20
GREETING_S = 60.0
GOODBYE_S = 5.0
# nothing of our own environment: the keys are in it
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
# what a GPU's driver is found by, for the process that uses one
OF_THE_DRIVER = ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")


class Process:
    """`python -m MODULE` with limits; messages go to it and come from it."""

    def __init__(
        self,
        module: str,
        *,
        limits: Limits,
        content_bytes: int,
        confined: Level,
        probing: bool = False,
    ) -> None:
        self.limits = limits
        orders = Orders(os.getpid(), limits, content_bytes, confined, probing)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, orders.to_argument()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_environment(confined),
                bufsize=0,
            )
        except OSError as error:
            raise NetworkFailedError(NOT_STARTED) from error
        assert self._process.stdin and self._process.stdout
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout
        for end in (self._to, self._from.fileno()):
            os.set_blocking(end, False)
            with contextlib.suppress(AttributeError, OSError):  # only a faster pipe
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._arrived = bytearray()
        self._failure: NetworkFailedError | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def peak_mib(self) -> int:
        """What it held in memory at most; 0 where the system does not tell.

        Its own `ru_maxrss` would begin at what we held when we started it.
        """
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) // 1024
        return 0

    def stop(self) -> None:
        """It ends at once, whatever it does."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        self._process.wait()

    def fail(self, failure: NetworkFailedError) -> NoReturn:
        """Nothing more is asked of it; whoever tries hears the same."""
        self._failure = failure
        self.stop()
        raise self._failure

    def ask(self, message: Mapping[str, Any], *, limit_s: float) -> wire.Message:
        self.put(message, limit_s=limit_s)
        return self.take(limit_s=limit_s)

    def put(self, message: Mapping[str, Any], *, limit_s: float) -> None:
        """Send it whole; what comes meanwhile is kept for `take`."""
        self._refuse_ended()
        deadline = time.monotonic() + limit_s
        parts = deque(memoryview(part) for part in wire.pack(message) if len(part))
        while parts:
            ready = self._wait(deadline, limit_s, writing=True)
            if ready & select.POLLIN:
                self._read()
            if ready & (select.POLLOUT | select.POLLERR):
                self._write(parts)

    def greeting(self) -> dict[str, Any]:
        """What it says of itself before it has seen a network, so that a slow machine
        is not the network's fault."""
        try:
            told: dict[str, Any] = self.take(limit_s=GREETING_S)["told"]
        except NetworkFailedError as error:
            self.stop()
            raise NetworkFailedError(NOT_STARTED) from error
        except BaseException:
            self.stop()
            raise
        return told

    def take(self, *, limit_s: float) -> wire.Message:
        """The next answer; raises NetworkFailedError where there is none."""
        self._refuse_ended()
        deadline = time.monotonic() + limit_s
        while (message := self._whole()) is None:
            self._wait(deadline, limit_s, writing=False)
            self._read()
        if "failed" in message:
            self.fail(self._told(message))
        return message

    def _refuse_ended(self) -> None:
        if self._failure:
            raise self._failure

    def _wait(self, deadline: float, limit_s: float, *, writing: bool) -> int:
        """What can be done now: read (also that it ended), write."""
        poll = select.poll()
        poll.register(self._from, select.POLLIN)
        if writing:
            poll.register(self._to, select.POLLOUT)
        left = deadline - time.monotonic()
        found = poll.poll(max(left, 0) * 1000)
        if not found:
            late = TOO_LONG % {"seconds": f"{limit_s:g}"}
            self.fail(NetworkFailedError(late))
        ready = 0
        for end, what in found:
            ended = select.POLLIN if end == self._from.fileno() else select.POLLERR
            ready |= ended if what & (select.POLLHUP | select.POLLERR) else what
        return ready

    def _read(self) -> None:
        try:
            content = os.read(self._from.fileno(), TURN_BYTES)
        except BlockingIOError:
            return
        if not content:
            self.fail(self._ended())
        self._arrived += content

    def _write(self, parts: deque[memoryview]) -> None:
        try:
            count = os.write(self._to, parts[0][:TURN_BYTES])
        except BlockingIOError:
            return
        except OSError:
            self.fail(self._ended())
        parts[0] = parts[0][count:]
        if not parts[0]:
            parts.popleft()

    def _whole(self) -> wire.Message | None:
        """The first message of those that have arrived, if it is there as a whole."""
        size = wire.LENGTHS.size
        if len(self._arrived) < size:
            return None
        try:
            head, body = wire.lengths(self._arrived[:size])
            if len(self._arrived) < size + head + body:
                return None
            message, self._arrived = (
                self._arrived[: size + head + body],
                self._arrived[size + head + body :],
            )
            return wire.unpack(
                message[size : size + head], memoryview(message)[size + head :]
            )
        except ValueError:
            self.fail(NetworkFailedError(NO_ANSWER))

    def _ended(self) -> NetworkFailedError:
        try:
            code = self._process.wait(GOODBYE_S)
        except subprocess.TimeoutExpired:  # it closed its pipe and goes on
            code = -signal.SIGKILL
        if code == -signal.SIGXCPU:
            seconds = f"{self.limits.processor_s:g}"
            return NetworkFailedError(TOO_LONG % {"seconds": seconds})
        return ended_by(code)

    def _told(self, message: wire.Message) -> NetworkFailedError:
        """It could say itself what went wrong."""
        if message["failed"] == "memory":
            megabytes = self.limits.memory_mib
            return NetworkFailedError(TOO_MUCH % {"megabytes": megabytes})
        if message["failed"] == "refused":
            return NetworkFailedError(str(message.get("reason", ""))[:1000])
        reason = " ".join(str(message.get("reason", "")).split())[:300]
        return NetworkFailedError(NOT_RUN % {"reason": reason})


def _environment(confined: Level) -> dict[str, str]:
    if confined != "network":
        return ENVIRONMENT
    passed = {name: os.environ[name] for name in OF_THE_DRIVER if name in os.environ}
    # cuBLAS gives the same bytes again only where it is told to
    return {**ENVIRONMENT, **passed, "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
