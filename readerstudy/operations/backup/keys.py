"""The key of patients' digests and second factors; it is in no database.

A sealed archive holds it. Any archive holds its fingerprint, so that a system that is
restored under another key says so at once.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

from django.conf import settings

from readerstudy.imaging.errors import Refused

KEY, CHECK = "identity-key", "identity-key.check"


def fingerprint(key: str) -> str:
    """As the embedded profile keeps it beside its own key."""
    return hashlib.sha256(f"readerstudy.identity-key {key}".encode()).hexdigest()


def read_key(path: Path, manifest: dict[str, Any]) -> str:
    try:
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read as a key.") from error
    if fingerprint(key) != manifest["identity_key"]:
        raise Refused(f"{path} is not the key of the system that was backed up.")
    return key


def is_kept_here() -> bool:
    """Whether this system made its own key (embedded) or is given one (production)."""
    path = _folder() / KEY
    return path.exists() and path.read_text().strip() == settings.IDENTITY_KEY


def keep(key: str) -> None:
    """Put it in the place of the one that an empty system made for itself.

    The check goes first and comes last: whatever lies between, the next start either
    takes the key that is there or refuses none.
    """
    if key == settings.IDENTITY_KEY:
        return
    check = _folder() / CHECK
    check.unlink(missing_ok=True)
    write_key(_folder() / KEY, key, replace=True)
    check.write_text(fingerprint(key))


def write_key(path: Path, key: str, *, replace: bool = False) -> None:
    """Readable by its owner only."""
    if path.exists() and not replace:
        raise Refused(f"{path} is there already.")
    partial = path.with_name(path.name + ".new")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(key)
        file.flush()
        os.fsync(handle)
    partial.rename(path)


def _folder() -> Path:
    return Path(settings.VAR_DIR)


def wanted_key(
    manifest: dict[str, Any], *, given: str | None, held: str | None, other: bool
) -> str | None:
    """The key to keep here; None to leave this system's own.

    given: by whoever restores. held: by the archive. other: they go on with this
    system's own, knowing that patients will not be recognised again.
    """
    if fingerprint(settings.IDENTITY_KEY) == manifest["identity_key"]:
        return None
    if key := given or held:
        if fingerprint(key) != manifest["identity_key"]:
            raise Refused("The identity key in the archive is not the one it names.")
        if is_kept_here():
            return key
        raise Refused(
            "IDENTITY_KEY of this system is not that of the one that was backed up. "
            "Set it to that key first; `verify_backup --write-identity-key FILE` takes "
            "it out of a sealed archive."
        )
    if other:
        return None
    raise Refused(
        "This system has another identity key than the one that was backed up, and the "
        "archive is not sealed, so it does not hold that: patients who are in it would "
        "not be recognised again, and authenticator apps not accepted. Give the file "
        "with the key by --identity-key, or go on without by --other-identity-key."
    )
