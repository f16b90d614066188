"""Django's SQLite, but those who write do so in the order in which they came.

SQLite has one writer at a time. Twenty readers who answer at once would meet at its
lock, where waiting is unfair: it sleeps up to 100 ms between looks, so late comers
overtake whoever has slept longest. So a transaction waits for its turn before it asks
SQLite: within a process in a queue, and the first of each process in the kernel's.
"""

import fcntl
import os
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from .turns import Turns

TURNS: dict[str, Turns] = {}  # one queue for each file
DEFAULT_TIMEOUT = 5.0  # seconds, of Python's sqlite3


class DatabaseWrapper(base.DatabaseWrapper):
    _door: int | None = None  # file descriptor, locked while it is our turn

    def _start_transaction_under_autocommit(self) -> None:
        mode = self.transaction_mode  # type: ignore[attr-defined]
        if mode in (None, "DEFERRED"):  # may only be reading
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
            return
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> Any:
        try:
            return super()._commit()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()

    @property
    def _name(self) -> str:
        return str(self.settings_dict["NAME"])

    @property
    def _turns(self) -> Turns:
        return TURNS.setdefault(self._name, Turns())

    def _take_turn(self) -> None:
        timeout = self.settings_dict["OPTIONS"].get("timeout", DEFAULT_TIMEOUT)
        if not self._turns.take(timeout):
            raise OperationalError("database is locked: others have been writing")
        try:
            self._door = _locked(f"{self._name}-turn")
        except BaseException:
            self._turns.give()
            raise

    def _end_turn(self) -> None:
        if self._door is not None:
            os.close(self._door)  # which unlocks it, as does the end of the process
            self._door = None
            self._turns.give()


def _locked(path: str) -> int:
    """A descriptor of the file, once no other process has it locked."""
    door = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(door, fcntl.LOCK_EX)
    except BaseException:
        os.close(door)
        raise
    return door
