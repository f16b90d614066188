"""A network tried on behalf of a web process: one at a time and none of the largest,
for each takes a core and much memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

MOST_BYTES = 64 * 2**20  # of a file that is uploaded, or tried for a page
WAIT_S = 30.0
_trying = threading.Lock()


@contextmanager
def alone() -> Iterator[None]:
    """Refused where another one takes longer than WAIT_S."""
    if not _trying.acquire(timeout=WAIT_S):
        raise Refused(_("Another network is being tried just now; please try again."))
    try:
        yield
    finally:
        _trying.release()


def refuse_large(file: FieldFile, *, title: str) -> None:
    """Before it is read: a TransUNET trained here has 1.6 GB, and only workers run it.

    A file that is gone is no matter here: whoever reads it says so.
    """
    try:
        size = file.size
    except OSError:
        return
    if size > MOST_BYTES:
        raise Refused(
            gettext_noop("%(name)s is larger than %(megabytes)s MB.")
            % {"name": title, "megabytes": MOST_BYTES // 2**20}
        )
