"""Files come in: from a browser, a DICOM node or a PACS alike. They lie sealed."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused

from ..digests import instance_digest
from ..models import Upload, UploadFile
from ..parcels import Opener, ParcelWriter, member_open, parcel_members
from ..sealing import SealedWriter, seal, sealed_append, sealed_open, unseal

# Of a stream, so much at a time is on disk and counted: what a lost connection costs.
PIECE_BYTES = 4 * 2**20


class FileBusyError(Refused):
    """Somebody else is just writing to the file."""


class WrongOffsetError(Refused):
    """The file does not end where the sender thinks."""


class TooLongError(Refused):
    """More came than was announced."""


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


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else writes to the file meanwhile, in no process; a death lets go."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise FileBusyError(_("The file is just being written to.")) from error
    try:
        yield
    finally:
        os.close(handle)


def file_append(*, file: UploadFile, at: int, chunks: Iterable[bytes]) -> UploadFile:
    """Write from byte `at` on and note how far it got, even if the sender stops.

    Refused unless `at` is where the file ends, if more comes than was announced, or
    while another writes to it.
    """
    with _alone(file_path(file)):
        file.refresh_from_db(fields=["received"])
        if at != file.received:
            raise WrongOffsetError(
                _("The file goes on at byte %(at)d.") % {"at": file.received}
            )
        try:
            with sealed_append(file_path(file), at=at) as writer:
                try:
                    _write(writer, chunks, most=file.size)
                finally:
                    file.received = writer.length
        finally:
            _note(file)
    return file


def _write(writer: SealedWriter, chunks: Iterable[bytes], *, most: int) -> None:
    for chunk in chunks:
        if writer.length + len(chunk) > most:
            raise TooLongError(_("The file is longer than was announced."))
        writer.write(chunk)


def _note(file: UploadFile) -> None:
    """What is on disk is counted, as long as it is wanted."""
    receiving = UploadFile.objects.filter(
        pk=file.pk, upload__state=Upload.State.RECEIVING
    )
    if not receiving.update(received=file.received):
        raise Refused(_("These files are complete; no more can be added."))
    Upload.objects.filter(pk=file.upload_id).update(received_at=timezone.now())


def file_add(
    *, upload: Upload, name: str, content: bytes, sop_uid: str = ""
) -> UploadFile:
    """A whole file at once; the same instance again changes nothing."""
    if sop_uid and (same := _same_instance(upload, sop_uid)):
        return same
    try:
        with transaction.atomic():
            file = file_expect(
                upload=upload, name=name, size=len(content), sop_uid=sop_uid
            )
    except IntegrityError:  # another connection was quicker with the same instance
        return upload.files.get(instance_digest=instance_digest([sop_uid]))
    return file_append(file=file, at=0, chunks=[content])


def _same_instance(upload: Upload, sop_uid: str) -> UploadFile | None:
    """It is here already. What a sender that died left of it is begun anew."""
    same = upload.files.filter(instance_digest=instance_digest([sop_uid])).first()
    if same is None or same.is_whole:
        return same
    with _alone(file_path(same)):
        same.delete()
    file_path(same).unlink(missing_ok=True)
    return None


def files_add(*, upload: Upload, files: Sequence["UploadedFile[bytes]"]) -> UploadFile:
    """Some whole files, sealed as one parcel."""
    path = upload_folder(upload) / "files" / secrets.token_hex(16)
    with sealed_append(path) as writer:
        parcel = ParcelWriter(writer)
        for one in files:
            parcel.begin(str(one.name))
            for chunk in one.chunks():
                parcel.write(chunk)
        parcel.finish()
    return UploadFile.objects.create(
        upload=upload,
        token=path.name,
        sealed_name=seal(b""),
        size=writer.length,
        received=writer.length,
    )


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


def sealed_files(upload: Upload) -> list[tuple[str, Opener]]:
    """Every file that was sent, in its order, and how to open it.

    Names are made different where they are not: files of two folders may share one.
    """
    found: list[tuple[str, Opener]] = []
    for file in upload.files.order_by("pk"):
        found += _opened(file)
    names: set[str] = set()
    unique: list[tuple[str, Opener]] = []
    for number, (name, opener) in enumerate(found, start=1):
        if name in names:
            name = f"{name} ({number})"
        names.add(name)
        unique.append((name, opener))
    return unique


def _opened(file: UploadFile) -> Iterator[tuple[str, Opener]]:
    path = file_path(file)
    try:
        with sealed_open(path) as content:
            members = parcel_members(content)
    except FileNotFoundError as error:
        raise Refused(
            gettext_noop("The files are not there any more. Please send them again.")
        ) from error
    if members is None:
        name = unseal(file.sealed_name).decode()
        yield name or file.token, partial(sealed_open, path)
        return
    for member in members:
        yield member.name, partial(member_open, path, member)


def files_forget(upload: Upload) -> None:
    """What was sent is not needed any more: only what was made of it stays."""
    shutil.rmtree(upload_folder(upload) / "files", ignore_errors=True)
    upload.files.all().delete()
