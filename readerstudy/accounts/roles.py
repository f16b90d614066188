"""Which roles an account has anywhere, and whether a password is enough for them."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import User
from django.utils.module_loading import import_string

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def roles_of(user: User) -> set[str]:
    in_studies: Callable[[User], set[str]] = import_string(settings.STUDY_ROLES)
    roles = set(in_studies(user))
    if user.is_staff or user.is_superuser:
        roles.add("administrator")
    if user.has_perm("cases.add_cohort"):
        roles.add("coordinator")
    return roles


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def signs_on_with_factor(user: User) -> bool:
    """Whether the provider of single sign-on asks this person for one itself."""
    if not settings.SIGN_ON["has_second_factor"]:
        return False
    return bool(SocialAccount.objects.filter(user=user).exists())


def lacks_second_factor(user: User) -> bool:
    """Whether one is demanded of this person, and there is none."""
    demanded: frozenset[str] = settings.SECOND_FACTOR_ROLES
    if not demanded or not demanded & roles_of(user):
        return False
    return not has_second_factor(user)
