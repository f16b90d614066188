"""What went wrong, as RFC 9457 has it: `application/problem+json`, in plain words."""

import logging
import math
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.signals import got_request_exception
from django.http import Http404, JsonResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from readerstudy.imaging.errors import Refused

from .troubles import RETRY_AFTER_S, trouble

logger = logging.getLogger("django.request")
CONTENT_TYPE = "application/problem+json"
Errors = list[dict[str, str]]


class Conflict(exceptions.APIException):
    """What was asked for is not possible as things stand."""

    status_code = HTTPStatus.CONFLICT


class Unprocessable(exceptions.APIException):
    """Understood, and yet it cannot be meant."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY


class TooLarge(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def problem(code: int, detail: str, errors: Errors | None = None) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(code).phrase,
        "status": code,
        "detail": detail,
        "errors": errors or [],
    }


def problem_json(code: int, detail: str) -> JsonResponse:
    """For code that runs before or beside the REST framework."""
    return JsonResponse(
        problem(code, detail),
        status=code,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store"},
    )


def problem_handler(raised: Exception, context: dict[str, Any]) -> Response:
    """The answer to everything that a door can raise."""
    found = _as_api_exception(raised)
    if found is None:
        return _unexpected(raised, context)
    detail, errors = _words(found)
    response = Response(
        problem(found.status_code, detail, errors),
        status=found.status_code,
        content_type=CONTENT_TYPE,
    )
    if header := getattr(found, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(found, "wait", None):
        response["Retry-After"] = str(math.ceil(wait))
    return response


def _as_api_exception(raised: Exception) -> exceptions.APIException | None:
    match raised:
        case exceptions.APIException():
            return raised
        case Refused():
            return Conflict(_told(raised))
        case Http404():
            return exceptions.NotFound(
                _("There is nothing at this address, or it is not for you.")
            )
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case RequestDataTooBig():
            return TooLarge(_("The request is larger than what is accepted here."))
        case SuspiciousOperation() | BadRequest():
            return exceptions.ParseError(_("The request cannot be understood."))
    return None


def _told(refusal: Refused) -> str:
    """Pure code refuses in English: its sentence in the language that was asked for."""
    words: str = import_string(settings.REFUSALS_TOLD_BY)(str(refusal))
    return words


def _unexpected(raised: Exception, context: dict[str, Any]) -> Response:
    """A fault of the program: logged as Django logs it, and nothing of it told."""
    request = context["request"]._request
    got_request_exception.send(sender=None, request=request)
    status, words = trouble(raised)
    logger.error(
        "%s: %s",
        status.phrase,
        request.path,
        exc_info=raised,
        extra={"status_code": status.value, "request": request},
    )
    response = Response(
        problem(status.value, words), status=status.value, content_type=CONTENT_TYPE
    )
    if status != HTTPStatus.INTERNAL_SERVER_ERROR:
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _words(found: exceptions.APIException) -> tuple[str, Errors]:
    if isinstance(found, exceptions.ValidationError):
        errors = list(_flat(found.detail))
        return _("Some of what was sent cannot be used."), errors
    return str(found.detail), []


def _flat(detail: Any, field: str = "") -> Errors:
    """Nested errors of a serializer, each with the name of its field."""
    if isinstance(detail, dict):
        pairs = [(str(key), value) for key, value in detail.items()]
    elif isinstance(detail, list) and any(isinstance(d, dict | list) for d in detail):
        pairs = [(str(number), value) for number, value in enumerate(detail)]
    else:
        told = detail if isinstance(detail, list) else [detail]
        return [{"field": field, "detail": str(one)} for one in told]
    inner: Errors = []
    for key, value in pairs:
        name = field if key == "non_field_errors" else f"{field}.{key}".strip(".")
        inner += _flat(value, name)
    return inner
