"""tus 1.0.0, the server's side: gigabytes in as many requests as it takes.

Core protocol with creation, termination and expiration (https://tus.io/protocols/
resumable-upload). It is spoken here and not by a library because every byte is sealed
before it touches the disk. A sender is told in words what was wrong, and 401 where
a page would be sent to log in: a script cannot follow there. Whose addresses they are
that it is spoken at, the doors know.
"""

import base64
import binascii
import errno
from collections.abc import Callable, Iterator
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.models import User
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    UnreadablePostError,
)
from django.shortcuts import get_object_or_404
from django.utils.http import http_date
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.study_types import DAT_SPECT

from .. import selectors, services
from ..models import Cohort, Upload, UploadFile
from ..services.receiving import (
    FileBusyError,
    GoneError,
    TooLongError,
    WrongOffsetError,
)
from ..storage.room import NoRoomError
from ..wording import told
from .line import ended_by_silence

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
CONTENT_TYPE = "application/offset+octet-stream"
READ_BYTES = 2**18
LONGEST_NUMBER = 18  # digits

STATUSES: dict[type[Refused], HTTPStatus] = {
    FileBusyError: HTTPStatus.LOCKED,
    WrongOffsetError: HTTPStatus.CONFLICT,
    TooLongError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    GoneError: HTTPStatus.GONE,
    NoRoomError: HTTPStatus.INSUFFICIENT_STORAGE,
}

Act = Callable[[User], HttpResponseBase]


class _BadRequestError(Refused):
    """What came is not of the protocol."""


def answer(status: int, text: str = "", /, **headers: object) -> HttpResponse:
    response = HttpResponse(text, status=status, content_type="text/plain")
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = str(value)
    return response


def answered(request: HttpRequest, act: Act) -> HttpResponseBase:
    """What `act` answers, once the request was asked what every one is asked; with the
    headers that every answer carries."""
    response = _asked(request, act)
    response.headers.setdefault("Tus-Resumable", VERSION)
    response.headers["Cache-Control"] = "no-store"
    return response


def _asked(request: HttpRequest, act: Act) -> HttpResponseBase:
    if request.method == "POST" and "X-HTTP-Method-Override" in request.headers:
        request.method = request.headers["X-HTTP-Method-Override"].upper()
    if request.method == "OPTIONS":
        return answer(
            HTTPStatus.NO_CONTENT,
            Tus_Version=VERSION,
            Tus_Extension=EXTENSIONS,
            Tus_Max_Size=settings.COHORT_UPLOAD_MAX_BYTES,
        )
    user = request.user
    if not isinstance(user, User):
        return answer(401, _("You are logged out. Please log in and go on."))
    if not user.has_perm("cases.add_cohort"):
        return answer(403, _("You may not upload cohorts."))
    version = request.headers.get("Tus-Resumable")
    if request.method != "GET" and version != VERSION:
        words = _("Please send the header “Tus-Resumable: %(version)s”.")
        return answer(
            HTTPStatus.PRECONDITION_FAILED,
            words % {"version": VERSION},
            Tus_Version=VERSION,
        )
    try:
        return act(user)
    except Refused as error:
        status = STATUSES.get(type(error), HTTPStatus.UNPROCESSABLE_ENTITY)
        if isinstance(error, _BadRequestError):
            status = HTTPStatus.BAD_REQUEST
        return answer(status, told(str(error)))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        return answer(HTTPStatus.INSUFFICIENT_STORAGE, _("The server's disk is full."))


def file_begin(request: HttpRequest, user: User) -> UploadFile:
    """Creation: what the headers announce."""
    told_of = _metadata(request.headers.get("Upload-Metadata", ""))
    return services.upload_begin(
        user=user,
        name=told_of.get("name", ""),
        size=_number(request, "Upload-Length"),
        file_name=told_of.get("filename", ""),
        resampling=told_of.get("resampling") == "1",
        study_type=told_of.get("study_type") or DAT_SPECT,
        cohort=_cohort(user, told_of.get("cohort", "")),
    )


def _cohort(user: User, pk: str) -> Cohort | None:
    """Whose finished images are announced; None for a cohort to be."""
    if not pk:
        return None
    if not (pk.isascii() and pk.isdecimal() and len(pk) <= LONGEST_NUMBER):
        raise Http404
    return get_object_or_404(Cohort.objects.visible_to(user), pk=pk)


def created(file: UploadFile, *, address: str) -> HttpResponse:
    """The answer to creation, which says where the bytes go."""
    return answer(HTTPStatus.CREATED, Location=address, Upload_Expires=_expires(file))


def file_or_404(user: User, token: str) -> UploadFile:
    files = UploadFile.objects.filter(upload__in=Upload.objects.visible_to(user))
    return get_object_or_404(files.select_related("upload"), token=token)


def file_answer(request: HttpRequest, file: UploadFile) -> HttpResponseBase:
    """One file on its way: how far it is, more of it, away with it."""
    answers = {"HEAD": _head, "PATCH": _patch, "DELETE": _delete}
    if (act := answers.get(request.method or "")) is None:
        return answer(HTTPStatus.METHOD_NOT_ALLOWED, Allow=", ".join(answers))
    refuse_expired(file)
    return act(request, file)


def refuse_expired(file: UploadFile) -> None:
    if selectors.upload_has_expired(file.upload):
        raise GoneError(
            _("These files have waited for too long. Please send them again.")
        )


def _head(request: HttpRequest, file: UploadFile) -> HttpResponseBase:
    return answer(HTTPStatus.OK, Upload_Length=file.size, **_how_far(file))


def _how_far(file: UploadFile) -> dict[str, object]:
    how_far: dict[str, object] = {"Upload_Offset": file.received}
    return how_far if file.is_whole else how_far | {"Upload_Expires": _expires(file)}


def _patch(request: HttpRequest, file: UploadFile) -> HttpResponseBase:
    if request.content_type != CONTENT_TYPE:
        return answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    at = _number(request, "Upload-Offset")
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if at == file.received and at + length > file.size:
        raise TooLongError(_("The file is longer than was announced."))
    file = services.file_receive(file=file, at=at, chunks=_body(request))
    return answer(HTTPStatus.NO_CONTENT, **_how_far(file))


def _body(request: HttpRequest) -> Iterator[bytes]:
    """What the line gives, until it breaks or is silent: that much counts."""
    with ended_by_silence(request):
        try:
            while chunk := request.read(READ_BYTES):
                yield chunk
        except UnreadablePostError:
            return


def _delete(request: HttpRequest, file: UploadFile) -> HttpResponseBase:
    services.upload_discard(upload=file.upload, by=file.upload.uploaded_by)
    return answer(HTTPStatus.NO_CONTENT)


def _number(request: HttpRequest, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER):
        raise _BadRequestError(
            _("The header %(header)s is not a number of bytes.") % {"header": header}
        )
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """Upload-Metadata: pairs of a key and base64, with commas between them."""
    found = {}
    for pair in filter(None, header.split(",")):
        key, _space, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise _BadRequestError(
                _("The header %(header)s cannot be read.")
                % {"header": "Upload-Metadata"}
            ) from error
    return found


def _expires(file: UploadFile) -> str:
    return http_date(selectors.upload_expires(file.upload).timestamp())
