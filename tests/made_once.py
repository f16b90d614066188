"""What takes long to make and no test changes: once a run, however many processes run
the tests."""

import os
import pickle
from collections.abc import Callable
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import TypeVar

import pytest

Made = TypeVar("Made")


def made_once(
    folders: pytest.TempPathFactory, name: str, make: Callable[[Path], Made]
) -> Made:
    """What `make` gives, which may keep files in the new folder that it is given.

    Every process has a copy of its own.
    """
    base = folders.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    kept, folder = shared / f"{name}.pickle", shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not kept.exists():
            folder.mkdir(exist_ok=True)
            kept.write_bytes(pickle.dumps(make(folder)))
        made: Made = pickle.loads(kept.read_bytes())
    return made
