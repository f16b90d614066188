"""A sealed archive opens with its passphrase, whole, and in no other way."""

import io

import pytest

from readerstudy.imaging.errors import Refused
from readerstudy.operations.backup import sealing
from readerstudy.operations.backup.sealing import MAGIC, PIECE, TAG

pytestmark = pytest.mark.pure
PASSPHRASE = "correct horse battery staple"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "COST", {"n": 16, "r": 8, "p": 1})


def sealed(content: bytes) -> bytes:
    out = io.BytesIO()
    writer = sealing.SealingWriter(out, PASSPHRASE)
    for start in range(0, len(content), 300_001):
        writer.write(content[start : start + 300_001])
    writer.finish()
    return out.getvalue()


def opened(archive: bytes, passphrase: str = PASSPHRASE) -> bytes:
    file = io.BytesIO(archive)
    assert file.read(len(MAGIC)) == MAGIC
    return sealing.SealedReader(file, passphrase).read()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 5])
def test_what_was_sealed_comes_out_again(size):
    content = bytes(range(251)) * (size // 251 + 1)
    assert opened(sealed(content[:size])) == content[:size]


def pieces(archive: bytes) -> tuple[bytes, list[bytes]]:
    head = archive[: archive.index(b"\n", len(MAGIC)) + 1]
    rest, size = archive[len(head) :], PIECE + TAG
    return head, [rest[at : at + size] for at in range(0, len(rest), size)]


def test_no_piece_can_be_left_out_repeated_moved_or_changed():
    head, parts = pieces(sealed(bytes(3 * PIECE)))
    assert len(parts) == 3
    first, second, third = parts
    changed = bytes([second[0] ^ 1]) + second[1:]
    for others in (
        [first, second],  # cut off between two pieces
        [first, second, third[:-1]],
        [second, third],
        [first, third],
        [first, second, second, third],
        [second, first, third],
        [first, changed, third],
        [first, second, third, third],
    ):
        with pytest.raises(Refused):
            opened(head + b"".join(others))


def test_how_it_was_sealed_cannot_be_changed_either():
    archive = sealed(b"content")
    with pytest.raises(Refused, match="passphrase"):
        opened(archive.replace(b'"kdf": "scrypt"', b'"kdf":"scrypt" '))
    with pytest.raises(Refused, match="how it was sealed"):
        opened(archive.replace(b'"n": 16', b'"n": 99999999999'))


def test_another_passphrase_opens_nothing_and_two_archives_are_never_alike():
    with pytest.raises(Refused, match="not the one that it was sealed with"):
        opened(sealed(b"content"), "another passphrase")
    assert sealed(b"content") != sealed(b"content")
    assert b"content" not in sealed(b"content")
