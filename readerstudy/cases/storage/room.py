"""Whether the disk has room, before it is filled."""

import shutil

from django.conf import settings
from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

# What the database and the cohorts that are there must not be without.
KEPT_FREE_BYTES = 512 * 2**20


class NoRoomError(Refused):
    """The disk is full."""


def check_room(size: int) -> None:
    """Refused if so many more bytes would leave others without."""
    folder = settings.VAR_DIR / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(folder).free - KEPT_FREE_BYTES
    if size > free:
        raise NoRoomError(
            gettext_noop(
                "The server's disk has no room for these files: %(free)d MB are free. "
                "Please tell the administrator."
            )
            % {"free": max(free, 0) // 2**20}
        )
