"""Tokens of programs: made by their owner, found by their secret, revoked for good."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused

from .models import Token, TokenQuerySet
from .roles import lacks_second_factor, signs_on_with_factor
from .scopes import SCOPES

PREFIX = "rs_"
MAX_DAYS = 366
MAX_TOKENS = 50  # that one person may have in use
SEEN_EVERY = timedelta(minutes=1)  # "last used" is as exact as that


def token_make(
    *, user: User, name: str, scopes: Collection[str], days: int
) -> tuple[Token, str]:
    """A new token and its secret, which nobody can ever see again."""
    name = name.strip()
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise Refused(_("Name: give one to one hundred characters."))
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Refused(_("Scopes: choose at least one of those that are listed."))
    if not 0 < days <= MAX_DAYS:
        raise Refused(_("Days: choose 1 to %d.") % MAX_DAYS)
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        if usable(user).count() >= MAX_TOKENS:
            raise Refused(
                _("You have %d tokens. Revoke one that is not used.") % MAX_TOKENS
            )
        token = Token.objects.create(
            user=user,
            name=name,
            digest=_digest(secret),
            scopes=[scope for scope in SCOPES if scope in scopes],
            expires_at=timezone.now() + timedelta(days=days),
        )
        event_record(
            action="token.create",
            actor=user,
            subject=("token", str(token.pk)),
            after={"scopes": token.scopes, "days": days},
        )
    return token, secret


def token_find(secret: str) -> Token | None:
    """The usable token with this secret; that it was used is noted.

    While its owner lacks a second factor that is demanded, it opens as little as a
    session of theirs.
    """
    found = (
        Token.objects.select_related("user")
        .filter(digest=_digest(secret), revoked_at=None, user__is_active=True)
        .filter(expires_at__gt=timezone.now())
        .first()
    )
    if found is None:
        return None
    if lacks_second_factor(found.user) and not signs_on_with_factor(found.user):
        return None
    _note_use(found)
    return found


def token_revoke(*, token: Token, by: User) -> None:
    """The token opens nothing from now on. Once more changes nothing."""
    with transaction.atomic():
        now = timezone.now()
        waiting = Token.objects.filter(pk=token.pk, revoked_at=None)
        if waiting.update(revoked_at=now):
            event_record(
                action="token.revoke", actor=by, subject=("token", str(token.pk))
            )


def usable(user: User) -> TokenQuerySet:
    """Tokens of a person that still open something."""
    return Token.objects.of(user).filter(revoked_at=None, expires_at__gt=timezone.now())


def _note_use(token: Token) -> None:
    """Written once a minute at most: a program asks often, a database writes slowly."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - SEEN_EVERY)
    if token.last_used_at is None or token.last_used_at < now - SEEN_EVERY:
        Token.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
