"""What no single view should have to remember."""

import sys
from collections.abc import Callable
from fnmatch import fnmatchcase

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; "
    "script-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Forbid pages to load or run anything that this server did not send."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return middleware


def _is_streamed(request: HttpRequest) -> bool:
    asked = f"{request.method} {request.path}"
    return any(fnmatchcase(asked, one) for one in settings.STREAMED_UPLOADS)


def request_size_limit(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse a body that nobody asked for, before any of it is read to disk.

    Large bodies are taken at the upload addresses only, from who has logged in; or
    by views that read none of them before they know who sends them.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        allowed = settings.REQUEST_MAX_BYTES
        if request.path in settings.UPLOAD_MAX_BYTES and request.user.is_authenticated:
            allowed = settings.UPLOAD_MAX_BYTES[request.path]
        if _is_streamed(request):
            allowed = sys.maxsize
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > allowed:
            text = _("This is larger than the %d MB that are accepted here.")
            return HttpResponse(
                text % (allowed // 2**20), content_type="text/plain", status=413
            )
        return get_response(request)

    return middleware
