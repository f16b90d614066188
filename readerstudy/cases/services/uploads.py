"""What becomes of files that a coordinator sent: looked through, confirmed, gone.

Each step is claimed by a conditional update and may be asked for twice. A worker
that dies leaves an old heartbeat, and the step is asked for again. Only the holder
of the claim writes to the row, so a worker that was given up too early does nothing.
"""

import json
import logging
import shutil
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused

from ..matching.planning import check_certain
from ..models import Cohort, Upload
from ..plan import CohortPlan
from ..sources import Source, sealed_source
from ..storage.room import NoRoomError
from ..storage.sealing import seal, sealed_sentence, unseal
from .claiming import ClaimLostError, claim, is_stale
from .images import images_take
from .importing import check_name, cohort_import
from .receiving import files_forget, sealed_files, upload_folder
from .scanning import meanwhile, scan_source

logger = logging.getLogger(__name__)

REPORT_S = 1
WORKING = (Upload.State.SCANNING, Upload.State.IMPORTING)
# Kept as it stands; the page translates it.
UNEXPECTED = gettext_noop(
    "Something unexpected went wrong; nothing was imported. "
    "The administrator finds the details in the log of the worker."
)
CHANGED_MEANWHILE = gettext_noop(
    "The pairs have changed since your page was made, perhaps in another window. "
    "Please look at them as they are now."
)


def plan_path(upload: Upload) -> Path:
    return upload_folder(upload) / "plan"


def plan_keep(upload: Upload, plan: CohortPlan) -> None:
    """Keep it sealed: the names of files may name patients. Whole or not at all."""
    path = plan_path(upload)
    partial = path.with_suffix(".part")
    partial.write_bytes(seal(json.dumps(plan.to_json()).encode()))
    partial.replace(path)


def upload_plan(upload: Upload) -> CohortPlan:
    """What was found in it. Refused before it has been looked through, and once it is
    imported."""
    if upload.state == Upload.State.DONE:
        raise Refused(_("These files were imported already."))
    try:
        sealed = plan_path(upload).read_bytes()
    except FileNotFoundError as error:
        raise Refused(_("The files have not been looked through yet.")) from error
    return CohortPlan.from_json(
        json.loads(unseal(sealed)), folder=upload_folder(upload)
    )


def upload_is_stale(upload: Upload) -> bool:
    """Whether the worker that took it up, or should have, is to be given up."""
    return upload.state in WORKING and is_stale(upload)


def upload_call(upload: Upload) -> None:
    """Wake a worker for its step once the row is on disk. If no message gets
    through, the sweep calls again."""
    from .. import tasks  # tasks call this module

    scanning = upload.state == Upload.State.SCANNING
    task = tasks.scan_upload if scanning else tasks.import_upload
    Upload.objects.filter(pk=upload.pk).update(called_at=timezone.now())

    def call() -> None:  # a partial would break the logging of its own failure
        task.delay(upload.pk)

    transaction.on_commit(call, robust=True)


def _claim(upload_id: int, state: str) -> Upload | None:
    """The upload, if it waits for this step and no living worker is at it."""
    rows = Upload.objects.filter(state=state)
    return claim(rows, upload_id, done=0, total=0, error="")


def _ours(upload: Upload) -> QuerySet[Upload]:
    """The row, as long as it is in the step that it was claimed for, by us."""
    return Upload.objects.filter(pk=upload.pk, state=upload.state, claim=upload.claim)


def _report_to(upload: Upload) -> Callable[[int, int], None]:
    """A progress callback that writes the row at most once a second.

    It raises ClaimLostError once the upload is not ours any more.
    """
    written_at = 0.0

    def report(done: int, total: int) -> None:
        nonlocal written_at
        if time.monotonic() - written_at >= REPORT_S:
            written_at = time.monotonic()
            now = timezone.now()
            if not _ours(upload).update(done=done, total=total, heartbeat_at=now):
                raise ClaimLostError

    return report


def upload_scan(*, upload_id: int) -> None:
    """Look through the files of an upload and keep the plan for its page; finished
    images of a cohort that is there already become its own at once."""
    upload = _claim(upload_id, Upload.State.SCANNING)
    if upload is None:
        return
    try:
        if upload.cohort:
            _take_images(upload, upload.cohort)
        else:
            _keep_scan(upload, _scan(upload))
    except ClaimLostError:
        logger.info("Upload %s: given up, it is no longer ours", upload.pk)
    except NoRoomError as error:  # no fault of the files: they stay
        _finish(upload, Upload.State.FAILED, error=str(error))
    except Refused as error:
        if _finish(upload, Upload.State.FAILED, error=sealed_sentence(str(error))):
            files_forget(upload)
    except Exception as error:
        _log_failure(upload, "looked through", error)
        _finish(upload, Upload.State.FAILED, error=UNEXPECTED)
    else:
        files_forget(upload)
    finally:
        shutil.rmtree(_scan_folder(upload), ignore_errors=True)


def _scan_folder(upload: Upload) -> Path:
    """Each attempt has its own: one that was given up may still be writing."""
    return upload_folder(upload) / f"scan-{upload.claim}"


def _take_images(upload: Upload, cohort: Cohort) -> None:
    report = _report_to(upload)
    with _opened(upload, report) as source:
        images_take(
            cohort=cohort,
            name=upload.name,
            source=source,
            by=upload.uploaded_by,
            progress=report,
        )
    if not _finish(upload, Upload.State.DONE):
        raise ClaimLostError


