"""For gunicorn: what its processes count lies in one folder, and begins anew with it.

As its configuration (`--config=python:readerstudy.config.web_processes`), or imported
into one.
"""

import os
from pathlib import Path
from typing import Any


def on_starting(server: Any) -> None:
    """Before any process of ours counts: what earlier ones left is no part of it."""
    if not (name := os.environ.get("PROMETHEUS_MULTIPROC_DIR")):
        return
    folder = Path(name)
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.db"):
        path.unlink(missing_ok=True)


def child_exit(server: Any, worker: Any) -> None:
    """Its counts stay, what it said of itself alone goes."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
