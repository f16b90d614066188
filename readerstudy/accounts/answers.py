"""Refusals of programs, before any door of theirs is reached."""

from http import HTTPStatus

from django.http import HttpRequest, JsonResponse


def is_for_programs(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.route.startswith("api/")


def problem(status: HTTPStatus, detail: str) -> JsonResponse:
    """RFC 9457, as readerstudy/api/problems.py, which stands above, has it."""
    told = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "errors": [],
    }
    return JsonResponse(told, status=status, content_type="application/problem+json")
