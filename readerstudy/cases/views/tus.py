"""tus 1.0.0, the server's side: gigabytes in as many requests as it takes.

Core protocol with creation, termination and expiration (https://tus.io/protocols/
resumable-upload). It is spoken here and not by a library because every byte is sealed
before it touches the disk. A sender is told in words what was wrong, and 401 where
a page would be sent to log in: a script cannot follow there.
"""

import base64
import binascii
import errno
from collections.abc import Callable, Iterator
from functools import wraps
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, HttpResponseBase, UnreadablePostError
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import http_date
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from .. import selectors, services
from ..models import Upload, UploadFile
from ..services.receiving import (
    FileBusyError,
    GoneError,
    TooLongError,
    WrongOffsetError,
)
from ..storage.room import NoRoomError
from ..wording import told
from .access import HttpRequest
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

View = Callable[..., HttpResponseBase]


class _BadRequestError(Refused):
    """What came is not of the protocol."""


def _answer(status: int, text: str = "", /, **headers: object) -> HttpResponse:
    response = HttpResponse(text, status=status, content_type="text/plain")
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = str(value)
    return response


def _speaks_tus(view: View) -> View:
    """Headers that every answer carries, and what every request is asked first."""

    @login_not_required  # it is asked for here, to answer a script
    @wraps(view)
    def wrapped(request: HttpRequest, **names: str) -> HttpResponseBase:
        response = _asked(view, request, **names)
        response.headers.setdefault("Tus-Resumable", VERSION)
        response.headers["Cache-Control"] = "no-store"
        return response

    return wrapped


def _asked(view: View, request: HttpRequest, **names: str) -> HttpResponseBase:
    if request.method == "POST" and "X-HTTP-Method-Override" in request.headers:
        request.method = request.headers["X-HTTP-Method-Override"].upper()
    if request.method == "OPTIONS":
        return _answer(
            HTTPStatus.NO_CONTENT,
            Tus_Version=VERSION,
            Tus_Extension=EXTENSIONS,
            Tus_Max_Size=settings.COHORT_UPLOAD_MAX_BYTES,
        )
    if not request.user.is_authenticated:
        return _answer(401, _("You are logged out. Please log in and go on."))
    if not request.user.has_perm("cases.add_cohort"):
        return _answer(403, _("You may not upload cohorts."))
    version = request.headers.get("Tus-Resumable")
    if request.method != "GET" and version != VERSION:
        return _answer(HTTPStatus.PRECONDITION_FAILED, Tus_Version=VERSION)
    try:
        return view(request, **names)
    except Refused as error:
        status = STATUSES.get(type(error), HTTPStatus.UNPROCESSABLE_ENTITY)
        if isinstance(error, _BadRequestError):
            status = HTTPStatus.BAD_REQUEST
        return _answer(status, told(str(error)))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        return _answer(HTTPStatus.INSUFFICIENT_STORAGE, _("The server's disk is full."))


@_speaks_tus
def file_create(request: HttpRequest) -> HttpResponseBase:
    """Creation: the answer says where the bytes go."""
    if request.method != "POST":
        return _answer(HTTPStatus.METHOD_NOT_ALLOWED, Allow="OPTIONS, POST")
    told_of = _metadata(request.headers.get("Upload-Metadata", ""))
    file = services.upload_begin(
        user=request.user,
        name=told_of.get("name", ""),
        size=_number(request, "Upload-Length"),
        file_name=told_of.get("filename", ""),
        resampling=told_of.get("resampling") == "1",
    )
    return _answer(
        HTTPStatus.CREATED,
        Location=reverse("cases:file-send", args=[file.token]),
        Upload_Expires=_expires(file),
    )


@_speaks_tus
def file_send(request: HttpRequest, token: str) -> HttpResponseBase:
    """One file on its way: how far it is, more of it, away with it.

    GET, which is not of the protocol, leads a person to the page of its upload.
    """
    files = UploadFile.objects.filter(
        upload__in=Upload.objects.visible_to(request.user)
    )
    file = get_object_or_404(files.select_related("upload"), token=token)
    answers = {"HEAD": _head, "PATCH": _patch, "DELETE": _delete, "GET": _get}
    if (answer := answers.get(request.method or "")) is None:
        return _answer(HTTPStatus.METHOD_NOT_ALLOWED, Allow=", ".join(answers))
    if selectors.upload_has_expired(file.upload):
        raise GoneError(
            _("These files have waited for too long. Please send them again.")
        )
    return answer(request, file)


def _head(request: HttpRequest, file: UploadFile) -> HttpResponseBase:
    return _answer(HTTPStatus.OK, Upload_Length=file.size, **_how_far(file))


def _how_far(file: UploadFile) -> dict[str, object]:
    how_far: dict[str, object] = {"Upload_Offset": file.received}
    return how_far if file.is_whole else how_far | {"Upload_Expires": _expires(file)}


def _patch(request: HttpRequest, file: UploadFile) -> HttpResponseBase:
    if request.content_type != CONTENT_TYPE:
        return _answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    at = _number(request, "Upload-Offset")
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if at == file.received and at + length > file.size:
        raise TooLongError(_("The file is longer than was announced."))
    file = services.file_receive(file=file, at=at, chunks=_body(request))
    return _answer(HTTPStatus.NO_CONTENT, **_how_far(file))


def _body(request: HttpRequest) -> Iterator[bytes]:
    """What the line gives, until it breaks or is silent: that much counts."""
    with ended_by_silence(request):
        try:
            while chunk := request.read(READ_BYTES):
                yield chunk
        except UnreadablePostError:
            return


def _delete(request: HttpRequest, file: UploadFile) -> HttpResponseBase:
    services.upload_discard(upload=file.upload, by=request.user)
    return _answer(HTTPStatus.NO_CONTENT)


def _get(request: HttpRequest, file: UploadFile) -> HttpResponseBase:
    return redirect("cases:cohort-confirm", file.upload_id)


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
