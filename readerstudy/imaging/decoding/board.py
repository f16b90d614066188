"""Memory that both processes see, so that images need not go through a pipe."""

import fcntl
import mmap
import os

# One file or scan and its answer; what is larger goes through the pipe.
HALF_BYTES = 2**25
NONE = -1


def new_board() -> int:
    """A file descriptor to inherit; NONE where the system knows no such memory.

    Its size is sealed: a process that was taken over could cut it off, and end the
    other one that way.
    """
    if not hasattr(os, "memfd_create"):
        return NONE
    board = os.memfd_create("board", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(board, 2 * HALF_BYTES)
    seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
    fcntl.fcntl(board, fcntl.F_ADD_SEALS, seals)
    return board


class Board:
    """Both halves are empty where there is no such memory.

    Neither half may be read any more when the next message is written there.
    """

    def __init__(self, descriptor: int) -> None:
        whole = b"" if descriptor == NONE else mmap.mmap(descriptor, 2 * HALF_BYTES)
        self.questions = memoryview(whole)[:HALF_BYTES]
        self.answers = memoryview(whole)[HALF_BYTES:]
