"""DICOMweb's Store transaction (STOW-RS), for programs: an account, no cookie."""

import base64
import binascii
from collections.abc import Iterator
from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from readerstudy.accounts.passwords import user_of_password
from readerstudy.accounts.tokens import token_find
from readerstudy.imaging.errors import Refused

from ..gateways import multipart, stow
from ..services import stowing
from ..transfers.line import ended_by_silence
from ..wording import told

READ_BYTES = 2**18
TOKEN_SCOPE = "cohorts:write"  # noqa: S105 (no secret)


@csrf_exempt  # who asks says so in every request; a cookie counts for nothing here
@login_not_required
@require_POST
def instances_store(request: HttpRequest, study_uid: str = "") -> HttpResponse:
    """Nothing of the content is read before it is known who sends it."""
    user = _user(request)
    if user is None:
        response = _words(HTTPStatus.UNAUTHORIZED, _("Please give name and password."))
        response.headers["WWW-Authenticate"] = 'Basic realm="readerstudy"'
        return response
    if not user.has_perm("cases.add_cohort"):
        return _words(HTTPStatus.FORBIDDEN, _("You may not upload cohorts."))
    answer_type = request.get_preferred_type(stow.OFFERED)
    if answer_type is None:
        return _words(HTTPStatus.NOT_ACCEPTABLE, ", ".join(stow.OFFERED))
    try:
        boundary, type_ = multipart.boundary_of(request.headers.get("Content-Type", ""))
    except Refused as error:
        return _words(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, told(str(error)))
    if type_ not in ("application/dicom", ""):
        return _words(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "application/dicom")
    try:
        outcomes = stowing.instances_store(
            user=user,
            parts=multipart.parts(_body(request), boundary),
            study_uid=study_uid,
        )
    except Refused as error:
        return _words(HTTPStatus.BAD_REQUEST, told(str(error)))
    return HttpResponse(
        stow.encoded(stow.response_of(outcomes), answer_type),
        status=stow.status_of(outcomes),
        content_type=answer_type,
    )


def _words(status: HTTPStatus, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _user(request: HttpRequest) -> User | None:
    """Whose name and password (RFC 7617) or whose token stands in the request."""
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = token_find(given.strip())
        return token.user if token and TOKEN_SCOPE in token.scopes else None
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(given.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    name, _colon, password = text.partition(":")
    return user_of_password(request, name=name, password=password)


def _body(request: HttpRequest) -> Iterator[bytes]:
    """What the line gives, until it ends, breaks or is silent.

    Clients send large contents in chunks of no stated length. Django reads none of
    these; gunicorn unpacks them and says where they end.
    """
    assert isinstance(request, WSGIRequest)
    chunked = "chunked" in request.headers.get(
        "Transfer-Encoding", ""
    ).lower() and request.environ.get("wsgi.input_terminated")
    source = request.environ["wsgi.input"] if chunked else request
    with ended_by_silence(request):
        try:
            while chunk := source.read(READ_BYTES):
                yield chunk
        except Exception:  # whatever the server's reader of chunks raises
            return  # then the last part is missing, and that is said
