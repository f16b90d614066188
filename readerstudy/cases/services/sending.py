"""What a coordinator begins to send, or takes of what others sent."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import DAT_SPECT, study_type_get

from .. import selectors
from ..models import Cohort, Upload, UploadFile
from ..storage.room import check_room
from .images import method_named
from .importing import check_name
from .receiving import (
    Parcel,
    TooLongError,
    file_expect,
    receiving_finish,
    receiving_open,
)
from .uploads import upload_discard

# Of one person: uploads that are not imported, and how many times the bytes that one
# may have are announced and not there yet.
MOST_WAITING = 20
UNFINISHED_SIZES = 3


def upload_begin(
    *,
    user: User,
    name: str,
    size: int,
    file_name: str = "",
    resampling: bool = False,
    study_type: str = DAT_SPECT,
    cohort: Cohort | None = None,
) -> UploadFile:
    """`size` bytes are going to be sent, in as many requests as it takes.

    file_name: of a single file; a parcel names what is in it itself. cohort: whose
    finished images they are, which get that name.
    """
    name = _checked(name, cohort)
    if not size:
        raise Refused(_("Please choose a zip file, or the files of the cohort."))
    check_size(size)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # several may begin at once
        check_waiting(user, more=size)
        upload = receiving_open(
            user=user,
            origin=Upload.Origin.BROWSER,
            name=name,
            resampling=resampling,
            study_type=study_type,
            cohort=cohort,
        )
        return file_expect(upload=upload, name=file_name, size=size)


def _checked(name: str, cohort: Cohort | None) -> str:
    return method_named(name) if cohort else check_name(name)


def check_size(size: int) -> None:
    """Refused if so many bytes are more than may be sent, or than there is room for."""
    if size > (most := settings.COHORT_UPLOAD_MAX_BYTES):
        raise TooLongError(
            _("The files are larger than %(size)d MB together.")
            % {"size": most // 2**20}
        )
    check_room(size)


def check_waiting(user: User, *, more: int) -> None:
    """Refused if so much of `user`'s waits already that `more` bytes are too much."""
    waiting = selectors.uploads_of(user)
    if waiting.count() >= MOST_WAITING:
        raise Refused(
            _(
                "%(number)d of your uploads wait to be imported. Please import or "
                "discard some of them first."
            )
            % {"number": waiting.count()}
        )
    receiving = UploadFile.objects.filter(
        upload__in=waiting.filter(state=Upload.State.RECEIVING).values("pk")
    )
    begun = receiving.aggregate(bytes=Sum("size"))["bytes"] or 0
    most = UNFINISHED_SIZES * settings.COHORT_UPLOAD_MAX_BYTES
    if begun + more > most:
        raise TooLongError(
            _(
                "With what you have begun to send, these are more than %(size)d MB. "
                "Please send that to its end, or discard it, first."
            )
            % {"size": most // 2**20}
        )


def upload_take(
    *,
    upload: Upload,
    name: str,
    by: User,
    resampling: bool = False,
    study_type: str = DAT_SPECT,
) -> None:
    """What others sent to us is to become `by`'s cohort: no more is added."""
    name = check_name(name)
    if upload.origin == Upload.Origin.PULL:  # else half of it would become a cohort
        raise Refused(_("These files have not come to their end yet."))
    kind = study_type_get(study_type).key
    with transaction.atomic():
        Upload.objects.filter(pk=upload.pk).update(
            resampling=resampling, study_type=kind
        )
        receiving_finish(upload=upload, name=name, by=by)
        event_record(
            action="upload.take",
            actor=by,
            subject=("cohort", name),
            after={"upload": upload.pk, "origin": upload.origin, "peer": upload.peer},
        )


def parcel_take(
    *,
    parcel: Parcel | None,
    name: str,
    by: User,
    resampling: bool = False,
    study_type: str = DAT_SPECT,
    cohort: Cohort | None = None,
) -> Upload:
    """The files of a form, with what else stands in it. cohort: as upload_begin."""
    name = _checked(name, cohort)
    if parcel is None:
        raise Refused(_("Please choose a zip file, or the files of the cohort."))
    Upload.objects.filter(pk=parcel.upload.pk).update(
        resampling=resampling,
        study_type=study_type_get(study_type).key,
        cohort=cohort,
    )
    receiving_finish(upload=parcel.upload, name=name, by=by)
    return parcel.upload


def parcel_drop(*, parcel: Parcel, by: User) -> None:
    """Forget it, unless it was taken."""
    parcel.close()
    left = Upload.objects.filter(pk=parcel.upload.pk, state=Upload.State.RECEIVING)
    if upload := left.first():
        upload_discard(upload=upload, by=by)
