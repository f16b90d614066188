"""PostgreSQL, Redis, any number of workers. Refuses to start half-configured."""

import os
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from .base import *

DEBUG = False
_missing: list[str] = []


def _required(name: str) -> str:
    """The value of NAME, or of the file NAME_FILE points to (a mounted secret)."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            _missing.append(f"{name}_FILE={path} cannot be read ({error.strerror})")
            return ""
    value = os.environ.get(name, "")
    if not value:
        _missing.append(f"{name} (or {name}_FILE) is not set")
    return value


SECRET_KEY = _required("SECRET_KEY")
# A server set up before this key existed used SECRET_KEY for identities: give the
# same value here, or patients that are already known are not recognised again.
IDENTITY_KEY = _required("IDENTITY_KEY")
ALLOWED_HOSTS = [host for host in _required("ALLOWED_HOSTS").split(",") if host]
_database = _required("DATABASE_URL")
CELERY_BROKER_URL = _required("CELERY_BROKER_URL")
if _database and not _database.startswith(("postgres://", "postgresql://")):
    _missing.append("DATABASE_URL must name a PostgreSQL database")
for _name, _key in (("SECRET_KEY", SECRET_KEY), ("IDENTITY_KEY", IDENTITY_KEY)):
    if _key and len(_key) < 50:
        _missing.append(f"{_name} is shorter than 50 characters")
if _missing:
    raise ImproperlyConfigured(
        "The production profile is not completely configured:\n- "
        + "\n- ".join(_missing)
    )

DATABASES = {
    "default": dj_database_url.parse(
        _database, conn_max_age=60, conn_health_checks=True
    )
}
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host != "*"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = os.environ.get("SECURE_SSL_REDIRECT", "1") == "1"
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
