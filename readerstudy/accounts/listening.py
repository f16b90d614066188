"""What Django, django-allauth and django-axes announce, and what follows from it."""

import json
from typing import Any

from allauth.account.internal.flows.login import (
    get_authentication_records,
    record_authentication,
)
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as social
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import post_save
from django.http import HttpRequest

from readerstudy.audit.services import event_record

from .guessing import WINDOW
from .roles import has_second_factor, lacks_second_factor
from .sessions import FACTOR_DUE, session_begin


def listen() -> None:
    user_logged_in.connect(_logged_in, dispatch_uid="accounts")
    user_locked_out.connect(_locked_out, dispatch_uid="accounts")
    mfa.authenticator_added.connect(_factor_added, dispatch_uid="accounts")
    mfa.authenticator_reset.connect(_factor_added, dispatch_uid="accounts")
    mfa.authenticator_removed.connect(_factor_removed, dispatch_uid="accounts")
    social.social_account_added.connect(_signs_on, dispatch_uid="accounts")
    post_save.connect(_administered, sender=LogEntry, dispatch_uid="accounts")


def _logged_in(sender: Any, *, request: HttpRequest, user: User, **_: Any) -> None:
    """Who has just come in is not asked again at once before something that matters."""
    due = lacks_second_factor(user) and not _provider_asked(request, user)
    session_begin(request, factor_due=due)
    record_authentication(request, user, "login", reauthenticated=True)


def _provider_asked(request: HttpRequest, user: User) -> bool:
    used = {one["method"] for one in get_authentication_records(request, user)}
    return settings.SIGN_ON["has_second_factor"] and "socialaccount" in used


@transaction.atomic
def _locked_out(sender: Any, *, username: str, **_: Any) -> None:
    known = User.objects.filter(username=username).exists()
    event_record(
        action="account.lock",
        actor=None,
        subject=("account", username if known else ""),
        after={"minutes": int(WINDOW.total_seconds() // 60)},
    )


@transaction.atomic
def _factor_added(sender: Any, *, user: User, authenticator: Any, **_: Any) -> None:
    _record("account.factor_add", user, authenticator)


@transaction.atomic
def _factor_removed(
    sender: Any, *, request: HttpRequest, user: User, authenticator: Any, **_: Any
) -> None:
    if not has_second_factor(user):
        request.session[FACTOR_DUE] = lacks_second_factor(user)
    _record("account.factor_remove", user, authenticator)


def _record(action: str, user: User, authenticator: Any) -> None:
    event_record(
        action=action,
        actor=user,
        subject=("account", user.get_username()),
        after={"kind": str(authenticator.type)},
    )


@transaction.atomic
def _signs_on(sender: Any, *, sociallogin: Any, **_: Any) -> None:
    user = sociallogin.user
    event_record(
        action="account.sign_on",
        actor=user,
        subject=("account", user.get_username()),
        after={"provider": str(sociallogin.account.provider)},
    )


KINDS = {User: "account", Group: "group"}


@transaction.atomic
def _administered(
    sender: Any, *, instance: LogEntry, created: bool, raw: bool, **_: Any
) -> None:
    """The administration pages keep a log of their own, which anybody could delete."""
    model = instance.content_type.model_class() if instance.content_type else None
    if raw or not created or model not in KINDS:
        return
    event_record(
        action="account.administer",
        actor=instance.user,
        subject=(KINDS[model], instance.object_repr),
        after={"did": instance.get_action_flag_display(), "what": _parts(instance)},
    )


def _parts(entry: LogEntry) -> list[str]:
    """Names of the fields that were written, never what was written into them."""
    told = json.loads(entry.change_message or "[]")
    return sorted(
        {
            field
            for part in told
            for one in part.values()
            for field in one.get("fields", [])
        }
    )
