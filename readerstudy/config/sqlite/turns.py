"""Queues for those who write: whoever has waited longest is next."""

import os
import threading
import time
from collections import deque

from .door import Door


class Turns:
    """A lock that is handed over in the order in which it was asked for.

    threading.Lock promises no order, and SQLite's own waiting is worse: it sleeps up
    to 100 ms between looks, so that late comers overtake whoever has slept longest.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    def take(self, timeout: float) -> bool:
        """Wait for one's turn; False if it did not come within `timeout` seconds."""
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return True
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(timeout):
            return True
        with self._guard:
            if called.is_set():  # just after all
                return True
            self._waiting.remove(called)
        return False

    def give(self) -> None:
        """End one's turn: the next one's begins."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False


class SharedTurns(Turns):
    """The same among the processes that name the same file as their door."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._door = Door(path)

    def take(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        if not super().take(timeout):
            return False
        is_in = False
        try:
            is_in = self._door.enter(deadline - time.monotonic())
        finally:
            if not is_in:
                super().give()
        return is_in

    def give(self) -> None:
        try:
            self._door.leave()
        finally:
            super().give()


TURNS: dict[str, SharedTurns] = {}  # by path of the database
# whoever was waiting or writing did not come along
os.register_at_fork(after_in_child=TURNS.clear)


def turns_of(path: str) -> Turns:
    return TURNS.get(path) or TURNS.setdefault(path, SharedTurns(f"{path}-turn"))
