"""What may not lie on disk in clear: files on their way in, and their names.

Keys are derived (HKDF, RFC 5869) from IDENTITY_KEY, which is outside the database.
Texts are sealed by AES-256-GCM. Files are sealed by AES-256 in counter mode (NIST
SP 800-38A), each from a random first counter: so they can be appended to and read
from anywhere. That keeps them from being read, not from being altered; what comes
out of them is checked like everything that comes from outside.
"""

import io
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

from .seekable import SeekableView

NONCE = 12  # bytes, AES-GCM
BLOCK = 16  # bytes, AES; also the length of a file's head, its first counter
BUFFER = 2**18
SENTENCE = "sealed:"  # before a sealed text among others that are not


@lru_cache(maxsize=8)
def _derived(key: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(key.encode())


def _key(purpose: str) -> bytes:
    return _derived(settings.IDENTITY_KEY, f"readerstudy.sealing.{purpose}")


def seal(content: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(_key("text")).encrypt(nonce, content, None)


def unseal(sealed: bytes) -> bytes:
    """Refused if it was altered, or sealed under another key."""
    sealed = bytes(sealed)  # PostgreSQL gives a memoryview
    try:
        return AESGCM(_key("text")).decrypt(sealed[:NONCE], sealed[NONCE:], None)
    except (InvalidTag, ValueError) as error:
        raise Refused(
            gettext_noop(
                "What was kept of these files cannot be read: it was damaged, or "
                "IDENTITY_KEY has changed since. Please send the files again."
            )
        ) from error


def sealed_sentence(sentence: str) -> str:
    """A sentence for a column of text: it may name a file, and that a patient."""
    return SENTENCE + b64encode(seal(sentence.encode())).decode()


def unsealed_sentence(kept: str) -> str:
    """What was kept; as it is where it was not sealed."""
    if not kept.startswith(SENTENCE):
        return kept
    try:
        return unseal(b64decode(kept.removeprefix(SENTENCE))).decode()
    except Refused as error:
        return str(error)


class _Sealed(SeekableView):
    """A sealed file as if it lay there in clear."""

    def __init__(self, path: Path) -> None:
        super().__init__(max(path.stat().st_size - BLOCK, 0))
        self._file = path.open("rb")
        self._first = int.from_bytes(self._file.read(BLOCK), "big")

    def bytes_at(self, start: int, most: int) -> bytes:
        self._file.seek(BLOCK + start)
        return _stream(self._first, start).update(self._file.read(most))

    def close(self) -> None:
        self._file.close()
        super().close()


def _stream(first: int, at: int) -> CipherContext:
    """The cipher from byte `at` of a file on; the same turns text and cipher over."""
    counter = (first + at // BLOCK) % 2 ** (8 * BLOCK)
    mode = CTR(counter.to_bytes(BLOCK, "big"))
    stream = Cipher(AES(_key("files")), mode).encryptor()
    stream.update(bytes(at % BLOCK))
    return stream


def sealed_open(path: Path) -> BinaryIO:
    """The clear content of a sealed file, to read and to seek in."""
    return io.BufferedReader(_Sealed(path), BUFFER)


class SealedWriter:
    """Appends to a sealed file. length: bytes of clear content so far."""

    def __init__(self, path: Path, *, first: int, length: int) -> None:
        self._file = path.open("r+b")
        self._file.seek(BLOCK + length)
        self._stream = _stream(first, length)
        self.length = length

    def write(self, chunk: bytes) -> None:
        self._file.write(self._stream.update(chunk))
        self.length += len(chunk)

    def close(self) -> None:
        """Returns once everything is on disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


@contextmanager
def sealed_append(path: Path, *, at: int = 0) -> Iterator[SealedWriter]:
    """Write from byte `at` on; the file is made if it is not there.

    Bytes behind `at`, which an interrupted call may have left, are given up.
    ValueError if the file is shorter than `at`.
    """
    if not path.exists():
        path.touch(mode=0o600)
    if path.stat().st_size < BLOCK:
        path.write_bytes(os.urandom(BLOCK))
    if path.stat().st_size < BLOCK + at:
        raise ValueError(f"a sealed file is shorter than {at} bytes")
    os.truncate(path, BLOCK + at)
    with path.open("rb") as file:
        first = int.from_bytes(file.read(BLOCK), "big")
    writer = SealedWriter(path, first=first, length=at)
    try:
        yield writer
    finally:
        writer.close()
