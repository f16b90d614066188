"""How a network fails, each way with its sentence."""

import signal

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

BY_SIGNAL = gettext_noop(
    "The network ended its process by signal %(number)s (%(name)s)."
)
BY_ITSELF = gettext_noop("The network's process ended by itself, with code %(code)s.")
TOO_MUCH = gettext_noop("The network needed more than %(megabytes)s MB of memory.")
TOO_LONG = gettext_noop("The network took longer than %(seconds)s s.")
NOT_FINITE = gettext_noop("The network gave values that are not finite numbers.")
WRONG_SHAPE = gettext_noop(
    "The network gave an output of the shape %(found)s instead of %(wanted)s."
)
NOT_RUN = gettext_noop("The network cannot be run: %(reason)s")
NOT_STARTED = gettext_noop("The process that runs networks could not be started.")
NO_ANSWER = gettext_noop("The network's process gave an answer that is none.")
NOT_BLOCKED = gettext_noop(
    "This system does not let a process be kept off the network, so networks from "
    "outside are not run here."
)
DIFFERENT = gettext_noop(
    "The network's export differs from the network by %(difference)s, which is more "
    "than %(most)s, so it is not used."
)


class NetworkFailedError(Refused):
    """A network that could not do its work; `str(error)` says how it failed.

    ended: its process is gone, so nothing else will come from it either.
    """

    def __init__(self, sentence: str, *, ended: bool = True) -> None:
        super().__init__(sentence)
        self.ended = ended


def ended_by(code: int) -> NetworkFailedError:
    """From the code with which a process ended; below 0 it is a signal's number."""
    if code >= 0:
        return NetworkFailedError(BY_ITSELF % {"code": code})
    name = (signal.strsignal(-code) or "").lower()
    return NetworkFailedError(BY_SIGNAL % {"number": -code, "name": name})
