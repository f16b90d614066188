"""The start page: everyone is sent to where their work is."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from .. import selectors


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Studies for who runs or analyses them, reading for everyone else."""
    assert isinstance(request.user, User)
    if selectors.may_see_studies(request.user):
        return redirect("reading:study-list")
    return redirect("reading:reader-home")
