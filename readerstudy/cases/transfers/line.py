"""The connection that a request's body comes by."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest

# A line that is dead for so long does not keep a thread of the server.
SILENCE_S = 60


@contextmanager
def ended_by_silence(request: HttpRequest) -> Iterator[None]:
    """Reading within breaks off where nothing has come for SILENCE_S."""
    line = request.META.get("gunicorn.socket")
    if line:
        line.settimeout(SILENCE_S)
    try:
        yield
    finally:
        if line:
            line.settimeout(None)
