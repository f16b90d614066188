"""Whoever guesses passwords or codes has to wait, at whichever door.

django-axes is told of every refused login. A name that is no account's is kept as a
keyed digest: people type passwords into the wrong field.
"""

import ipaddress
from collections import Counter
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from readerstudy.audit.services import event_record

from .answers import is_for_programs, problem

WINDOW: timedelta = settings.AXES_COOLOFF_TIME
# Within the window, what is refused counts for: one account from one address; one
# account from wherever; one address at whichever accounts, as of a whole department.
FROM_ONE_ADDRESS, AT_ONE_ACCOUNT, BY_ONE_ADDRESS = 10, 50, 200


class GuessingBackend(AxesStandaloneBackend):  # type: ignore[misc]
    """Before any password is looked at: whether this one has to wait."""

    def authenticate(
        self, request: HttpRequest | None, *args: Any, **kwargs: Any
    ) -> None:
        if request is not None:  # a program of the server itself
            super().authenticate(request, *args, **kwargs)


class Guesses(AxesDatabaseHandler):  # type: ignore[misc]
    """Counts in the database, which all processes share.

    It never looks at what was posted: a refused upload may be as large as it likes.
    """

    def is_allowed(
        self, request: Any, credentials: dict[str, Any] | None = None
    ) -> bool:
        name = kept_name((credentials or {}).get("username"))
        return not is_too_much(name, request.axes_ip_address)

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: Any = None, **_: Any
    ) -> None:
        if request is None or request.axes_locked_out:
            return
        name, address = kept_name(credentials.get("username")), request.axes_ip_address
        with transaction.atomic():
            AccessAttempt.objects.filter(attempt_time__lt=_since()).delete()
            _count(name, address)
        if is_too_much(name, address):
            request.axes_locked_out = True
            user_locked_out.send(
                "axes", request=request, username=name, ip_address=address
            )

    def user_logged_in(self, sender: Any, request: Any, user: User, **_: Any) -> None:
        AccessAttempt.objects.filter(
            username=user.get_username(), ip_address=request.axes_ip_address
        ).delete()

    def user_logged_out(self, sender: Any, request: Any, user: Any, **_: Any) -> None:
        """Nothing is to be done."""


def _since() -> Any:
    return timezone.now() - WINDOW


def _count(name: str, address: str | None) -> None:
    attempt, is_new = AccessAttempt.objects.get_or_create(
        username=name,
        ip_address=address,
        user_agent="",
        defaults={"failures_since_start": 1},
    )
    if not is_new:
        AccessAttempt.objects.filter(pk=attempt.pk).update(
            failures_since_start=F("failures_since_start") + 1,
            attempt_time=timezone.now(),
        )


def is_too_much(name: str, address: str | None) -> bool:
    rows = AccessAttempt.objects.filter(
        Q(username=name) | Q(ip_address=address), attempt_time__gte=_since()
    ).values_list("username", "ip_address", "failures_since_start")
    counted: Counter[str] = Counter()
    for its_name, its_address, failures in rows:
        counted["account"] += failures * (its_name == name)
        counted["address"] += failures * (its_address == address)
        counted["both"] += failures * ((its_name, its_address) == (name, address))
    return (
        counted["both"] >= FROM_ONE_ADDRESS
        or counted["account"] >= AT_ONE_ACCOUNT
        or counted["address"] >= BY_ONE_ADDRESS
    )


def kept_name(typed: object) -> str:
    """The account's name, or of a name that nobody has a digest."""
    text = str(typed or "").replace("\0", "")
    if User.objects.filter(username=text).exists():
        return text
    return "?" + salted_hmac("readerstudy.guessing", text).hexdigest()[:32]


def may_try(request: HttpRequest, user: User) -> bool:
    """For doors that ask for something else than a password: a code."""
    credentials = {"username": user.get_username()}
    return bool(AxesProxyHandler.is_allowed(request, credentials))


def guess_count(request: HttpRequest, user: User) -> None:
    """A code was wrong; it counts like a wrong password."""
    user_login_failed.send(
        sender=__name__,
        credentials={"username": user.get_username()},
        request=request,
    )


@transaction.atomic
def unlock(*, user: User, by: User | None) -> int:
    """Forget what was guessed at an account; how many addresses had guessed."""
    name = user.get_username()
    number: int = AccessAttempt.objects.filter(username=name).delete()[0]
    if number:
        event_record(action="account.unlock", actor=by, subject=("account", name))
    return number


def client_address(request: HttpRequest) -> str:
    """Of the browser, where our own proxies say it; else of who speaks to us."""
    direct = str(request.META.get("REMOTE_ADDR") or "") or "0.0.0.0"  # noqa: S104
    if not (count := settings.TRUSTED_PROXIES):
        return direct
    told = [
        one.strip() for one in request.headers.get("X-Forwarded-For", "").split(",")
    ]
    return told[-count] if len(told) >= count and _is_address(told[-count]) else direct


def _is_address(text: str) -> bool:
    """Not every proxy tells one: “unknown”, or a port behind it, is nobody's."""
    try:
        return not getattr(ipaddress.ip_address(text), "scope_id", None)
    except ValueError:
        return False


def locked_out(
    request: HttpRequest, response: HttpResponseBase | None, credentials: Any
) -> HttpResponseBase:
    """The same answer whether the account exists or not, in the door's language."""
    minutes = int(WINDOW.total_seconds() // 60)
    words = _("Too many attempts. Please wait %d minutes and try again.") % minutes
    match = request.resolver_match
    answer: HttpResponse
    if is_for_programs(request):
        answer = problem(HTTPStatus.TOO_MANY_REQUESTS, words)
    elif match and match.namespace == "cases":  # a camera or an archive
        answer = HttpResponse(words, content_type="text/plain; charset=utf-8")
    else:
        answer = render(request, "account/locked.html", {"words": words})
    answer.status_code = HTTPStatus.TOO_MANY_REQUESTS
    answer.headers["Retry-After"] = str(int(WINDOW.total_seconds()))
    return answer
