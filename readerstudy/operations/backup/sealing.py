"""An archive that only whoever has the passphrase can read, and nobody can change.

Layout: MAGIC, a line of JSON that says how the key is derived, then pieces of 1 MiB,
each sealed by AES-256-GCM. The key is scrypt's (RFC 7914) of passphrase and a salt that
is new for each archive. A piece's nonce is its number and whether it is the last one:
pieces cannot be left out, repeated or reordered, and an archive that was cut off shows.
(The construction is STREAM of Hoang, Reyhanitabar, Rogaway and Vizár, 2015,
https://eprint.iacr.org/2015/189.)
"""

import io
import json
import os
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from readerstudy.imaging.errors import Refused

MAGIC = b"READERSTUDY-SEALED-BACKUP-1\n"
PIECE = 2**20  # bytes
TAG = 16
SALT = 16
MOST_HEAD = 1000
# Half a second and 128 MB for each guess of a passphrase.
COST = {"n": 2**17, "r": 8, "p": 1}
MOST_N = 2**20
SHORTEST = 12

WRONG_PASSPHRASE = (
    "The archive does not open: the passphrase is not the one that it was sealed with, "
    "or the archive was damaged at its beginning."
)


class Writer(Protocol):
    def write(self, chunk: bytes, /) -> object: ...


def check_passphrase(passphrase: str) -> None:
    if len(passphrase) < SHORTEST:
        raise Refused(
            f"The passphrase is too short: {SHORTEST} characters at least. Whoever has "
            "the archive may guess as long as they like."
        )


def _cipher(passphrase: str, head: dict[str, Any]) -> AESGCM:
    salt = bytes.fromhex(head["salt"])
    cost = {name: int(head[name]) for name in COST}
    if not (1 < cost["n"] <= MOST_N and cost["r"] <= 16 and cost["p"] <= 4):
        raise ValueError("unreasonable cost")
    return AESGCM(Scrypt(salt, 32, **cost).derive(passphrase.encode()))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class SealingWriter:
    """Seals what is written to it; `finish` writes the last piece."""

    def __init__(self, out: Writer, passphrase: str) -> None:
        head = {"kdf": "scrypt", **COST, "salt": os.urandom(SALT).hex()}
        self._out, self._head = out, json.dumps(head).encode() + b"\n"
        self._cipher = _cipher(passphrase, head)
        self._held, self._number = bytearray(), 0
        out.write(MAGIC + self._head)

    def write(self, chunk: bytes) -> None:
        self._held += chunk
        while len(self._held) > PIECE:  # one more byte: this is not the last piece
            self._seal(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]

    def finish(self) -> None:
        self._seal(bytes(self._held), last=True)
        self._held.clear()

    def _seal(self, piece: bytes, *, last: bool) -> None:
        nonce = _nonce(self._number, last=last)
        self._out.write(self._cipher.encrypt(nonce, piece, self._head))
        self._number += 1


class SealedReader(io.RawIOBase):
    """The clear content of a sealed archive, from its beginning to its end."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        """file: just behind MAGIC."""
        super().__init__()
        self._file, self._head = file, file.readline(MOST_HEAD)
        try:
            self._cipher = _cipher(passphrase, json.loads(self._head))
        except (ValueError, TypeError, KeyError) as error:
            raise Refused(
                "The archive is damaged at its beginning: how it was sealed cannot be "
                "read."
            ) from error
        self._next = file.read(PIECE + TAG)
        self._held, self._at, self._number, self._ended = b"", 0, 0, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._at == len(self._held) and not self._ended:
            self._open_next()
        piece = self._held[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _open_next(self) -> None:
        sealed, self._next = self._next, self._file.read(PIECE + TAG)
        self._ended = not self._next
        nonce = _nonce(self._number, last=self._ended)
        try:
            self._held = self._cipher.decrypt(nonce, sealed, self._head)
        except (InvalidTag, ValueError) as error:
            if not self._number:
                raise Refused(WRONG_PASSPHRASE) from error
            raise Refused(
                "The archive is damaged or cut off, some "
                f"{self._number * PIECE // 2**20} MB from its beginning."
            ) from error
        self._at, self._number = 0, self._number + 1


def is_sealed(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False
