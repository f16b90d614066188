"""Django's SQLite, but those who write do so in the order in which they came.

SQLite has one writer at a time. Twenty readers who answer at once would meet at its
lock, where waiting is unfair: it sleeps up to 100 ms between looks, so late comers
overtake whoever has slept longest. So a transaction waits for its turn before it asks
SQLite: within a process in a queue, and the first of each process in the kernel's.
"""

from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from .turns import Turns, turns_of

DEFAULT_TIMEOUT = 5.0  # seconds, of Python's sqlite3


class DatabaseWrapper(base.DatabaseWrapper):
    _turn: Turns | None = None  # whose end is told to the others

    def _start_transaction_under_autocommit(self) -> None:
        if self._may_write():
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

    def _may_write(self) -> bool:
        """Whether the transaction takes SQLite's lock at once, and a file's."""
        mode = self.transaction_mode  # type: ignore[attr-defined]
        return mode not in (None, "DEFERRED") and not self.is_in_memory_db()

    def _take_turn(self) -> None:
        timeout = self.settings_dict["OPTIONS"].get("timeout", DEFAULT_TIMEOUT)
        turns = turns_of(str(self.settings_dict["NAME"]))
        if not turns.take(timeout):
            raise OperationalError("database is locked: others have been writing")
        self._turn = turns

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.give()
