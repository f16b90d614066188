"""DICOM objects that other systems send or give, one by one.

Each is sealed as it comes, beside all uploads; only when it is whole does it become a
file of one. So what is interrupted leaves nothing that counts.
"""

import os
import secrets
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.imaging.dicom_file import MAX_FILE_BYTES
from readerstudy.imaging.errors import Refused

from ..digests import instance_digest
from ..models import Upload, UploadFile
from ..storage.room import check_room
from ..storage.sealing import seal, sealed_append
from .receiving import TooLongError, file_path, receiving_open, uploads_folder
from .sending import check_size

_finding = threading.Lock()


class NotReceivingError(Refused):
    """The upload was finished or discarded meanwhile."""


@dataclass(frozen=True)
class Staged:
    """A whole object, sealed, that belongs to no upload yet. size: bytes in clear."""

    path: Path
    size: int


@contextmanager
def staged(chunks: Iterable[bytes]) -> Iterator[Staged]:
    """Seal what comes; it is gone afterwards unless it was kept.

    Its folder has no row: if the process is killed, the sweep takes it.
    """
    check_room(0)
    folder = uploads_folder() / secrets.token_hex(16)
    folder.mkdir(mode=0o700)
    try:
        path = folder / "instance"
        with sealed_append(path) as writer:
            for chunk in chunks:
                if writer.length + len(chunk) > MAX_FILE_BYTES:
                    raise TooLongError(
                        _("An object is larger than %(megabytes)d MB.")
                        % {"megabytes": MAX_FILE_BYTES // 2**20}
                    )
                writer.write(chunk)
        yield Staged(path, writer.length)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def instance_keep(*, upload: Upload, one: Staged, sop_uid: str) -> bool:
    """Make it a file of the upload; False if the same instance is there already."""
    digest = instance_digest([sop_uid])
    with transaction.atomic():
        locked = Upload.objects.select_for_update().filter(pk=upload.pk).first()
        if locked is None or locked.state != Upload.State.RECEIVING:
            raise NotReceivingError(
                _("These files are complete; no more can be added.")
            )
        if locked.files.filter(instance_digest=digest).exists():
            return False
        _check_room(locked, one.size)
        file = UploadFile.objects.create(
            upload=locked,
            sealed_name=seal(f"{sop_uid}.dcm".encode()),
            size=one.size,
            received=one.size,
            instance_digest=digest,
        )
        _move(one.path, file_path(file))
        Upload.objects.filter(pk=locked.pk).update(received_at=timezone.now())
    return True


def _check_room(upload: Upload, size: int) -> None:
    check_size(size)
    limit = settings.COHORT_UPLOAD_MAX_BYTES
    so_far = upload.files.aggregate(bytes=Sum("size"))["bytes"] or 0
    if so_far + size > limit:
        raise TooLongError(
            _("The files are larger than %(size)d MB together.")
            % {"size": limit // 2**20}
        )


def _move(path: Path, to: Path) -> None:
    """On disk once it returns, its name too."""
    path.rename(to)
    folder = os.open(to.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def instance_receive(
    *,
    one: Staged,
    sop_uid: str,
    user: User | None,
    origin: str,
    peer: str = "",
) -> bool:
    """Keep an object that was sent to us: in the upload of this sender that is still
    open, or a new one. user: None for the inbox. False if it is there already."""
    while True:
        with _finding:  # of two associations at once, one opens the upload
            upload = _open_upload(user=user, origin=origin, peer=peer)
        try:
            return instance_keep(upload=upload, one=one, sop_uid=sop_uid)
        except NotReceivingError:  # taken in this moment: what comes now is the next
            continue


@transaction.atomic
def _open_upload(*, user: User | None, origin: str, peer: str) -> Upload:
    if user is not None:  # two requests at once wait here for each other
        User.objects.select_for_update().get(pk=user.pk)
    waiting = Upload.objects.filter(
        uploaded_by=user, origin=origin, peer=peer, state=Upload.State.RECEIVING
    )
    return waiting.order_by("pk").first() or receiving_open(
        user=user, origin=origin, peer=peer
    )
