"""Several static files that a page needs together, as one: fewer requests.

Scripts share one global scope, in a bundle as without it; nothing is rewritten.
"""

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage


class BundleFinder(BaseFinder):
    """Finds what settings.BUNDLES names, joined anew from its parts when asked for."""

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path not in settings.BUNDLES:
            return []
        joined = str(_joined(path, settings.BUNDLES[path]))
        return [joined] if find_all else joined

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        storage: Storage = FileSystemStorage(location=settings.BUNDLES_ROOT)
        for path, parts in settings.BUNDLES.items():
            _joined(path, parts)
            yield path, storage


def _joined(path: str, parts: Iterable[str]) -> Path:
    """The file of the bundle, written if its parts have changed."""
    text = "\n".join(_source(part).read_text() for part in parts)
    target = Path(settings.BUNDLES_ROOT) / path
    if not target.exists() or target.read_text() != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        # nobody reads half of it, nor what somebody else is writing
        fresh = target.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        fresh.write_text(text)
        fresh.replace(target)
    return target


def _source(part: str) -> Path:
    found = finders.find(part)
    if not found:
        raise FileNotFoundError(f"settings.BUNDLES names {part}, which is not there")
    return Path(str(found))
