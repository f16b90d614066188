"""What no single view should have to remember."""

import sys
from collections.abc import Callable
from fnmatch import fnmatchcase
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; "
    "script-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# What a login takes, a passkey's answer included.
VISITOR_MAX_BYTES = 256 * 2**10


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Forbid pages to load or run anything that this server did not send.

    A view whose page makes style elements by a script gives its response their hashes.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        policy = POLICY
        for known in getattr(response, "style_hashes", ()):
            policy = policy.replace("style-src", f"style-src '{known}'")
        response.headers["Content-Security-Policy"] = policy
        return response

    return middleware


def _is_streamed(request: HttpRequest) -> bool:
    asked = f"{request.method} {request.path}"
    return any(fnmatchcase(asked, one) for one in settings.STREAMED_UPLOADS)


def _allowed_bytes(request: HttpRequest) -> int:
    """How long a body may be, by what is known of who sends it before it is read."""
    if _is_streamed(request):
        return sys.maxsize
    user, is_api = request.user, request.path.startswith("/api/")
    if not user.is_authenticated:
        # a door for programs reads nothing before it knows the token
        asks_with_token = is_api and "Authorization" in request.headers
        return settings.REQUEST_MAX_BYTES if asks_with_token else VISITOR_MAX_BYTES
    if request.path in settings.UPLOAD_MAX_BYTES and user.has_perm(
        settings.UPLOAD_PERMISSION
    ):
        return settings.UPLOAD_MAX_BYTES[request.path]
    if request.content_type == "multipart/form-data":  # its files go to disk
        return settings.REQUEST_MAX_BYTES
    return min(settings.REQUEST_MAX_BYTES, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def _too_large(request: HttpRequest, allowed: int) -> HttpResponse:
    if allowed < 2**20:
        size = f"{allowed // 2**10} KB"
    else:
        size = f"{allowed // 2**20} MB"
    text = _("This is larger than the %(size)s that are accepted here.") % {
        "size": size
    }
    if not request.path.startswith("/api/"):
        return HttpResponse(text, content_type="text/plain", status=413)
    problem = {  # as readerstudy.api.problems has it, which this may not know
        "type": "about:blank",
        "title": HTTPStatus.REQUEST_ENTITY_TOO_LARGE.phrase,
        "status": 413,
        "detail": text,
        "errors": [],
    }
    return JsonResponse(problem, status=413, content_type="application/problem+json")


def request_size_limit(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse a body that nobody asked for, before any of it is read to disk.

    Large bodies are taken at the upload addresses only, from who may upload; or by
    views that read none of them before they know who sends them. All else that reads
    a body comes after this.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        allowed = _allowed_bytes(request)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > allowed:
            return _too_large(request, allowed)
        return get_response(request)

    return middleware
