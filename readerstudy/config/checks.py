"""What a server must find before it answers anybody: `manage.py check` lists it.

Settings alone are looked at by the profile itself (config/environment.py).
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

STORE = "readerstudy.config.object_store.ObjectStore"


@register(Tags.files)
def folders_can_be_written(**_: Any) -> list[CheckMessage]:
    return [
        Error(f"{name}={folder} cannot be written: {why}.", id="readerstudy.E001")
        for name, folder in _folders().items()
        if (why := _unwritable(folder))
    ]


@register(Tags.staticfiles, deploy=True)
def static_files_are_collected(**_: Any) -> list[CheckMessage]:
    """Without them every page of the production profile would fail."""
    backend = settings.STORAGES["staticfiles"]["BACKEND"]
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if "Manifest" not in backend or manifest.is_file():
        return []
    return [
        Error(
            f"{manifest} is missing: run `manage.py collectstatic --noinput` first.",
            id="readerstudy.E002",
        )
    ]


def refuse_half_configured() -> None:
    """For a web process as it starts: ImproperlyConfigured with all that is wrong."""
    wrong = [*folders_can_be_written(), *static_files_are_collected()]
    if wrong:
        listed = "\n- ".join(str(found.msg) for found in wrong)
        raise ImproperlyConfigured(f"The server cannot start:\n- {listed}")


def _folders() -> dict[str, Path]:
    found = {"VAR_DIR": Path(settings.VAR_DIR)}
    if settings.STORAGES["default"]["BACKEND"] != STORE:
        found["MEDIA_ROOT"] = Path(settings.MEDIA_ROOT)
    if metrics := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        found["PROMETHEUS_MULTIPROC_DIR"] = Path(metrics)
    return found


def _unwritable(folder: Path) -> str:
    """Why nothing can be written there; empty where it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or type(error).__name__
