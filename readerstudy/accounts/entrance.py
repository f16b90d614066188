"""The addresses of logins: those of django-allauth that this house opens, and no other.

There is none to sign up, and none that needs mail: administrators make accounts and
set passwords.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as social
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import RedirectView

from .admin import site
from .views import sign_on
from .views.account import password_change

urlpatterns = [
    path("login/", account.login, name="login"),
    path("login/", account.login, name="account_login"),
    path("login/code/", mfa.authenticate, name="mfa_authenticate"),
    path("login/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("login/inactive/", account.account_inactive, name="account_inactive"),
    path("login/<slug:provider_id>/start/", sign_on.start, name="openid_connect_login"),
    path(
        "login/<slug:provider_id>/callback/",
        sign_on.callback,
        name="openid_connect_callback",
    ),
    path(
        "login/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"
    ),
    # also of a login that was left half way
    path("logout/", login_not_required(LogoutView.as_view()), name="logout"),
    path("account/", mfa.index, name="mfa_index"),
    path("account/password/", password_change, name="account_change_password"),
    path("account/again/", account.reauthenticate, name="account_reauthenticate"),
    path("account/again/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path(
        "account/again/passkey/",
        passkeys.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "account/codes/new/",
        codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    # they are listed on the page of the account
    path(
        "account/passkeys/",
        RedirectView.as_view(pattern_name="mfa_index"),
        name="mfa_list_webauthn",
    ),
    path("account/passkeys/new/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path(
        "account/passkeys/<int:pk>/name/",
        passkeys.edit_webauthn,
        name="mfa_edit_webauthn",
    ),
    path(
        "account/passkeys/<int:pk>/remove/",
        passkeys.remove_webauthn,
        name="mfa_remove_webauthn",
    ),
    path("admin/", site.urls),
]
