"""To the provider of single sign-on and back, also where it does not answer."""

from collections.abc import Callable
from http import HTTPStatus

from allauth.socialaccount.providers.openid_connect import views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from requests.exceptions import RequestException

# What comes from outside may also be something else than was agreed.
NO_ANSWER = (RequestException, KeyError, TypeError, ValueError)


def _or_words(
    view: Callable[..., HttpResponseBase], request: HttpRequest, provider_id: str
) -> HttpResponseBase:
    try:
        return view(request, provider_id=provider_id)
    except NO_ANSWER:
        page = "socialaccount/authentication_error.html"
        return render(request, page, status=HTTPStatus.BAD_GATEWAY)


@never_cache
@login_not_required
def start(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    return _or_words(views.login, request, provider_id)


@never_cache
@login_not_required
def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    return _or_words(views.callback, request, provider_id)
