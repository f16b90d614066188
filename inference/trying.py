"""A network tried in a web process: one at a time, for each takes a core and much
memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

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
