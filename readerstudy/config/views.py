"""The start page: everyone is sent to where their work is."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Coordinators start at their cohorts or studies, readers at their reading."""
    assert isinstance(request.user, User)
    if request.user.has_perm("cases.add_cohort"):
        return redirect("reading:study-list")
    return redirect("reading:reader-home")


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answers 200 while the process and its database are well."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")
