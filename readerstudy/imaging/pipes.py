"""The two pipes of a process that was started to do what its parent must not.

Standard library only: such a process loads nothing that it does not need.
"""

import os
import sys
from typing import IO


def ends() -> tuple[IO[bytes], IO[bytes]]:
    """The child's own: what it is asked, and where it answers.

    Whatever libraries print goes nowhere.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return sys.stdin.buffer, answers


def exactly(file: IO[bytes], length: int) -> bytearray:
    """So many bytes; EOFError where there are not as many."""
    content = bytearray(length)
    view, at = memoryview(content), 0
    while at < length:
        count = file.readinto(view[at:])  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        at += count
    return content
