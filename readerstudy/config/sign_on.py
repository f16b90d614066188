"""Single sign-on and second factors, as the environment has them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

ROLES = ("administrator", "coordinator", "statistician", "reader")
NEEDED = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
PROVIDER = "sso"  # as it stands in addresses


def roles_named(text: str) -> frozenset[str]:
    """SECOND_FACTOR_ROLES: roles with commas between them."""
    roles = frozenset(filter(None, (one.strip() for one in text.split(","))))
    if unknown := sorted(roles - set(ROLES)):
        raise ImproperlyConfigured(
            f"SECOND_FACTOR_ROLES: {', '.join(unknown)} is not among {', '.join(ROLES)}"
        )
    return roles


def sign_on_of(environ: Mapping[str, str]) -> dict[str, Any]:
    """apps: as django-allauth takes them; claim: which of the provider's words is the
    user name here; has_second_factor: whether the provider asks for one itself."""
    given = {name: environ.get(name, "") for name in NEEDED}
    if path := environ.get("OIDC_CLIENT_SECRET_FILE", ""):
        given["OIDC_CLIENT_SECRET"] = _read(path)
    if not any(given.values()):
        return {"apps": [], "claim": "", "has_second_factor": False}
    if missing := [name for name, value in given.items() if not value]:
        raise ImproperlyConfigured(
            f"Single sign-on is half configured; missing: {', '.join(missing)}"
        )
    address = urlsplit(given["OIDC_ISSUER"])
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ImproperlyConfigured(
            "OIDC_ISSUER does not begin with https:// or http:// and a host"
        )
    app = {
        "provider_id": PROVIDER,
        "name": environ.get("OIDC_NAME") or address.hostname,
        "client_id": given["OIDC_CLIENT_ID"],
        "secret": given["OIDC_CLIENT_SECRET"],
        "settings": {
            "server_url": given["OIDC_ISSUER"],
            "oauth_pkce_enabled": True,
            "scope": environ.get("OIDC_SCOPES", "openid profile").split(),
        },
    }
    return {
        "apps": [app],
        "claim": environ.get("OIDC_USERNAME_CLAIM") or "preferred_username",
        "has_second_factor": environ.get("OIDC_SECOND_FACTOR") == "1",
    }


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"OIDC_CLIENT_SECRET_FILE={path} cannot be read ({error.strerror})"
        ) from error
