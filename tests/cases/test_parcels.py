"""Many files as one stream: packed, sealed, and taken apart again."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.cases.storage.parcels import (
    LENGTH,
    MAGIC,
    Member,
    ParcelWriter,
    member_open,
    parcel_members,
)
from readerstudy.cases.storage.sealing import sealed_append
from readerstudy.imaging.errors import Refused

pytestmark = pytest.mark.pure

FILES = {"a/IM1": b"one" * 5000, "b/IM1": b"", "日本 太郎.dcm": b"\x00\xff" * 70_000}


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    writer = ParcelWriter(out)
    for name, content in files.items():
        writer.begin(name)
        for at in range(0, len(content), 1000):
            writer.write(content[at : at + 1000])
    writer.finish()
    return out.getvalue()


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    with sealed_append(tmp_path / "sealed") as writer:
        writer.write(packed(FILES))
    return tmp_path / "sealed"


def members(content: bytes) -> list[Member] | None:
    return parcel_members(io.BytesIO(content))


def test_every_file_comes_out_as_it_went_in(sealed: Path) -> None:
    found = members(packed(FILES)) or []
    assert [member.name for member in found] == list(FILES)
    for member in found:
        with member_open(sealed, member) as file:
            assert file.read() == FILES[member.name]


def test_a_member_is_read_like_a_file_of_its_own(sealed: Path) -> None:
    """Zip files and DICOM readers seek to and fro, from both ends."""
    last = (members(packed(FILES)) or [])[-1]
    content = FILES[last.name]
    with member_open(sealed, last) as file:
        assert file.seek(-3, io.SEEK_END) == len(content) - 3
        assert file.read(10) == content[-3:]
        assert file.read() == b""
        file.seek(70_001)
        assert file.read(5) == content[70_001:70_006]
        assert file.tell() == 70_006
        file.seek(10, io.SEEK_CUR)
        assert file.read(2) == content[70_016:70_018]
        file.seek(10**9)
        assert file.read(1) == b""
        with pytest.raises(OSError, match="no byte -1"):
            file.seek(-1)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", bytes(500), MAGIC[1:] * 9])
def test_another_file_is_no_parcel(content: bytes) -> None:
    assert members(content) is None


def forged(index: object, content: bytes = b"12345") -> bytes:
    told = index if isinstance(index, bytes) else json.dumps(index).encode()
    return content + told + len(told).to_bytes(LENGTH, "big") + MAGIC


@pytest.mark.parametrize(
    "index",
    [
        [["a", 4]],  # less than there is
        [["a", 6]],  # more
        [["a", 6], ["b", -1]],
        [["a", 5.0]],
        [["a", True], ["b", 4]],
        [["a", "5"]],
        [[5, "a"]],
        [["a"]],
        ["ab"],
        {"a": 5},
        5,
        None,
        b"\xff\xfe",
        b"[" * 100_000,
        b"",
    ],
)
def test_an_index_that_lies_is_refused(index: object) -> None:
    with pytest.raises(Refused, match="did not come as they were sent"):
        members(forged(index))


@pytest.mark.parametrize("length", [0, 99, 2**63, 2**64 - 1])
def test_an_index_that_lies_about_its_length_is_refused(length: int) -> None:
    content = packed(FILES)[: -LENGTH - len(MAGIC)]
    with pytest.raises(Refused):
        members(content + length.to_bytes(LENGTH, "big") + MAGIC)


@given(st.binary(max_size=200), st.binary(max_size=200), st.integers(0, 400))
def test_nothing_that_is_sent_breaks_it(
    content: bytes, index: bytes, length: int
) -> None:
    try:
        found = members(content + index + length.to_bytes(LENGTH, "big") + MAGIC)
    except Refused:
        return
    assert sum(member.size for member in found or []) <= len(content) + len(index)
