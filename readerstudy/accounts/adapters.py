"""What django-allauth asks this house: its words, its rules, its keys."""

import base64
import hashlib
from http import HTTPStatus
from typing import Any, NoReturn

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .guessing import client_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up: an administrator makes accounts."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _(
            "User name and password do not match. Both are case-sensitive."
        ),
        "too_many_login_attempts": _("Too many attempts. Please try again later."),
        "incorrect_code": _("This code is not right, or no longer."),
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        words = {
            "reauthenticate": _("With the password"),
            "mfa_reauthenticate": _("With a code"),
            "mfa_reauthenticate:webauthn": _("With a passkey"),
        }
        methods = super().get_reauthentication_methods(user)
        return [{**one, "description": words[one["id"]]} for one in methods]


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticator apps lie sealed in the database."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right, or no longer."),
    }

    def encrypt(self, text: str) -> str:
        sealed: bytes = _sealing().encrypt(text.encode())
        return sealed.decode()

    def decrypt(self, encrypted_text: str) -> str:
        opened: bytes = _sealing().decrypt(encrypted_text.encode())
        return opened.decode()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        known = Authenticator.objects.filter(user=user, type=type).count()
        return str(gettext("Passkey %d") % (known + 1))


def _sealing() -> Fernet:
    """By a key that follows from the one of identities, which backups keep."""
    key = f"readerstudy.second-factor {settings.IDENTITY_KEY}".encode()
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key).digest()))


class SignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """A provider's word is taken for who somebody is; what they may do is told here.

    At the first login the provider's identity is tied to the account whose user name
    it names; from then on the tie counts, not the name. There must be an account, and
    it is tied once: a name that the provider gives to somebody else opens nothing.
    Administrators have all accounts in their hands: no name alone makes one of them.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.state.get("process") != "login":
            _refuse(request)
        told = sociallogin.account.extra_data or {}
        sociallogin.account.extra_data = {}  # nothing else that it tells is kept
        sociallogin.email_addresses = []
        if sociallogin.is_existing:
            sociallogin.account.save(update_fields=["extra_data"])
            return
        user = _named(told)
        if user is None or SocialAccount.objects.filter(user=user).exists():
            _refuse(request)
        sociallogin.connect(request, user)


def _named(told: dict[str, Any]) -> User | None:
    claim = settings.SIGN_ON["claim"]
    for part in (told.get("userinfo"), told.get("id_token"), told):
        name = part.get(claim) if isinstance(part, dict) else None
        if isinstance(name, str) and name and "\0" not in name:
            people = User.objects.filter(is_staff=False, is_superuser=False)
            return people.filter(username=name, is_active=True).first()
    return None


def _refuse(request: HttpRequest | None) -> NoReturn:
    page = render(
        request or context.request,
        "socialaccount/no_account.html",
        status=HTTPStatus.FORBIDDEN,
    )
    raise ImmediateHttpResponse(page)
