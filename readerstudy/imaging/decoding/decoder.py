"""The other end of the pipes: starts the process, watches it, replaces it."""

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import readerstudy

from ..errors import Refused
from ..marking import gettext_noop
from ..scans import Scan
from ..study_types import DAT_SPECT
from ..tomogram import StoredImage
from . import wire
from .board import NONE, Board, new_board

logger = logging.getLogger(__name__)

LIMIT_S = 10.0  # a file
ASSEMBLING_LIMIT_S = 60.0  # up to 2048 slices, already decoded
START_LIMIT_S = 60.0
IDLE_S = 30.0
PIPE_BYTES = 2**20  # fewer turns than 64 kB
KEPT_BYTES = 2**26

TOO_LONG = gettext_noop("It could not be read within %(seconds)s seconds.")
TOO_MUCH = gettext_noop("It needs more memory than an image may.")
UNFORESEEN = gettext_noop("It cannot be read, for a reason not foreseen.")
NOT_STARTED = gettext_noop("The process that reads images could not be started.")


class Decoder:
    """One process that decodes, started when it is first asked and after each crash.

    The arrays of an answer lie where the next answer will: what is to stay is copied.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._board = Board(NONE)
        self._greeted = False
        self.owner = os.getpid()

    def read(
        self, content: bytes, *, study_type: str = DAT_SPECT, limit_s: float = LIMIT_S
    ) -> Scan | StoredImage:
        """What a file holds: a whole scan, or one slice of one. Refused if neither."""
        found = self._ask({"content": content, "study_type": study_type}, limit_s)
        if not isinstance(found, Scan | StoredImage):
            raise Refused(UNFORESEEN)
        return found

    def assemble(
        self, images: Sequence[StoredImage], *, study_type: str = DAT_SPECT
    ) -> Scan:
        """A scan from its slices. Refused if they do not make one."""
        message = {"images": tuple(images), "study_type": study_type}
        found = self._ask(message, ASSEMBLING_LIMIT_S)
        if not isinstance(found, Scan):
            raise Refused(UNFORESEEN)
        return found

    @property
    def pid(self) -> int:
        """Of its process; 0 where none runs."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Without waiting for it to be ready."""
        if self._process and self._process.poll() is None:
            return
        self.stop()
        root = Path(readerstudy.__file__).parents[1]
        board = new_board()
        # nothing of our environment: the keys are in it
        self._process = subprocess.Popen(
            [sys.executable, "-m", "readerstudy.imaging.decoding.child", str(board)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root,
            env={
                "PYTHONPATH": str(root),
                "PATH": os.defpath,
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
                # an image's memory is kept for the next; getting it anew takes time
                "MALLOC_MMAP_THRESHOLD_": str(KEPT_BYTES),
                "MALLOC_TRIM_THRESHOLD_": str(KEPT_BYTES),
            },
            pipesize=PIPE_BYTES,
            pass_fds=() if board == NONE else (board,),
        )
        self._board = Board(board)
        if board != NONE:
            os.close(board)

    def stop(self) -> None:
        """It ends at once, whatever it does."""
        process, self._process, self._greeted = self._process, None, False
        self._board = Board(NONE)
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        process.wait()

    def _ask(self, message: dict[str, Any], limit_s: float) -> object:
        self.start()
        if not self._greeted and not self._exchange(None, START_LIMIT_S):
            raise Refused(NOT_STARTED)
        self._greeted = True
        answer = self._exchange(message, limit_s)
        if "refused" in answer:
            raise Refused(str(answer["refused"]))
        if "found" in answer:
            return answer["found"]
        failed = str(answer.get("failed", "no answer"))
        logger.error("A file could not be read: %s", failed)
        if failed == "MemoryError":
            raise Refused(TOO_MUCH)
        raise Refused(UNFORESEEN)

    def _exchange(self, message: object, limit_s: float) -> dict[str, Any]:
        """The answer; {} if the process ended before it gave a whole one."""
        process = self._process
        assert process and process.stdin and process.stdout
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        watch = threading.Timer(limit_s, end)
        watch.daemon = True
        watch.start()
        try:
            if message is not None:
                wire.send(process.stdin, message, self._board.questions)
            answer = wire.receive(process.stdout, self._board.answers)
            if not isinstance(answer, dict):
                raise ValueError("a message is no answer")
        except (OSError, EOFError, ValueError, RecursionError):
            answer = {}
        finally:
            watch.cancel()
        if not answer or late.is_set():
            self.stop()
        if late.is_set():
            raise Refused(TOO_LONG % {"seconds": f"{limit_s:g}"})
        return answer


_idle: list[Decoder] = []
_lock = threading.Lock()
_ending: threading.Timer | None = None


@contextmanager
def decoders(count: int) -> Iterator[list[Decoder]]:
    """`count` of them, started; kept for a while afterwards, for who comes next."""
    borrowed = [_borrowed() for _ in range(count)]
    for decoder in borrowed:
        decoder.start()
    try:
        yield borrowed
    finally:
        _give_back(borrowed)


def _borrowed() -> Decoder:
    with _lock:
        while _idle:
            decoder = _idle.pop()
            if decoder.owner == os.getpid():  # not that of a process we forked from
                return decoder
    return Decoder()


def _give_back(borrowed: Sequence[Decoder]) -> None:
    global _ending
    with _lock:
        _idle.extend(borrowed)
        if _ending:
            _ending.cancel()
        _ending = threading.Timer(IDLE_S, end_idle)
        _ending.daemon = True
        _ending.start()


def end_idle() -> None:
    with _lock:
        ended = _idle.copy()
        _idle.clear()
    for decoder in ended:
        decoder.stop()
