"""Files in an S3-compatible store, with copies on this machine of what was read.

Every file is written once under a name that no other file ever gets, so a copy is
never out of date. Each carries the SHA-256 of what it holds: one that is damaged is
fetched again.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile
from storages.backends.s3 import S3Storage

DIGEST = hashlib.sha256().digest_size
LOOKED_THROUGH_EVERY = 500  # new copies
UNUSED_FOR_S = 7 * 86400
Given = TypeVar("Given")


class StoreError(OSError):
    """The store could not be asked; without its words, which hold names of files."""


def asked(call: Callable[[], Given]) -> Given:
    """What `call` gives; OSError for whatever goes wrong, as of a folder."""
    try:
        return call()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "?")
        if code in ("404", "NoSuchKey", "NotFound"):
            raise FileNotFoundError("It is not in the store.") from None
        raise StoreError(f"The store refused: {code}") from None
    except (BotoCoreError, Boto3Error) as error:
        raise StoreError(f"The store gave no answer: {type(error).__name__}") from None


class Copies:
    """Files of the store as they were read here; any of them may go at any time."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self.most_bytes = folder, most_bytes
        self._until_look = 0

    def path(self, name: str) -> Path:
        key = hashlib.sha256(name.encode()).hexdigest()
        return self.folder / key[:2] / key

    def get(self, name: str) -> bytes | None:
        path = self.path(name)
        try:
            held = path.read_bytes()
        except OSError:
            return None
        content = held[DIGEST:]
        if hashlib.sha256(content).digest() != held[:DIGEST]:
            self.forget(name)
            return None
        with suppress(OSError):
            os.utime(path)
        return content

    def keep(self, name: str, content: bytes) -> None:
        """Whole or not at all; no harm where there is no room."""
        if self._until_look <= 0:
            self._until_look = LOOKED_THROUGH_EVERY
            self.make_room()
        self._until_look -= 1
        path = self.path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, partial = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(content).digest() + content)
                Path(partial).replace(path)
            except BaseException:
                Path(partial).unlink(missing_ok=True)
                raise
        except OSError:
            return

    def forget(self, name: str) -> None:
        with suppress(OSError):
            self.path(name).unlink(missing_ok=True)

    def make_room(self) -> None:
        """Away with what nobody asked for in a week, and the oldest of too many."""
        found = []
        for path in self.folder.glob("*/*"):
            with suppress(OSError):
                told = path.stat()
                found.append((told.st_mtime, told.st_size, path))
        held = sum(size for _, size, _ in found)
        for used_at, size, path in sorted(found):
            if held <= self.most_bytes * 0.9 and used_at > time.time() - UNUSED_FOR_S:
                return
            with suppress(OSError):
                path.unlink(missing_ok=True)
            held -= size


class ObjectStore(S3Storage):  # type: ignore[misc]
    """Django's storage over S3: private, never overwritten, read through copies."""

    def __init__(self, *, copies: Path, copies_bytes: int, **options: Any) -> None:
        self.copies = Copies(Path(copies), copies_bytes)
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"max_attempts": 3, "mode": "standard"},
            s3={"addressing_style": "path"} if options.get("endpoint_url") else {},
            signature_version="s3v4",
            # rows hold a SHA-256 of every file; not every store knows AWS's own sums
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        super().__init__(
            default_acl=None, file_overwrite=False, client_config=config, **options
        )

    def _open(self, name: str, mode: str = "rb") -> "ContentFile[bytes]":
        if mode != "rb":
            raise ValueError(
                "Files of the store are read whole, and written by save()."
            )
        content = self.copies.get(name)
        if content is None:
            content = asked(lambda: self._fetched(name))
            self.copies.keep(name, content)
        return ContentFile(content, name)

    def _fetched(self, name: str) -> bytes:
        key = self._normalize_name(name)
        client = self.connection.meta.client
        answer = client.get_object(Bucket=self.bucket_name, Key=key)
        content: bytes = answer["Body"].read()
        return content

    def _save(self, name: str, content: Any) -> str:
        saved: str = asked(lambda: super(ObjectStore, self)._save(name, content))
        return saved

    def delete(self, name: str) -> None:
        self.copies.forget(name)
        with suppress(FileNotFoundError):
            asked(lambda: super(ObjectStore, self).delete(name))

    def exists(self, name: str) -> bool:
        return bool(asked(lambda: super(ObjectStore, self).exists(name)))

    def size(self, name: str) -> int:
        return int(asked(lambda: super(ObjectStore, self).size(name)))

    def listdir(self, path: str) -> Any:
        return asked(lambda: super(ObjectStore, self).listdir(path))

    def get_modified_time(self, name: str) -> Any:
        return asked(lambda: super(ObjectStore, self).get_modified_time(name))

    def url(self, name: str, *args: Any, **options: Any) -> str:
        """Files are given out by views that ask who asks, and by nothing else."""
        raise NotImplementedError("Files of the store have no address.")
