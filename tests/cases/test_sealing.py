"""What waits on disk cannot be read there, and comes back as it was."""

import zipfile
from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.cases.storage.sealing import seal, sealed_append, sealed_open, unseal
from readerstudy.imaging.errors import Refused

pytestmark = pytest.mark.pure

CLEAR = b"DOE^JOHN was here; " * 5000


@pytest.fixture
def sealed(tmp_path):
    path = tmp_path / "file"
    with sealed_append(path) as writer:
        writer.write(CLEAR)
    return path


def test_a_sealed_file_tells_nothing_and_comes_back(sealed) -> None:
    assert b"DOE^JOHN" not in sealed.read_bytes()
    assert sealed.stat().st_mode & 0o077 == 0
    with sealed_open(sealed) as file:
        assert file.read() == CLEAR


def test_the_same_content_twice_looks_different(sealed, tmp_path) -> None:
    with sealed_append(tmp_path / "other") as writer:
        writer.write(CLEAR)
    assert sealed.read_bytes() != (tmp_path / "other").read_bytes()


@given(
    cuts=st.lists(st.integers(0, len(CLEAR)), max_size=5),
    spans=st.lists(st.tuples(st.integers(0, len(CLEAR)), st.integers(0, 40_000))),
)
def test_it_may_come_in_pieces_and_be_read_from_anywhere(
    cuts, spans, tmp_path_factory
) -> None:
    path = tmp_path_factory.mktemp("sealed") / "file"
    edges = [0, *sorted(cuts), len(CLEAR)]
    for start, end in pairwise(edges):
        with sealed_append(path, at=start) as writer:
            writer.write(CLEAR[start:end])
    with sealed_open(path) as file:
        for start, length in spans:
            file.seek(start)
            assert file.read(length) == CLEAR[start : start + length]


def test_bytes_behind_the_acknowledged_ones_are_written_again(sealed) -> None:
    with sealed_append(sealed, at=10) as writer:
        writer.write(b"once more")
    with sealed_open(sealed) as file:
        assert file.read() == CLEAR[:10] + b"once more"


def test_a_zip_is_read_where_it_lies(tmp_path) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b", CLEAR)
    with sealed_append(tmp_path / "zip") as writer:
        writer.write(packed.getvalue())
    with sealed_open(tmp_path / "zip") as file, zipfile.ZipFile(file) as archive:
        assert archive.read("a/b") == CLEAR


def test_a_text_comes_back_only_with_the_key_and_unaltered(settings) -> None:
    sealed = seal(b"DOE^JOHN")
    assert unseal(sealed) == b"DOE^JOHN"
    with pytest.raises(Refused):
        unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    settings.IDENTITY_KEY = "another" * 10
    with pytest.raises(Refused, match="IDENTITY_KEY"):
        unseal(sealed)
