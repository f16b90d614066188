"""What becomes of files that a coordinator sent: looked through, confirmed, gone.

Each step is claimed by a conditional update and may be asked for twice. A worker
that dies leaves an old heartbeat, and the step can be asked for again.
"""

import logging
import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused

from .importing import check_name, cohort_import
from .ingest import cohort_scan
from .models import Upload
from .plan import CohortPlan

logger = logging.getLogger(__name__)

# A living worker says so every second; a slow disk may hold it up for some.
STALE_AFTER = timedelta(seconds=60)
LONGEST_NAME = 500
KEPT_FOR = timedelta(days=7)
WORKING = (Upload.State.SCANNING, Upload.State.IMPORTING)
# Kept as it stands; the page translates it.
UNEXPECTED = gettext_noop(
    "Something unexpected went wrong; nothing was imported. "
    "The administrator finds the details in the log of the worker."
)


def upload_folder(upload: Upload) -> Path:
    folder: Path = settings.VAR_DIR / "uploads" / upload.folder
    return folder


def upload_zip(upload: Upload) -> Path:
    return upload_folder(upload) / "cohort.zip"


def preview_path(upload: Upload, *, code: str, role: str) -> Path:
    return upload_folder(upload) / "previews" / f"{code}-{role}.png"


def upload_is_stale(upload: Upload) -> bool:
    """Whether the worker that took it up, or should have, is to be given up."""
    last = upload.heartbeat_at or upload.created_at
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
            event_record(
                action="upload.create",
                actor=user,
                subject=("cohort", name),
                after={"upload": upload.pk, "files": len(files)},
            )
            transaction.on_commit(partial(_enqueue, "scan_upload", upload.pk))
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


def _enqueue(task: str, upload_id: int) -> None:
    from . import tasks  # tasks call this module

    getattr(tasks, task).delay(upload_id)


def _claim(upload_id: int, state: str) -> Upload | None:
    """The upload, if it waits for this step and no living worker is at it."""
    now = timezone.now()
    free = Q(heartbeat_at=None) | Q(heartbeat_at__lt=now - STALE_AFTER)
    claimed = Upload.objects.filter(free, pk=upload_id, state=state).update(
        heartbeat_at=now, done=0, total=0, error=""
    )
    return Upload.objects.get(pk=upload_id) if claimed else None


def _report_to(upload_id: int) -> Callable[[int, int], None]:
    """A progress callback that writes the row at most once a second."""
    written_at = 0.0

    def report(done: int, total: int) -> None:
        nonlocal written_at
        if time.monotonic() - written_at >= 1:
            written_at = time.monotonic()
            Upload.objects.filter(pk=upload_id).update(
                done=done, total=total, heartbeat_at=timezone.now()
            )

    return report


def upload_scan(*, upload_id: int) -> None:
    """Look through the files of an upload and keep the plan for its page."""
    upload = _claim(upload_id, Upload.State.SCANNING)
    if upload is None:
        return
    try:
        plan = cohort_scan(upload_zip(upload), progress=_report_to(upload.pk))
        _keep_previews(upload, plan)
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


def _finish(upload: Upload, state: str, **changes: object) -> None:
    """Leave the step it was claimed for; does nothing if it was discarded meanwhile."""
    Upload.objects.filter(pk=upload.pk, state=upload.state).update(
        state=state, heartbeat_at=None, **changes
    )


def upload_plan(upload: Upload) -> CohortPlan:
    """What was found in it. Refused before it has been looked through."""
    if upload.plan is None:
        raise Refused(_("The files have not been looked through yet."))
    return CohortPlan.from_json(upload.plan, path=upload_zip(upload))


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
    )
    if not confirmed:
        raise Refused(_("These files are not waiting to be confirmed."))
    transaction.on_commit(partial(_enqueue, "import_upload", upload.pk))


def upload_import(*, upload_id: int) -> None:
    """Import a confirmed upload, then forget its files and their names."""
    upload = _claim(upload_id, Upload.State.IMPORTING)
    if upload is None:
        return
    try:
        cohort = cohort_import(
            plan=upload_plan(upload),
            name=upload.name,
            coordinators=[upload.uploaded_by],
            progress=_report_to(upload.pk),
            by=upload.uploaded_by,
        )
    except Refused as error:
        _finish(upload, Upload.State.READY, error=str(error))
    except Exception:
        logger.exception("Upload %s could not be imported", upload.pk)
        _finish(upload, Upload.State.READY, error=UNEXPECTED)
    else:
        _finish(upload, Upload.State.DONE, cohort=cohort, plan=None)
        shutil.rmtree(upload_folder(upload), ignore_errors=True)


@transaction.atomic
def upload_retry(*, upload: Upload) -> None:
    """Ask again for the step whose worker died. Refused while one is at work."""
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    if not upload_is_stale(locked):
        raise Refused(_("A worker is busy with these files."))
    task = "scan_upload" if locked.state == Upload.State.SCANNING else "import_upload"
    transaction.on_commit(partial(_enqueue, task, upload.pk))


@transaction.atomic
def upload_discard(*, upload: Upload, by: User | None = None) -> None:
    """Forget the files. Refused in the middle of an import."""
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    if locked.state == Upload.State.IMPORTING and not upload_is_stale(locked):
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
    """Discard uploads that nobody confirmed for a week; how many they were."""
    old = Upload.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    forgotten = 0
    for upload in old.exclude(state=Upload.State.IMPORTING):
        upload_discard(upload=upload)
        forgotten += 1
    return forgotten
