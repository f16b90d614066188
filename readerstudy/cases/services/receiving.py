"""Files come in: sealed before they touch the disk, from a browser, a DICOM node,
DICOMweb or a PACS alike."""

import secrets
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused

from ..digests import instance_digest
from ..models import Upload, UploadFile
from ..sealing import seal, sealed_append


def uploads_folder() -> Path:
    folder: Path = settings.VAR_DIR / "uploads"
    return folder


def upload_folder(upload: Upload) -> Path:
    return uploads_folder() / upload.folder


def file_path(file: UploadFile) -> Path:
    """Where its sealed content lies."""
    return upload_folder(file.upload) / "files" / file.token


@transaction.atomic
def receiving_open(
    *,
    user: User | None,
    origin: str,
    peer: str = "",
    name: str = "",
    resampling: bool = False,
) -> Upload:
    """A new, empty upload that takes files. user: None for the inbox."""
    upload = Upload.objects.create(
        uploaded_by=user,
        origin=origin,
        peer=peer,
        name=name,
        resampling=resampling,
        folder=secrets.token_hex(16),
        state=Upload.State.RECEIVING,
    )
    (upload_folder(upload) / "files").mkdir(parents=True, mode=0o700)
    event_record(
        action="upload.create",
        actor=user,
        subject=("cohort", name),
        after={"upload": upload.pk, "origin": origin, "peer": peer},
    )
    return upload


def file_expect(
    *, upload: Upload, name: str, size: int, sop_uid: str = ""
) -> UploadFile:
    """A file of `size` bytes that is to come. Refused once the upload is complete."""
    with transaction.atomic():
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        if locked.state != Upload.State.RECEIVING:
            raise Refused(_("These files are complete; no more can be added."))
        return UploadFile.objects.create(
            upload=upload,
            sealed_name=seal(name.encode()),
            size=size,
            instance_digest=instance_digest([sop_uid]) if sop_uid else "",
        )


def file_append(*, file: UploadFile, at: int, chunks: Iterable[bytes]) -> UploadFile:
    """Write from byte `at` on and note how far it got, even if the sender stops.

    Refused unless `at` is where the file ends, or if more comes than was announced.
    """
    if at != file.received:
        raise Refused(_("The file goes on at byte %(at)d.") % {"at": file.received})
    with sealed_append(file_path(file), at=at) as writer:
        try:
            for chunk in chunks:
                if writer.length + len(chunk) > file.size:
                    raise Refused(_("The file is longer than was announced."))
                writer.write(chunk)
        finally:
            file.received = writer.length
    now = timezone.now()
    UploadFile.objects.filter(pk=file.pk).update(received=file.received)
    Upload.objects.filter(pk=file.upload_id).update(received_at=now)
    return file


def file_add(
    *, upload: Upload, name: str, content: bytes, sop_uid: str = ""
) -> UploadFile:
    """A whole file at once; the same instance again changes nothing."""
    if sop_uid:
        digest = instance_digest([sop_uid])
        if same := upload.files.filter(instance_digest=digest).first():
            return same
    file = file_expect(upload=upload, name=name, size=len(content), sop_uid=sop_uid)
    return file_append(file=file, at=0, chunks=[content])


def receiving_finish(*, upload: Upload, name: str, by: User) -> None:
    """All files are there: the upload is `by`'s, called `name`, and looked through."""
    from .uploads import upload_call  # uploads need folders from here

    with transaction.atomic():
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        if locked.state != Upload.State.RECEIVING:
            raise Refused(_("These files are complete already."))
        if not locked.files.exists():
            raise Refused(_("Please choose a zip file, or the files of the cohort."))
        locked.uploaded_by, locked.name = by, name
        locked.state = Upload.State.SCANNING
        locked.save(update_fields=["uploaded_by", "name", "state"])
        upload_call(locked)
