"""The process that decodes: `python -m readerstudy.imaging.decoding.child BOARD`.

BOARD: file descriptor of the memory that it shares with who started it.

It ends when its pipe does, so none outlives the program that started it.
"""

import contextlib
import resource
import sys
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from ..errors import Refused
from ..pipes import ends
from ..scans import Scan, prepared
from ..study_types import DAT_SPECT, STUDY_TYPES
from ..tomogram import StoredImage, assemble, read_image
from . import wire
from .board import Board

# The largest image that is taken, and what is made of it, fit several times.
MEMORY_BYTES = 3 * 2**30


def limit() -> None:
    """Bounded memory; no file may be written, not even what it held as it crashed."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # not known to every system
            resource.setrlimit(what, (most, most))


def answer(message: dict[str, Any]) -> dict[str, Any]:
    """The scan that a file or some slices hold, or the slice, or why there is none."""
    try:
        study_type = message.get("study_type", DAT_SPECT)
        if "content" in message:
            return {"found": read(message["content"], study_type)}
        return {"found": whole(message["images"], study_type)}
    except Refused as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"failed": "MemoryError"}
    except Exception as error:  # decoders raise whatever they stumble over
        return {"failed": type(error).__name__}  # its text may quote the file


def read(content: bytes, study_type: str = DAT_SPECT) -> Scan | StoredImage:
    image = read_image(BytesIO(content))
    if len(image.frames) == 1 and image.series_uid:
        return image
    return whole([image], study_type)


def whole(images: Sequence[StoredImage], study_type: str) -> Scan:
    single = STUDY_TYPES[study_type].is_stack
    return prepared(assemble(images, single=single), study_type=study_type)


def main() -> None:
    board = Board(int(sys.argv[1]))
    asked, answers = ends()
    limit()
    wire.send(answers, {"ready": True})
    while True:
        try:
            message = wire.receive(asked, board.questions)
        except EOFError:
            return
        wire.send(answers, answer(message), board.answers)


if __name__ == "__main__":
    main()
