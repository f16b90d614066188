"""One machine, nothing but Python: SQLite, a broker without a server, `var/`."""

import hashlib
import os
import secrets
import time
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from .base import *
from .base import VAR_DIR

DEBUG = False
KEY_WAIT_TURNS = 20


def _kept_key(name: str, *, at_first: str = "") -> str:
    """A key made at the first start and kept, readable by its owner only."""
    path = VAR_DIR / name
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    key = at_first or secrets.token_urlsafe(50)
    with os.fdopen(handle, "w") as file:
        file.write(key)
        file.flush()
        os.fsync(handle)  # what it sealed must not outlive it
    return key


def _read_key(path: Path) -> str:
    """Whole, where another process is just writing it: nothing is keyed by half."""
    for _ in range(KEY_WAIT_TURNS):
        if key := path.read_text().strip():
            return key
        time.sleep(0.1)
    raise ImproperlyConfigured(f"{path} is empty. Restore it from a backup.")


def _check_identity_key() -> None:
    """A backup without the key, or with that of another server, is not gone on with:
    patients would not be recognised again, and nobody would notice."""
    path, check = VAR_DIR / "identity-key", VAR_DIR / "identity-key.check"
    kept = check.read_text() if check.exists() else ""
    if kept and not path.exists():
        raise ImproperlyConfigured(f"{path} is missing. Restore it from its backup.")
    if path.exists():
        key = _read_key(path)
        found = hashlib.sha256(f"readerstudy.identity-key {key}".encode()).hexdigest()
        if kept and kept != found:
            raise ImproperlyConfigured(f"{path} is not the key of this server's data.")
        if not kept:
            check.write_text(found)


_check_identity_key()
# before there was a key of its own for identities, SECRET_KEY served for them
_before = VAR_DIR / "secret-key"
_is_older = _before.exists() and not (VAR_DIR / "identity-key").exists()
IDENTITY_KEY = _kept_key(
    "identity-key", at_first=_before.read_text().strip() if _is_older else ""
)
_check_identity_key()
SECRET_KEY = _kept_key("secret-key")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

DATABASES = {
    "default": {
        "ENGINE": "readerstudy.config.sqlite",
        "NAME": VAR_DIR / "db.sqlite3",
        # Each thread keeps its connection: to close the last one makes SQLite move
        # the whole log into the database.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # WAL: readers never wait for the worker; IMMEDIATE: a writer waits
            # at BEGIN, where the timeout counts, instead of failing half-way.
            # synchronous stays FULL: an acknowledged score is on disk.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
        },
    }
}

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "filesystem://localhost/")
if CELERY_BROKER_URL.startswith("filesystem:"):
    _QUEUE = VAR_DIR / "queue"
    for _name in ("messages", "control", "processed"):
        (_QUEUE / _name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_QUEUE / "messages"),
        "data_folder_out": str(_QUEUE / "messages"),
        "control_folder": str(_QUEUE / "control"),
        "processed_folder": str(_QUEUE / "processed"),
    }

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