@contextmanager
def _opened(upload: Upload, report: Callable[[int, int], None]) -> Iterator[Source]:
    """An archive in an archive is unpacked first, which may take minutes."""
    with ExitStack() as stack:
        opening = sealed_source(sealed_files(upload))
        opened = partial(stack.enter_context, opening)
        yield meanwhile(partial(report, 0, 0), opened)


def _scan(upload: Upload) -> CohortPlan:
    for left in upload_folder(upload).glob("scan-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = _scan_folder(upload)
    folder.mkdir(mode=0o700)
    report = _report_to(upload)
    with _opened(upload, report) as source:
        return scan_source(
            source,
            folder=folder,
            progress=report,
            resampling=upload.resampling,
            study_type=upload.study_type,
        )


def _keep_scan(upload: Upload, plan: CohortPlan) -> None:
    """The plan and its scans are in their place if and only if the row says so."""
    with transaction.atomic():
        if not _ours(upload).select_for_update().exists():
            raise ClaimLostError
        folder = upload_folder(upload)
        shutil.rmtree(folder / "scans", ignore_errors=True)
        scans = plan.folder / "scans"
        if scans.exists():
            scans.rename(folder / "scans")
        plan_keep(upload, replace(plan, folder=folder))
        _finish(upload, Upload.State.READY)


def _log_failure(upload: Upload, what: str, error: Exception) -> None:
    """Where it broke and how, but no value: it may be of a file, and name a patient."""
    places = "".join(
        f" {Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
    )
    logger.error(
        "Upload %s could not be %s: %s at%s",
        upload.pk,
        what,
        type(error).__name__,
        places,
    )


def _finish(upload: Upload, state: str, **changes: object) -> int:
    """Leave the step it was claimed for; 0 if it is not ours any more."""
    return _ours(upload).update(
        state=state, claim="", heartbeat_at=None, attempts=0, **changes
    )


@transaction.atomic
def upload_confirm(*, upload: Upload, name: str, seen: str = "") -> None:
    """The coordinator has seen the pairs; make the cohort of them.

    seen: `CohortPlan.seen` of what was shown. Refused if it is not that any more.
    """
    name = check_name(name)
    confirmed = Upload.objects.filter(pk=upload.pk, state=Upload.State.READY).update(
        state=Upload.State.IMPORTING,
        name=name,
        done=0,
        total=0,
        error="",
        heartbeat_at=None,
        attempts=0,
    )
    if not confirmed:
        raise Refused(_("These files are not waiting to be confirmed."))
    plan = upload_plan(upload)
    if seen and seen != plan.seen:
        raise Refused(CHANGED_MEANWHILE)
    check_certain(plan.pairs)
    upload.refresh_from_db(fields=["state"])
    upload_call(upload)


def upload_import(*, upload_id: int) -> None:
    """Import a confirmed upload, then forget its files and their names.

    That it is done is committed together with the cohort, or neither is.
    """
    upload = _claim(upload_id, Upload.State.IMPORTING)
    if upload is None:
        return

    def done(cohort: Cohort) -> None:
        if not _finish(upload, Upload.State.DONE, cohort=cohort):
            raise ClaimLostError

    by = upload.uploaded_by
    try:
        cohort_import(
            plan=upload_plan(upload),
            name=upload.name,
            coordinators=[by] if by else [],
            progress=_report_to(upload),
            by=by,
            with_rows=done,
        )
    except ClaimLostError:
        logger.info("Upload %s: given up, it is no longer ours", upload.pk)
    except Refused as error:
        _finish(upload, Upload.State.READY, error=sealed_sentence(str(error)))
    except Exception as error:
        _log_failure(upload, "imported", error)
        _finish(upload, Upload.State.READY, error=UNEXPECTED)
    else:
        shutil.rmtree(upload_folder(upload), ignore_errors=True)


def upload_can_retry(upload: Upload) -> bool:
    """Whether it failed for no fault of its files, which are still there."""
    failed = upload.state == Upload.State.FAILED
    return failed and (upload_folder(upload) / "files").exists()


@transaction.atomic
def upload_retry(*, upload: Upload) -> None:
    """Ask again for a step that failed, or whose worker died. Refused while one is
    at work."""
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    if upload_can_retry(locked):
        locked.state, locked.error = Upload.State.SCANNING, ""
        locked.save(update_fields=["state", "error"])
    elif not upload_is_stale(locked):
        raise Refused(_("A worker is busy with these files."))
    Upload.objects.filter(pk=locked.pk).update(attempts=0)
    upload_call(locked)


@transaction.atomic
def upload_discard(*, upload: Upload, by: User | None = None) -> None:
    """Forget the files. Refused in the middle of an import, or if another has just
    taken them from the inbox."""
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    if by and locked.uploaded_by_id not in (None, by.pk):
        raise Refused(_("Another coordinator has just taken these files."))
    importing = locked.state == Upload.State.IMPORTING and locked.heartbeat_at
    if importing and not upload_is_stale(locked):
        raise Refused(_("These files are just being imported."))
    folder, number = upload_folder(locked), locked.pk
    locked.delete()
    event_record(
        action="upload.discard",
        actor=by,
        subject=("cohort", locked.name),
        before={"upload": number, "state": locked.state},
    )
    transaction.on_commit(partial(shutil.rmtree, folder, ignore_errors=True))
