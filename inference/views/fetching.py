"""Fetching is authorising: what is a stranger's is not there."""

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django_htmx.middleware import HtmxDetails

from readerstudy.cases.models import Cohort


class Request(HttpRequest):
    """As the middleware hands it over: somebody is logged in, htmx is known."""

    user: User
    htmx: HtmxDetails


def fetch_cohort(request: Request, pk: int) -> Cohort:
    return get_object_or_404(Cohort.objects.visible_to(request.user), pk=pk)


def fetch_uploader(request: Request) -> User:
    """The user, if they may look after weights; to others the page is not there."""
    if not request.user.has_perm("inference.add_weights"):
        raise Http404
    return request.user
