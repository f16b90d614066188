"""Django's SQLite, but the threads of one process write in the order they came.

SQLite has one writer at a time. Twenty readers who answer at once would meet at its
lock, where waiting is unfair; so within a process a transaction waits for its turn
before it asks SQLite, which is then free but for other processes.
"""

from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from .turns import Turns

TURNS: dict[str, Turns] = {}  # one queue for each file
DEFAULT_TIMEOUT = 5.0  # seconds, of Python's sqlite3


class DatabaseWrapper(base.DatabaseWrapper):
    _has_turn = False

    def _start_transaction_under_autocommit(self) -> None:
        mode = self.transaction_mode  # type: ignore[attr-defined]
        if mode in (None, "DEFERRED"):  # may only be reading
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
            return
        timeout = self.settings_dict["OPTIONS"].get("timeout", DEFAULT_TIMEOUT)
        if not self._turns.take(timeout):
            raise OperationalError("database is locked: others have been writing")
        self._has_turn = True
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
    def _turns(self) -> Turns:
        return TURNS.setdefault(str(self.settings_dict["NAME"]), Turns())

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turns.give()
