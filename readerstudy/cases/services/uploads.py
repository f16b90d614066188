"""What becomes of files that a coordinator sent: looked through, confirmed, gone.

Each step is claimed by a conditional update and may be asked for twice. A worker
that dies leaves an old heartbeat, and the step is asked for again. Only the holder
of the claim writes to the row, so a worker that was given up too early does nothing.
"""

import json
import logging
import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused

from ..models import Cohort, Upload
from ..plan import CohortPlan
from ..sealing import seal, unseal
from .importing import check_name, cohort_import
from .receiving import upload_folder, uploads_folder
from .scanning import cohort_scan

logger = logging.getLogger(__name__)

# A living worker says so every second; a slow disk may hold it up for some.
STALE_AFTER = timedelta(seconds=60)
LONGEST_NAME = 500
MAX_ATTEMPTS = 3
REPORT_S = 1
KEPT_FOR = timedelta(days=7)
# Longer than any browser takes to send its files.
UNCLAIMED_FOR = timedelta(days=1)
WORKING = (Upload.State.SCANNING, Upload.State.IMPORTING)
# Kept as it stands; the page translates it.
UNEXPECTED = gettext_noop(
    "Something unexpected went wrong; nothing was imported. "
    "The administrator finds the details in the log of the worker."
)
# As above.
GIVEN_UP = gettext_noop(
    "The worker ended three times in the middle of it, perhaps for lack of memory; "
    "nothing was imported. The log of the worker may say more."
)


class _ClaimLostError(Exception):
    """The upload was discarded, or another worker has taken it over."""


def plan_path(upload: Upload) -> Path:
    return upload_folder(upload) / "plan"


def plan_keep(upload: Upload, plan: CohortPlan) -> None:
    """Keep it sealed: the names of files may name patients. Whole or not at all."""
    path = plan_path(upload)
    partial = path.with_suffix(".part")
    partial.write_bytes(seal(json.dumps(plan.to_json()).encode()))
    partial.replace(path)


def upload_plan(upload: Upload) -> CohortPlan:
    """What was found in it. Refused before it has been looked through."""
    try:
        sealed = plan_path(upload).read_bytes()
    except FileNotFoundError as error:
        raise Refused(_("The files have not been looked through yet.")) from error
    return CohortPlan.from_json(
        json.loads(unseal(sealed)), folder=upload_folder(upload)
    )


def preview_path(upload: Upload, *, code: str, role: str) -> Path:
    return upload_folder(upload) / "previews" / f"{code}-{role}.png"


def upload_is_stale(upload: Upload) -> bool:
    """Whether the worker that took it up, or should have, is to be given up."""
    last = upload.heartbeat_at or upload.called_at or upload.created_at
    return upload.state in WORKING and timezone.now() - last > STALE_AFTER


def upload_create(
    *, user: User, name: str, files: Sequence["UploadedFile[bytes]"]
) -> Upload:
    """Keep the files and have them looked through.

    files: one zip, or some files, which are put into one as they are.
    """
    name = check_name(name)
    if not files:
        raise Refused(_("Please choose a zip file, or the files of the cohort."))
    upload = Upload(uploaded_by=user, name=name, folder=secrets.token_hex(16))
    folder = upload_folder(upload)
    folder.mkdir(parents=True, mode=0o700)
    try:
        _keep(files, upload_zip(upload))
        with transaction.atomic():
            upload.save()
            upload_call(upload)
            event_record(
                action="upload.create",
                actor=user,
                subject=("cohort", name),
                after={"upload": upload.pk, "files": len(files)},
            )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return upload


def _keep(files: Sequence["UploadedFile[bytes]"], target: Path) -> None:
    if len(files) == 1 and zipfile.is_zipfile(files[0]):
        files[0].seek(0)
        with target.open("xb") as kept:
            for chunk in files[0].chunks():
                kept.write(chunk)
        return
    with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as archive:
        for number, file in enumerate(files, start=1):
            name = str(file.name)[-LONGEST_NAME:]
            if name in archive.NameToInfo:  # of another folder: browsers strip them
                name = f"{name} ({number})"
            with archive.open(name, "w", force_zip64=True) as member:
                for chunk in file.chunks():
                    member.write(chunk)


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
    now = timezone.now()
    free = Q(heartbeat_at=None) | Q(heartbeat_at__lt=now - STALE_AFTER)
    claimed = Upload.objects.filter(free, pk=upload_id, state=state).update(
        claim=(claim := secrets.token_hex(16)),
        heartbeat_at=now,
        attempts=F("attempts") + 1,
        done=0,
        total=0,
        error="",
    )
    return Upload.objects.filter(pk=upload_id, claim=claim).first() if claimed else None


def _ours(upload: Upload) -> QuerySet[Upload]:
    """The row, as long as it is in the step that it was claimed for, by us."""
    return Upload.objects.filter(pk=upload.pk, state=upload.state, claim=upload.claim)


