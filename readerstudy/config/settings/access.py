"""Who may come in: logins, passwords, second factors, sessions."""

import os
from datetime import timedelta
from typing import Any

from readerstudy.config.sign_on import roles_named, sign_on_of

ACCESS_APPS = [
    # its own site, which shows accounts alone, and finds no other's by itself
    "django.contrib.admin.apps.SimpleAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "reading:start"
LOGOUT_REDIRECT_URL = "login"

AUTHENTICATION_BACKENDS = [
    "readerstudy.accounts.guessing.GuessingBackend",  # lets nobody in, keeps out
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    # of accounts made before; renewed at the next login
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
# A session ends with its browser, when nobody did anything for so long, and half a
# day after the login.
SESSION_COOKIE_AGE = int(os.environ.get("SESSION_HOURS", 12)) * 3600
SESSION_IDLE_SECONDS = int(os.environ.get("SESSION_IDLE_MINUTES", 120)) * 60
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Proxies between browsers and us: so many addresses at the right of X-Forwarded-For
# are theirs to write, and nobody else's word is taken.
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", 0))

# Guessing. The limits are in readerstudy/accounts/guessing.py.
AXES_HANDLER = "readerstudy.accounts.guessing.Guesses"
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "readerstudy.accounts.guessing.locked_out"
AXES_CLIENT_IP_CALLABLE = "readerstudy.accounts.guessing.client_address"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # the audit log has it
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

ACCOUNT_ADAPTER = "readerstudy.accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "readerstudy.accounts.forms.LoginForm",
    "change_password": "readerstudy.accounts.forms.PasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# Guesses are counted in one place for all doors, and by all processes together.
ACCOUNT_RATE_LIMITS: dict[str, str | None] = {
    "login": None,
    "login_failed": None,
    "reauthenticate": None,
    "change_password": None,
}

MFA_ADAPTER = "readerstudy.accounts.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "readerstudy.accounts.forms.CodeForm",
    "reauthenticate": "readerstudy.accounts.forms.CodeAgainForm",
    "add_webauthn": "readerstudy.accounts.forms.PasskeyForm",
    "login_webauthn": "readerstudy.accounts.forms.PasskeyLoginForm",
    "authenticate_webauthn": "readerstudy.accounts.forms.PasskeyAfterForm",
    "reauthenticate_webauthn": "readerstudy.accounts.forms.PasskeyAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A passkey counts for two factors, so it always asks for the finger or the PIN.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Reader study"
MFA_TOTP_TOLERANCE = 1  # a telephone's clock may be half a minute wrong
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RATE_LIMITS = {"webauthn_login": "120/m/ip"}  # there is nothing to guess
# administrator, coordinator, statistician, reader: whose password is not enough.
SECOND_FACTOR_ROLES = roles_named(os.environ.get("SECOND_FACTOR_ROLES", ""))
# who tells the roles that an account has in studies
STUDY_ROLES = "readerstudy.reading.selectors.roles_in_studies"

# One provider of single sign-on, from the environment; none without it.
SIGN_ON = sign_on_of(os.environ)
SOCIALACCOUNT_ADAPTER = "readerstudy.accounts.adapters.SignOnAdapter"
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"APPS": SIGN_ON["apps"]}}
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
# A form that ends at another host would be refused by our own content policy.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
