"""What becomes of uploads that nobody is at: taken up again, or removed."""

import shutil
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from ..models import Upload, UploadFile
from ..selectors.uploads import forgettable
from .claiming import STALE_AFTER, recover
from .receiving import receiving_complete, uploads_folder
from .uploads import WORKING, upload_call, upload_discard

# Longer than any import from a path takes.
UNCLAIMED_FOR = timedelta(days=1)
# What an earlier version of this program kept of an upload, as it had come.
IN_CLEAR = "cohort.zip"
# Kept as it stands; the page translates it.
GIVEN_UP = gettext_noop(
    "The worker ended three times in the middle of it, perhaps for lack of memory; "
    "nothing was imported. The log of the worker may say more."
)


def uploads_recover(*, call_again: timedelta = STALE_AFTER) -> int:
    """Call workers again for steps whose worker is dead or whose message was lost;
    how many. May run anywhere, any number of times at once.

    call_again: how long after its last call a step is called again.
    """
    _complete_what_is_whole()
    return recover(
        Upload.objects.filter(state__in=WORKING),
        call=upload_call,
        give_up=_give_up,
        call_again=call_again,
    )


def _complete_what_is_whole() -> None:
    """The server ended between the last byte of a browser and what follows it."""
    unfinished = UploadFile.objects.filter(
        upload=OuterRef("pk"), received__lt=F("size")
    )
    whole = Upload.objects.filter(
        ~Exists(unfinished),
        state=Upload.State.RECEIVING,
        origin=Upload.Origin.BROWSER,
        received_at__lt=timezone.now() - STALE_AFTER,
    )
    for upload in whole:
        receiving_complete(upload=upload)


def _give_up(upload: Upload, unchanged: QuerySet[Upload]) -> None:
    scanning = upload.state == Upload.State.SCANNING
    unchanged.update(
        state=Upload.State.FAILED if scanning else Upload.State.READY,
        claim="",
        heartbeat_at=None,
        attempts=0,
        error=GIVEN_UP,
    )


def uploads_sweep() -> int:
    """Discard uploads that are a week old, imported or not, and those that were not
    sent to their end for three days; how many they were.

    One that is just being imported is left to the next time. Folders without a row,
    or whose import is done, are what a killed process left: they go too.
    """
    forgotten = 0
    for upload in forgettable():
        try:
            upload_discard(upload=upload)
        except (Refused, Upload.DoesNotExist):
            continue
        forgotten += 1
    _remove_left_folders()
    _remove_left_in_clear()
    return forgotten


def _is_old(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > UNCLAIMED_FOR.total_seconds()
    except FileNotFoundError:  # another sweep was first
        return False


def _remove_left_folders() -> None:
    folders = list(uploads_folder().glob("*"))  # before the rows are looked up
    states = dict(Upload.objects.values_list("folder", "state"))
    for folder in folders:
        state = states.get(folder.name)
        if state == Upload.State.DONE or (state is None and _is_old(folder)):
            shutil.rmtree(folder, ignore_errors=True)
        if folder.is_dir():
            (folder / IN_CLEAR).unlink(missing_ok=True)


def _remove_left_in_clear() -> None:
    """What a server that was killed had just received of a form, before files of
    patients were sealed while they came; of now, weights of networks only."""
    for path in Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*"):
        if _is_old(path):
            path.unlink(missing_ok=True)
