"""What people type to come in."""

from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.base import forms as mfa
from allauth.mfa.webauthn import forms as passkeys
from cryptography.exceptions import InvalidSignature
from django import forms
from django.utils.translation import gettext_lazy as _

from .guessing import guess_count, may_try

LONGEST_CODE = 40


class LoginForm(account.LoginForm):  # type: ignore[misc]
    """Its field is called as browsers and password managers know it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("login", "password"):
            self.fields[name].widget.attrs.pop("placeholder", None)
            self.fields[name].help_text = ""
        self.fields["login"].widget.attrs["autofocus"] = True
        self.fields["login"].label = _("User name")

    def add_prefix(self, field_name: str) -> str:
        return "username" if field_name == "login" else super().add_prefix(field_name)


class PasswordForm(account.ChangePasswordForm):  # type: ignore[misc]
    """A guess at the old password counts as one at the login."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
            field.help_text = ""

    def clean_oldpassword(self) -> str:
        given: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, given):
            raise get_adapter().validation_error("enter_current_password")
        return given


class _Code(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.label = _("Code")
        field.widget.attrs = {
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "autofocus": True,
            "maxlength": LONGEST_CODE,
        }

    def clean_code(self) -> str:
        if not may_try(context.request, self.user):  # type: ignore[attr-defined]
            context.request.axes_locked_out = True
            raise get_adapter().validation_error("too_many_login_attempts")
        return str(super().clean_code())  # type: ignore[misc]

    def _emit_authentication_failed(self, authenticator: Any) -> None:
        super()._emit_authentication_failed(authenticator)  # type: ignore[misc]
        guess_count(context.request, self.user)  # type: ignore[attr-defined]


class CodeForm(_Code, mfa.AuthenticateForm):  # type: ignore[misc]
    """After the password."""


class CodeAgainForm(_Code, mfa.ReauthenticateForm):  # type: ignore[misc]
    """Before something that matters."""


# What parsing what is no passkey may end in: it comes from outside.
NO_PASSKEY = (ValueError, TypeError, LookupError, AttributeError, InvalidSignature)


class _PasskeyUsed(forms.Form):
    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except NO_PASSKEY as error:
            raise get_adapter().validation_error("incorrect_code") from error


class PasskeyLoginForm(_PasskeyUsed, passkeys.LoginWebAuthnForm):  # type: ignore[misc]
    """Instead of name and password."""


class PasskeyAfterForm(
    _PasskeyUsed,
    passkeys.AuthenticateWebAuthnForm,  # type: ignore[misc]
):
    """After the password."""


class PasskeyAgainForm(
    _PasskeyUsed,
    passkeys.ReauthenticateWebAuthnForm,  # type: ignore[misc]
):
    """Before something that matters."""


class PasskeyForm(passkeys.AddWebAuthnForm):  # type: ignore[misc]
    """Always a passkey: it comes in alone, for it asks for a PIN or a finger itself."""

    passwordless = forms.BooleanField(
        required=False, initial=True, widget=forms.HiddenInput
    )
    field_order: ClassVar = ["name", "passwordless", "credential"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        self.fields["name"].max_length = 100
        self.fields["name"].widget.attrs = {"maxlength": 100}

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["passwordless"] = True
        try:
            return dict(super().clean())
        except NO_PASSKEY as error:
            raise get_adapter().validation_error("incorrect_code") from error
