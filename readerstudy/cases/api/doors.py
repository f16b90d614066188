"""What every door to cohorts and uploads is made from."""

from collections.abc import Mapping
from copy import copy
from math import isfinite
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.authentication import SessionScheme
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from readerstudy.api.views import Door

from ..models import Case, Cohort, Upload
from ..wording import told

READ, WRITE = "cohorts:read", "cohorts:write"
PAGING = ("page", "page_size")


class ToldField(serializers.CharField):
    """A sentence that was stored or raised in English, in the asker's language."""

    def to_representation(self, value: Any) -> str:
        return told(str(value))


class FiniteField(serializers.FloatField):
    """JSON has no infinity, such as the PSNR of an image against itself: null."""

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) if isfinite(value) else None


class MayUpload(BasePermission):
    """Of the group of coordinators, whether or not anything is theirs yet."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.has_perm("cases.add_cohort"))


class UploaderDoor(Door):
    """For whoever may bring cohorts in."""

    permission_classes = [*Door.permission_classes, MayUpload]


class SessionByHeader(SessionAuthentication):
    """A page's script shows its CSRF token in a header: looked for among the fields of
    a form, the form's files would be read before they can be sealed or refused."""

    def enforce_csrf(self, request: Any) -> None:
        without_body = copy(request._request)
        if without_body.method == "POST":
            without_body.method = "PUT"  # of these only the header is looked at
        super().enforce_csrf(without_body)


class SessionByHeaderScheme(SessionScheme):  # type: ignore[no-untyped-call]
    target_class = "readerstudy.cases.api.doors.SessionByHeader"
    name = "sessionByHeader"


class AsItIs(BaseContentNegotiation):
    """Of pictures and files there is one kind, whatever a client prefers."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return next(iter(parsers), None)

    def select_renderer(
        self, request: Any, renderers: Any, format_suffix: Any = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


class PictureDoor(Door):
    content_negotiation_class = AsItIs
    scopes = {"GET": READ}


def picture(png: bytes) -> HttpResponse:
    return HttpResponse(png, content_type="image/png")


def cohort_or_404(request: Request, pk: int) -> Cohort:
    return get_object_or_404(Cohort.objects.visible_to(request.user), pk=pk)


def case_or_404(request: Request, pk: int, code: str) -> Case:
    cohort = cohort_or_404(request, pk)
    case: Case = get_object_or_404(cohort.cases, code=code)
    return case


def upload_or_404(request: Request, pk: int) -> Upload:
    return get_object_or_404(Upload.objects.visible_to(request.user), pk=pk)


def waiting_or_404(request: Request, pk: int) -> Upload:
    """One's own upload, or one in the inbox, which is every coordinator's."""
    uploads = Upload.objects.visible_to(request.user) | Upload.objects.in_inbox()
    return get_object_or_404(uploads, pk=pk)


def asked_for(request: Request) -> Mapping[str, Any]:
    """What the address asks for, but for its page."""
    found: Mapping[str, Any] = request.query_params
    return {name: found[name] for name in found if name not in PAGING}
