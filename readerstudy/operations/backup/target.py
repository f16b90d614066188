"""A file that is there whole or not at all, and is on disk when it is there."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from readerstudy.imaging.errors import Refused


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """To be written under another name beside it, readable by its owner only."""
    if path.exists():
        raise Refused(f"{path} is there already; a backup never replaces another.")
    if not path.parent.is_dir():
        raise Refused(f"The folder {path.parent} is not there.")
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
        _sync_folder(path.parent)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise Refused(
                f"The disk of {path.parent} is full. No backup was made, and nothing "
                "of it is left there."
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise Refused(
                f"{path} cannot be written: {os.strerror(error.errno)}."
            ) from error
        raise
    finally:
        partial.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
