"""What every page of cohorts asks first."""

from django import http
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django_htmx.middleware import HtmxDetails

from ..models import Cohort, Upload


class HttpRequest(http.HttpRequest):
    """As the middleware leaves it: somebody is logged in."""

    user: User
    htmx: HtmxDetails


may_upload = permission_required("cases.add_cohort", raise_exception=True)
# A preview's address carries the hash of its image, so it never changes.
keep_for_a_day = cache_control(private=True, max_age=86400)


def upload_or_404(request: HttpRequest, pk: int) -> Upload:
    return get_object_or_404(Upload.objects.visible_to(request.user), pk=pk)


def waiting_or_404(request: HttpRequest, pk: int) -> Upload:
    """One's own upload, or one in the inbox, which is every coordinator's."""
    uploads = Upload.objects.visible_to(request.user) | Upload.objects.in_inbox()
    return get_object_or_404(uploads, pk=pk)


def cohort_or_404(request: HttpRequest, pk: int) -> Cohort:
    return get_object_or_404(Cohort.objects.visible_to(request.user), pk=pk)
