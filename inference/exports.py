"""Where the networks of registered weights are kept as ONNX, once they were exported.

Nothing of it is needed: what is missing or damaged is made again.
"""

import time
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

from django.conf import settings

SHA256 = 64  # hexadecimal digits, with which the name of an export begins
# Longer than any export takes, and than weights wait for their row.
UNCLAIMED_FOR = timedelta(days=1)


def exports_folder() -> Path:
    return Path(settings.VAR_DIR) / "exports"


def exports_forget(sha256: str) -> None:
    """Those of weights that were not taken in after all."""
    for path in exports_folder().glob(f"*{sha256}*"):
        path.unlink(missing_ok=True)


def exports_sweep(known: Collection[str]) -> int:
    """Delete what a killed process left half-written, and exports of weights that are
    not `known` (by SHA-256), a day after they were written; how many."""
    deleted = 0
    for path in exports_folder().glob("*"):
        is_whole = not path.name.startswith(".")
        if (is_whole and path.name[:SHA256] in known) or not _is_old(path):
            continue
        path.unlink(missing_ok=True)
        deleted += 1
    return deleted


def _is_old(path: Path) -> bool:
    try:
        age_s = time.time() - path.stat().st_mtime
    except FileNotFoundError:  # another sweep was first
        return False
    return age_s > UNCLAIMED_FOR.total_seconds()
