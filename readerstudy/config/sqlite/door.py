"""A lock between processes that is waited for in the kernel's queue, not for ever."""

import fcntl
import logging
import os
import threading
from pathlib import Path

logger = logging.getLogger(__name__)

UNORDERED = "Who writes to the database waits in no order: %s"


class Door:
    """One process at a time goes in, about in the order in which they came.

    flock(2) waits fairly, but cannot be told how long. So a thread does, and whoever
    has waited too long goes away. Of one process only one may be at the door.

    It is a courtesy: SQLite has its own lock, and where this one cannot be had (file
    of another account, a file system without it) everybody goes in.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None
        self._guard = threading.Lock()
        self._is_waited_at = False  # by the thread
        self._is_wanted = False
        self._is_locked = threading.Event()

    def enter(self, timeout: float) -> bool:
        """Wait until nobody is in; False if that took longer than `timeout` seconds."""
        try:
            if self._file is None:
                self._file = _opened(self._path)
            return self._enter(self._file, timeout)
        except OSError as error:
            logger.warning(UNORDERED, error)
            return True

    def leave(self) -> None:
        """For all who share the file, also processes that were forked meanwhile."""
        self._is_locked.clear()
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _enter(self, file: int, timeout: float) -> bool:
        with self._guard:
            if not self._is_waited_at:
                if _locked_at_once(file):
                    return True
                threading.Thread(target=self._wait, args=[file], daemon=True).start()
                self._is_waited_at = True
            self._is_wanted = True
        self._is_locked.wait(timeout)
        with self._guard:
            self._is_wanted = False
            return self._is_locked.is_set()

    def _wait(self, file: int) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            logger.warning(UNORDERED, error)
        with self._guard:
            self._is_waited_at = False
            if self._is_wanted:
                self._is_locked.set()
            else:
                fcntl.flock(file, fcntl.LOCK_UN)


def _opened(path: str) -> int:
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    if os.geteuid() == 0:  # as SQLite does: whose folder it is needs it, too
        owner = Path(path).parent.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file


def _locked_at_once(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
