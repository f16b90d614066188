"""Examinations (DICOM: studies) that a coordinator chose are fetched from a PACS.

What was chosen is kept sealed beside the files: the UIDs lead to patients. A worker
that dies leaves an old heartbeat; the next one goes on where it was, for what is here
is not fetched again.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import DAT_SPECT

from ..digests import instance_digest
from ..gateways.pacs import UID, Place, Remote, server_named
from ..models import Upload
from ..storage.sealing import seal, unseal
from .claiming import STALE_AFTER, ClaimLostError, claim, is_stale, recover
from .importing import check_name
from .instances import NotReceivingError, instance_keep, staged
from .receiving import receiving_finish, receiving_open, upload_folder
from .sending import check_waiting
from .upkeep import GIVEN_UP
from .uploads import (
    REPORT_S,
    UNEXPECTED,
    WORKING,
    upload_can_retry,
    upload_is_stale,
    upload_retry,
)

logger = logging.getLogger(__name__)

NOTHING_THERE = gettext_noop("%(pacs)s has nothing of these examinations any more.")


def _wanted_path(upload: Upload) -> Path:
    return upload_folder(upload) / "wanted"


def _fetching() -> QuerySet[Upload]:
    return Upload.objects.filter(
        origin=Upload.Origin.PULL, state=Upload.State.RECEIVING
    )


@transaction.atomic
def pull_open(
    *,
    user: User,
    pacs: str,
    studies: Sequence[str],
    name: str,
    resampling: bool = False,
    study_type: str = DAT_SPECT,
) -> Upload:
    """Have them fetched, looked through and shown as the cohort `name`."""
    name = check_name(name)
    server = server_named(pacs)
    chosen = list(dict.fromkeys(studies))
    if not chosen:
        raise Refused(_("Please choose at least one examination."))
    if not all(UID.fullmatch(uid) for uid in chosen):
        raise Refused(_("That is not an examination."))
    check_waiting(user, more=0)
    upload = receiving_open(
        user=user,
        origin=Upload.Origin.PULL,
        peer=server.name,
        name=name,
        resampling=resampling,
        study_type=study_type,
    )
    _wanted_path(upload).write_bytes(seal(json.dumps(chosen).encode()))
    _call(upload)
    return upload


def _call(upload: Upload) -> None:
    from .. import tasks  # tasks call this module

    Upload.objects.filter(pk=upload.pk).update(called_at=timezone.now())
    transaction.on_commit(lambda: tasks.pull_upload.delay(upload.pk), robust=True)


def pull_is_stale(upload: Upload) -> bool:
    """Whether the worker that took it up, or should have, is to be given up."""
    return not upload.error and is_stale(upload)


@transaction.atomic
def pull_retry(*, upload: Upload) -> None:
    """Go on after an error, or where a worker died. Refused while one is at it."""
    locked = _fetching().select_for_update().filter(pk=upload.pk).first()
    if locked is None or not (locked.error or pull_is_stale(locked)):
        raise Refused(_("A worker is busy with these files."))
    _fetching().filter(pk=locked.pk).update(
        error="", attempts=0, claim="", heartbeat_at=None
    )
    _call(locked)


def is_worked_at(upload: Upload) -> bool:
    """Whether it is in a worker's hands, or waits for one."""
    return upload.state in WORKING or _is_fetched(upload)


def step_can_retry(upload: Upload) -> bool:
    """Whether its step, fetching included, failed for no fault of its files, or lost
    its worker."""
    if _is_fetched(upload):
        return bool(upload.error) or is_stale(upload)
    return upload_can_retry(upload) or upload_is_stale(upload)


def step_retry(*, upload: Upload) -> None:
    """Ask again for the step that it is in. Refused while a worker is at it."""
    if _is_fetched(upload):
        pull_retry(upload=upload)
    else:
        upload_retry(upload=upload)


def _is_fetched(upload: Upload) -> bool:
    receiving = upload.state == Upload.State.RECEIVING
    return receiving and upload.origin == Upload.Origin.PULL


def upload_pull(*, upload_id: int) -> None:
    """Fetch what was chosen, then have it looked through. May be asked for twice."""
    upload = claim(_fetching().filter(error=""), upload_id)
    if upload is None:
        return
    try:
        _fetch(upload)
        _finish(upload)
    except (ClaimLostError, NotReceivingError):
        logger.info("Upload %s: given up, it is no longer ours", upload.pk)
    except Refused as error:
        _stop(upload, str(error))
    except Exception as error:  # its text may name what was fetched
        logger.error(
            "Upload %s could not be fetched: %s", upload.pk, type(error).__name__
        )
        _stop(upload, UNEXPECTED)


def _note(upload: Upload, **changes: object) -> None:
    """Write to the row as long as it is ours."""
    if not _fetching().filter(pk=upload.pk, claim=upload.claim).update(**changes):
        raise ClaimLostError


def _stop(upload: Upload, error: str) -> None:
    try:
        _note(upload, error=error, claim="", heartbeat_at=None, attempts=0)
    except ClaimLostError:
        logger.info("Upload %s: given up, it is no longer ours", upload.pk)


def _fetch(upload: Upload) -> None:
    chosen: list[str] = json.loads(unseal(_wanted_path(upload).read_bytes()))
    with Remote(server_named(upload.peer)) as remote:
        places: list[Place] = []
        for study in chosen:
            places += remote.instances(study)
            _note(upload, total=len(places), heartbeat_at=timezone.now())
        here = set(upload.files.values_list("instance_digest", flat=True))
        report = _report_to(upload)
        for number, place in enumerate(places):
            report(number)
            if instance_digest([place.instance]) not in here:
                _fetch_one(upload, remote, place, partial(report, number))


def _report_to(upload: Upload) -> Callable[[int], None]:
    """Writes the row at most once a second; ClaimLostError once it is not ours."""
    noted_at = 0.0

    def report(done: int) -> None:
        nonlocal noted_at
        if time.monotonic() - noted_at >= REPORT_S:
            noted_at = time.monotonic()
            _note(upload, done=done, heartbeat_at=timezone.now())

    return report


def _fetch_one(
    upload: Upload, remote: Remote, place: Place, alive: Callable[[], None]
) -> None:
    def chunks() -> Iterator[bytes]:
        for chunk in remote.content(place):
            alive()
            yield chunk

    with staged(chunks()) as one:
        instance_keep(upload=upload, one=one, sop_uid=place.instance)
    if upload.attempts:  # it gets further, so it may die again before it is given up
        _note(upload, attempts=0)
        upload.attempts = 0


@transaction.atomic
def _finish(upload: Upload) -> None:
    if not upload.files.exists():
        raise Refused(NOTHING_THERE % {"pacs": upload.peer})
    assert upload.uploaded_by  # who chose
    _note(upload, claim="", heartbeat_at=None, attempts=0, done=0, total=0)
    _wanted_path(upload).unlink(missing_ok=True)
    receiving_finish(upload=upload, name=upload.name, by=upload.uploaded_by)


def pulls_recover(*, call_again: timedelta = STALE_AFTER) -> int:
    """As uploads_recover, for what is being fetched."""
    return recover(
        _fetching().filter(error=""),
        call=_call,
        give_up=_give_up,
        call_again=call_again,
    )


def _give_up(upload: Upload, unchanged: QuerySet[Upload]) -> None:
    unchanged.update(error=GIVEN_UP, claim="", heartbeat_at=None, attempts=0)
