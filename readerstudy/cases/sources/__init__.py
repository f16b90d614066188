"""What was sent, file by file: a folder, a zip file, a CD image, or sealed files.

All of it comes from outside. Archives are read member by member, never unpacked;
names are only shown and never used as paths; links are not followed. How many files
there may be, how large and how densely packed, is bounded. An archive among the
files is opened, and one inside that; what lies deeper stays closed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from .archives import archive_entries, is_archive
from .collection import Collection
from .entries import UNREADABLE, Entry, LeftOut, Source
from .folder import folder_entries

__all__ = ["UNREADABLE", "LeftOut", "Source", "open_source", "sealed_source"]

# Opens a file that was received: its clear content, to read and to seek in.
Opener = Callable[[], BinaryIO]


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """What lies at `path`. Refused if it is no folder, zip file or CD image."""
    with ExitStack() as stack:
        files = Collection(stack)
        if path.is_dir():
            files.take(folder_entries(path), depth=0)
        elif path.exists():
            file = stack.enter_context(path.open("rb"))
            files.take(archive_entries(file, name=path.name), depth=1)
        else:
            raise Refused(
                gettext_noop("There is no file or folder %(path)s.") % {"path": path}
            )
        yield files.sorted()


@contextmanager
def sealed_source(files: Sequence[tuple[str, Opener]]) -> Iterator[Source]:
    """Files that were received, by their sender's names: several, or one archive."""
    with ExitStack() as stack:
        collection = Collection(stack)
        entries = [Entry(name, opener, seekable=True) for name, opener in files]
        file = stack.enter_context(entries[0].open()) if len(entries) == 1 else None
        if file and is_archive(file):
            collection.take(archive_entries(file, name=entries[0].name), depth=1)
        else:
            collection.take(entries, depth=0)
        yield collection.sorted()
