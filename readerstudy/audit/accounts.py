"""Logins and changes of accounts, as Django announces them.

Accounts are Django's, so there is no service of ours to record from. Changes made
past the ORM's instances (`QuerySet.update`) are not announced. Who acts is whoever is
logged in where it happens; nobody, on the command line. Of a password it is
recorded that it changed, and whether one can log in with it; nothing of itself.
"""

from typing import Any

from django.contrib.auth import signals
from django.contrib.auth.hashers import (
    get_hasher,
    identify_hasher,
    is_password_usable,
)
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from .acting import acting
from .services import event_record

FLAGS = ("is_active", "is_staff", "is_superuser")
WATCHED = (*FLAGS, "password")


def listen() -> None:
    signals.user_logged_in.connect(_logged_in, dispatch_uid="audit")
    signals.user_logged_out.connect(_logged_out, dispatch_uid="audit")
    signals.user_login_failed.connect(_login_failed, dispatch_uid="audit")
    pre_save.connect(_remember, sender=User, dispatch_uid="audit")
    post_save.connect(_account_saved, sender=User, dispatch_uid="audit")
    post_delete.connect(_account_deleted, sender=User, dispatch_uid="audit")
    for through in (User.groups.through, User.user_permissions.through):
        m2m_changed.connect(_rights_changed, sender=through, dispatch_uid="audit")


def _subject(user: User) -> tuple[str, str]:
    return "account", user.get_username()


@transaction.atomic
def _logged_in(sender: Any, *, user: User, **kwargs: Any) -> None:
    event_record(action="account.login", actor=user, subject=_subject(user))


@transaction.atomic
def _logged_out(sender: Any, *, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        event_record(action="account.logout", actor=user, subject=_subject(user))


@transaction.atomic
def _login_failed(
    sender: Any, *, credentials: dict[str, Any], request: Any = None, **kwargs: Any
) -> None:
    if getattr(request, "axes_locked_out", False):
        return  # who is locked out is recorded once, not at every further try
    typed = str(credentials.get("username") or "").replace("\0", "")
    known = User.objects.filter(username=typed).first()
    event_record(
        action="account.login_failed",
        actor=None,
        subject=_subject(known) if known else ("account", ""),
    )


def _remember(
    sender: Any,
    *,
    instance: User,
    raw: bool,
    update_fields: frozenset[str] | None,
    **kwargs: Any,
) -> None:
    """Keep what is stored of the fields that are about to be written."""
    written = [n for n in WATCHED if update_fields is None or n in update_fields]
    stored = None
    if instance.pk and written and not raw:
        stored = User.objects.filter(pk=instance.pk).values(*written).first()
    instance._audit_stored = stored or {}  # type: ignore[attr-defined]


@transaction.atomic
def _account_saved(
    sender: Any,
    *,
    instance: User,
    created: bool,
    raw: bool,
    update_fields: frozenset[str] | None,
    **kwargs: Any,
) -> None:
    if raw:  # a fixture being loaded: it brings its own events
        return
    if created:
        event_record(
            action="account.create",
            actor=acting(),
            subject=_subject(instance),
            after=_flags(instance),
        )
        return
    before = instance.__dict__.pop("_audit_stored", {})
    old = before.pop("password", None)
    now = {name: getattr(instance, name) for name in before}
    if now != before:
        _record_change("account.change", instance, before, now)
    if old not in (None, instance.password) and not _is_upgrade(
        instance, old, update_fields
    ):
        usable = [
            {"usable": is_password_usable(one)} for one in (old, instance.password)
        ]
        _record_change("account.password", instance, *usable)


def _flags(user: User) -> dict[str, bool]:
    return {name: getattr(user, name) for name in FLAGS}


def _record_change(
    action: str, user: User, before: dict[str, bool], after: dict[str, bool]
) -> None:
    event_record(
        action=action,
        actor=acting(),
        subject=_subject(user),
        before=before,
        after=after,
    )


def _is_upgrade(user: User, old: str, update_fields: frozenset[str] | None) -> bool:
    """Whether Django hashed the same password anew, as it does at a login.

    It does so if the old hash is weaker than today's, and then writes the password
    alone, from an account that does not hold it in clear (`_password`), as one
    does whose password was just set.
    """
    alone = update_fields == frozenset({"password"})
    in_clear = user._password is not None  # type: ignore[attr-defined]
    if not alone or in_clear or not is_password_usable(user.password):
        return False
    try:
        algorithm = identify_hasher(old).algorithm
    except ValueError:  # no hash: nobody logged in with it
        return False
    preferred = get_hasher("default")
    return algorithm != preferred.algorithm or preferred.must_update(old)


@transaction.atomic
def _account_deleted(sender: Any, *, instance: User, **kwargs: Any) -> None:
    event_record(
        action="account.delete",
        actor=acting(),
        subject=_subject(instance),
        before=_flags(instance),
    )


WORDS = {"post_add": "added", "post_remove": "removed"}


@transaction.atomic
def _rights_changed(
    sender: Any,
    *,
    instance: Any,  # User, Group or Permission
    action: str,
    reverse: bool,
    model: type[Any],
    pk_set: set[int] | None,
    **kwargs: Any,
) -> None:
    """Either side may be changed: a person's groups, or a group's people."""
    if action == "pre_clear":  # afterwards nobody knows what was there
        word, others = "removed", _related(sender, instance, reverse)
    elif action in WORDS and pk_set:
        word, others = WORDS[action], list(model.objects.filter(pk__in=pk_set))
    else:
        return
    of_groups = sender is User.groups.through
    kind = "account.groups" if of_groups else "account.permissions"
    pairs = [(other, instance) if reverse else (instance, other) for other in others]
    for user, right in pairs:
        after = {word: [_name(right)]}
        event_record(action=kind, actor=acting(), subject=_subject(user), after=after)


def _name(right: Group | Permission) -> str:
    if isinstance(right, Group):
        return right.name
    return f"{right.content_type.app_label}.{right.codename}"


def _related(sender: Any, instance: Any, reverse: bool) -> list[Any]:
    if reverse:
        return list(instance.user_set.all())
    of = "groups" if sender is User.groups.through else "user_permissions"
    return list(getattr(instance, of).all())