def _report_to(upload: Upload) -> Callable[[int, int], None]:
    """A progress callback that writes the row at most once a second.

    It raises _ClaimLostError once the upload is not ours any more.
    """
    written_at = 0.0

    def report(done: int, total: int) -> None:
        nonlocal written_at
        if time.monotonic() - written_at >= REPORT_S:
            written_at = time.monotonic()
            now = timezone.now()
            if not _ours(upload).update(done=done, total=total, heartbeat_at=now):
                raise _ClaimLostError

    return report


def upload_scan(*, upload_id: int) -> None:
    """Look through the files of an upload and keep the plan for its page."""
    upload = _claim(upload_id, Upload.State.SCANNING)
    if upload is None:
        return
    try:
        plan = cohort_scan(upload_zip(upload), progress=_report_to(upload))
        _keep_previews(upload, plan)
    except _ClaimLostError:
        logger.info("Upload %s: given up, it is no longer ours", upload.pk)
    except Refused as error:
        _finish(upload, Upload.State.FAILED, error=str(error))
    except Exception:
        logger.exception("Upload %s could not be looked through", upload.pk)
        _finish(upload, Upload.State.FAILED, error=UNEXPECTED)
    else:
        _finish(upload, Upload.State.READY, plan=plan.to_json())


def _keep_previews(upload: Upload, plan: CohortPlan) -> None:
    for pair in plan.pairs:
        for role, png in zip(("reference", "short"), pair.previews or (), strict=False):
            path = preview_path(upload, code=pair.code, role=role)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(png)


def _finish(upload: Upload, state: str, **changes: object) -> int:
    """Leave the step it was claimed for; 0 if it is not ours any more."""
    return _ours(upload).update(
        state=state, claim="", heartbeat_at=None, attempts=0, **changes
    )


@transaction.atomic
def upload_confirm(*, upload: Upload, name: str) -> None:
    """The coordinator has seen the pairs; make the cohort of them."""
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
        if not _finish(upload, Upload.State.DONE, cohort=cohort, plan=None):
            raise _ClaimLostError

    try:
        cohort_import(
            plan=upload_plan(upload),
            name=upload.name,
            coordinators=[upload.uploaded_by],
            progress=_report_to(upload),
            by=upload.uploaded_by,
            with_rows=done,
        )
    except _ClaimLostError:
        logger.info("Upload %s: given up, it is no longer ours", upload.pk)
    except Refused as error:
        _finish(upload, Upload.State.READY, error=str(error))
    except Exception:
        logger.exception("Upload %s could not be imported", upload.pk)
        _finish(upload, Upload.State.READY, error=UNEXPECTED)
    else:
        shutil.rmtree(upload_folder(upload), ignore_errors=True)


@transaction.atomic
def upload_retry(*, upload: Upload) -> None:
    """Ask again for the step whose worker died. Refused while one is at work."""
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    if not upload_is_stale(locked):
        raise Refused(_("A worker is busy with these files."))
    Upload.objects.filter(pk=locked.pk).update(attempts=0)
    upload_call(locked)


def uploads_recover(*, call_again: timedelta = STALE_AFTER) -> int:
    """Call workers again for steps whose worker is dead or whose message was lost;
    how many. May run anywhere, any number of times at once.

    call_again: how long after its last call a step is called again.
    """
    now = timezone.now()
    silent = Q(heartbeat_at=None) | Q(heartbeat_at__lt=now - STALE_AFTER)
    uncalled = Q(called_at=None) | Q(called_at__lte=now - call_again)
    called = 0
    for upload in Upload.objects.filter(silent, uncalled, state__in=WORKING):
        unchanged = Upload.objects.filter(
            pk=upload.pk,
            state=upload.state,
            called_at=upload.called_at,
            heartbeat_at=upload.heartbeat_at,
        )
        if upload.attempts >= MAX_ATTEMPTS:
            _give_up(upload, unchanged)
            continue
        with transaction.atomic():
            if unchanged.update(called_at=now):
                upload_call(upload)
                called += 1
    return called


def _give_up(upload: Upload, unchanged: QuerySet[Upload]) -> None:
    scanning = upload.state == Upload.State.SCANNING
    unchanged.update(
        state=Upload.State.FAILED if scanning else Upload.State.READY,
        claim="",
        heartbeat_at=None,
        attempts=0,
        error=GIVEN_UP,
    )


@transaction.atomic
def upload_discard(*, upload: Upload, by: User | None = None) -> None:
    """Forget the files. Refused in the middle of an import."""
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
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


def uploads_sweep() -> int:
    """Discard uploads that are a week old, imported or not; how many they were.

    One that is just being imported is left to the next time. Folders without a row,
    or whose import is done, are what a killed process left: they go too.
    """
    forgotten = 0
    for upload in Upload.objects.filter(created_at__lt=timezone.now() - KEPT_FOR):
        try:
            upload_discard(upload=upload)
        except (Refused, Upload.DoesNotExist):
            continue
        forgotten += 1
    _remove_left_folders()
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
