"""Examinations (DICOM: studies) that a coordinator chose are fetched from a PACS.

What was chosen is kept sealed beside the files: the UIDs lead to patients. A worker
that dies leaves an old heartbeat; the next one goes on where it was, for what is here
is not fetched again.
"""

import json
import logging
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from ..digests import instance_digest
from ..gateways.pacs import UID, Place, Remote, server_named
from ..models import Upload
from ..storage.sealing import seal, unseal
from .importing import check_name
from .instances import NotReceivingError, instance_keep, staged
from .receiving import receiving_finish, receiving_open, upload_folder
from .upkeep import GIVEN_UP, MAX_ATTEMPTS
from .uploads import REPORT_S, STALE_AFTER, UNEXPECTED

logger = logging.getLogger(__name__)

NOTHING_THERE = gettext_noop("%(pacs)s has nothing of these examinations any more.")


class _NotOursError(Exception):
    """The upload was discarded or finished, or another worker has taken it over."""


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
) -> Upload:
    """Have them fetched, looked through and shown as the cohort `name`."""
    name = check_name(name)
    server = server_named(pacs)
    chosen = list(dict.fromkeys(studies))
    if not chosen:
        raise Refused(_("Please choose at least one examination."))
    if not all(UID.fullmatch(uid) for uid in chosen):
        raise Refused(_("That is not an examination."))
    upload = receiving_open(
        user=user,
        origin=Upload.Origin.PULL,
        peer=server.name,
        name=name,
        resampling=resampling,
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
    last = upload.heartbeat_at or upload.called_at or upload.created_at
    return not upload.error and timezone.now() - last > STALE_AFTER


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


def upload_pull(*, upload_id: int) -> None:
    """Fetch what was chosen, then have it looked through. May be asked for twice."""
    upload = _claim(upload_id)
    if upload is None:
        return
    try:
        _fetch(upload)
        _finish(upload)
    except (_NotOursError, NotReceivingError):
        logger.info("Upload %s: given up, it is no longer ours", upload.pk)
    except Refused as error:
        _stop(upload, str(error))
    except Exception as error:  # its text may name what was fetched
        logger.error(
            "Upload %s could not be fetched: %s", upload.pk, type(error).__name__
        )
        _stop(upload, UNEXPECTED)


def _claim(upload_id: int) -> Upload | None:
    now = timezone.now()
    free = Q(heartbeat_at=None) | Q(heartbeat_at__lt=now - STALE_AFTER)
    claimed = _fetching().filter(free, pk=upload_id, error="")
    if not claimed.update(
        claim=(claim := secrets.token_hex(16)),
        heartbeat_at=now,
        attempts=F("attempts") + 1,
    ):
        return None
    return Upload.objects.filter(pk=upload_id, claim=claim).first()


def _note(upload: Upload, **changes: object) -> None:
    """Write to the row as long as it is ours."""
    if not _fetching().filter(pk=upload.pk, claim=upload.claim).update(**changes):
        raise _NotOursError


def _stop(upload: Upload, error: str) -> None:
    try:
        _note(upload, error=error, claim="", heartbeat_at=None, attempts=0)
    except _NotOursError:
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
    """Writes the row at most once a second; _NotOursError once it is not ours."""
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
    now = timezone.now()
    silent = Q(heartbeat_at=None) | Q(heartbeat_at__lt=now - STALE_AFTER)
    uncalled = Q(called_at=None) | Q(called_at__lte=now - call_again)
    called = 0
    for upload in _fetching().filter(silent, uncalled, error=""):
        unchanged = _fetching().filter(
            pk=upload.pk, called_at=upload.called_at, heartbeat_at=upload.heartbeat_at
        )
        if upload.attempts >= MAX_ATTEMPTS:
            unchanged.update(error=GIVEN_UP, claim="", heartbeat_at=None, attempts=0)
            continue
        with transaction.atomic():
            if unchanged.update(called_at=now):
                _call(upload)
                called += 1
    return called
