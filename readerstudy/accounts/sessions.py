"""How long a session lasts, and what one without a demanded second factor opens."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext as _

from .answers import is_for_programs, problem
from .roles import lacks_second_factor

BEGUN, SEEN, FACTOR_DUE = "begun", "seen", "second_factor_due"
# "seen" is written when it is this much older than now, not at every request.
WRITTEN_EVERY = 1 / 20  # of the time that may pass
# What is open until the second factor is there: the pages on which to set it up.
OPEN = frozenset(
    {
        *("mfa_index", "mfa_activate_totp", "mfa_add_webauthn"),
        *("account_reauthenticate", "account_change_password"),
        *("login", "account_login", "logout", "set_language", "healthz", "favicon"),
    }
)

Answer = Callable[[HttpRequest], HttpResponse]


def session_begin(request: HttpRequest, *, factor_due: bool) -> None:
    now = int(time.time())
    request.session[BEGUN] = request.session[SEEN] = now
    request.session[FACTOR_DUE] = factor_due


def _has_ended(request: HttpRequest, now: int) -> bool:
    begun, seen = request.session.get(BEGUN, now), request.session.get(SEEN, now)
    too_long = now - begun >= settings.SESSION_COOKIE_AGE
    return bool(too_long or now - seen >= settings.SESSION_IDLE_SECONDS)


def _note_presence(request: HttpRequest, now: int) -> None:
    """Somebody is there; what a page asks again and again by itself does not count."""
    if request.method == "GET" and "HX-Request" in request.headers:
        return
    idle = settings.SESSION_IDLE_SECONDS * WRITTEN_EVERY
    if now - request.session.get(SEEN, 0) >= idle:
        request.session[SEEN] = now
        request.session.setdefault(BEGUN, now)


class SessionLimits:
    """A middleware, after the one of authentication."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            now = int(time.time())
            if _has_ended(request, now):
                logout(request)
            else:
                _note_presence(request, now)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not request.session.get(FACTOR_DUE) or SESSION_KEY not in request.session:
            return None
        match = request.resolver_match
        if match is None or match.view_name in OPEN:
            return None
        if isinstance(request.user, User) and not lacks_second_factor(request.user):
            request.session[FACTOR_DUE] = False
            return None
        text = _("Please set up a second factor on the page of your account first.")
        if is_for_programs(request):
            return problem(HTTPStatus.FORBIDDEN, text)
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(text, status=403, content_type="text/plain")
        return redirect("mfa_index")


class LoginRequired(LoginRequiredMiddleware):
    """After the log-in it goes on with the page that was asked for, or that posted.

    An address to post to is no page: to be sent there would end in a refusal.
    """

    def handle_no_permission(
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseRedirect:
        if request.method in ("GET", "HEAD"):
            return super().handle_no_permission(request, view_func)
        wanted = _page_that_posted(request) or resolve_url(settings.LOGIN_REDIRECT_URL)
        return redirect_to_login(wanted, self.get_login_url(view_func))


def _page_that_posted(request: HttpRequest) -> str:
    """Its path and query; empty if it is not told or another host's."""
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # no address at all
        return ""
    if page.netloc != request.get_host():
        return ""
    return page._replace(scheme="", netloc="", fragment="").geturl()
