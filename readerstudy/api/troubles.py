"""What is said where the machine fails us: the database is away, the disk is full."""

import errno
import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

FULL = (errno.ENOSPC, errno.EDQUOT)
# SQLite says "database or disk is full", PostgreSQL "No space left on device"
SAID_OF_FULL = ("disk is full", "No space left")
RETRY_AFTER_S = 5


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500, called while the error is being handled.

    A program or a browser that keeps what it sends may try again after 503 and 507;
    nothing was acknowledged, and nothing is half stored.
    """
    status, told = trouble(sys.exc_info()[1])
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse(
            {"type": "about:blank", "title": status.phrase, "status": status.value}
            | {"detail": told, "errors": []},
            status=status,
            content_type="application/problem+json",
        )
    else:
        # without the request: what a header shows would ask the database again
        page = loader.get_template("500.html").render({"told": told})
        response = HttpResponse(page, status=status)
    if status != HTTPStatus.INTERNAL_SERVER_ERROR:
        response["Retry-After"] = str(RETRY_AFTER_S)
    response["Cache-Control"] = "no-store"
    return response


def trouble(error: BaseException | None) -> tuple[HTTPStatus, str]:
    """How to answer where `error` was not foreseen, and in what words."""
    if is_full(error):
        return HTTPStatus.INSUFFICIENT_STORAGE, _("The server's disk is full.")
    if isinstance(error, OperationalError | InterfaceError):
        told = _("The database does not answer. Please try again in a moment.")
        return HTTPStatus.SERVICE_UNAVAILABLE, told
    told = _("The error has been written to the log.")
    return HTTPStatus.INTERNAL_SERVER_ERROR, told


def is_full(error: BaseException | None) -> bool:
    """Whether the disk, or the database's, had no room."""
    if isinstance(error, OSError):
        return error.errno in FULL
    said = str(error) if isinstance(error, OperationalError) else ""
    return any(words in said for words in SAID_OF_FULL)
