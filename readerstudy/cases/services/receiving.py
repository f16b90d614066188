"""Files come in: from a browser, a DICOM node or a PACS alike. They lie sealed."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import DAT_SPECT, study_type_get

from ..digests import instance_digest
from ..models import Cohort, Upload, UploadFile
from ..models.uploads import file_token
from ..storage.parcels import Opener, ParcelWriter, member_open, parcel_members
from ..storage.room import check_room
from ..storage.sealing import SealedWriter, seal, sealed_append, sealed_open, unseal

# Of a stream, so much at a time is on disk and counted: what a lost connection costs.
PIECE_BYTES = 4 * 2**20


class FileBusyError(Refused):
    """Somebody else is just writing to the file."""


class WrongOffsetError(Refused):
    """The file does not end where the sender thinks."""


class GoneError(Refused):
    """It was discarded, is complete, or has waited for too long."""


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
    study_type: str = DAT_SPECT,
    cohort: Cohort | None = None,
) -> Upload:
    """A new, empty upload that takes files. user: None for the inbox. cohort: whose
    finished images they are."""
    upload = Upload.objects.create(
        uploaded_by=user,
        origin=origin,
        peer=peer,
        name=name,
        resampling=resampling,
        study_type=study_type_get(study_type).key,
        cohort=cohort,
        folder=secrets.token_hex(16),
        state=Upload.State.RECEIVING,
    )
    folder = upload_folder(upload)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(mode=0o700)  # of several at once, only the last gets the mode
    (folder / "files").mkdir(mode=0o700)
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
def _alone(file: UploadFile) -> Iterator[None]:
    """Nobody else writes to the file meanwhile, in no process; a death lets go."""
    try:
        handle = os.open(file_path(file), os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError as error:  # with its folder
        raise _ended(file) from error
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
    with _alone(file):
        try:
            file.refresh_from_db(fields=["received"])
        except UploadFile.DoesNotExist as error:
            raise _ended(file) from error
        if at != file.received:
            raise _goes_on(file)
        try:
            with sealed_append(file_path(file), at=at) as writer:
                try:
                    _write(writer, chunks, most=file.size)
                finally:
                    file.received = writer.length
        finally:
            _note(file)
    return file


def _goes_on(file: UploadFile) -> WrongOffsetError:
    text = _("The file goes on at byte %(at)d.")
    return WrongOffsetError(text % {"at": file.received})


def _ended(file: UploadFile) -> Refused:
    """Why no more is written: it is whole, as a second sender learns, or not wanted."""
    now = UploadFile.objects.filter(pk=file.pk).first()
    if now and now.is_whole:
        return _goes_on(now)
    return GoneError(
        _("These files were discarded or are complete; no more can be added.")
    )


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
        raise _ended(file)
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
    with _alone(same):
        same.delete()
    file_path(same).unlink(missing_ok=True)
    return None


def file_receive(*, file: UploadFile, at: int, chunks: Iterable[bytes]) -> UploadFile:
    """As file_append, from a slow and breakable line: a piece at a time, so that the
    file is held only for a moment and what came is counted whatever happens then.

    Complete, it is looked through.
    """
    for piece in _pieces(chunks):
        check_room(0)  # several may have been told that there is room
        file = file_append(file=file, at=at, chunks=piece)
        at = file.received
    if file.is_whole:
        receiving_complete(upload=file.upload)
    return file


def _pieces(chunks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """At least one, perhaps empty: where the file goes on is checked in any case."""
    piece: list[bytes] = []
    length, given = 0, False
    for chunk in chunks:
        piece.append(chunk)
        length += len(chunk)
        if length >= PIECE_BYTES:
            yield piece
            piece, length, given = [], 0, True
    if piece or not given:
        yield piece


class Parcel:
    """Files as a form sends them, one after another, sealed while they come.

    upload: what they are for; discard it, or call `finish` and receiving_finish.
    """

    def __init__(self, user: User) -> None:
        self.upload = receiving_open(user=user, origin=Upload.Origin.BROWSER)
        self._token = file_token()
        path = upload_folder(self.upload) / "files" / self._token
        self._sealed = ExitStack()
        self._writer = self._sealed.enter_context(sealed_append(path))
        self._parcel = ParcelWriter(self._writer)
        self.begin, self.write = self._parcel.begin, self._parcel.write

    def finish(self) -> None:
        self._parcel.finish()
        self.close()
        UploadFile.objects.create(
            upload=self.upload,
            token=self._token,
            sealed_name=seal(b""),
            size=self._writer.length,
            received=self._writer.length,
        )

    def close(self) -> None:
        self._sealed.close()


def receiving_finish(*, upload: Upload, name: str, by: User) -> None:
    """All files are there: the upload is `by`'s, called `name`, and looked through.

    What a browser has begun to send must be whole; of other senders, who were told
    that it failed, it is left away.
    """
    from .uploads import upload_call  # uploads need folders from here

    with transaction.atomic():
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        if locked.state != Upload.State.RECEIVING:
            raise Refused(_("These files are complete already."))
        unfinished = locked.files.filter(received__lt=F("size"))
        if locked.origin != Upload.Origin.BROWSER:
            unfinished.delete()
        elif unfinished.exists():
            raise Refused(_("These files have not come to their end yet."))
        if not locked.files.exists():
            raise Refused(_("Please choose a zip file, or the files of the cohort."))
        locked.uploaded_by, locked.name = by, name
        locked.state = Upload.State.SCANNING
        locked.save(update_fields=["uploaded_by", "name", "state"])
        upload_call(locked)


def receiving_complete(*, upload: Upload) -> None:
    """As receiving_finish, of what a browser sent; done already, it changes nothing."""
    by = upload.uploaded_by
    if by is None:
        return
    with suppress(Refused):
        receiving_finish(upload=upload, name=upload.name, by=by)


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
        name = unseal(bytes(file.sealed_name)).decode()
        yield name or file.token, partial(sealed_open, path)
        return
    for member in members:
        yield member.name, partial(member_open, path, member)


def files_forget(upload: Upload) -> None:
    """What was sent is not needed any more: only what was made of it stays.

    The rows stay, without names: a sender whose line broke at the last byte may ask.
    """
    shutil.rmtree(upload_folder(upload) / "files", ignore_errors=True)
    upload.files.update(sealed_name=b"")
