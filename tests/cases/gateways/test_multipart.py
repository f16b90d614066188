"""A multipart content, however its bytes are cut."""

from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.cases.gateways.multipart import boundary_of, parts
from readerstudy.imaging.errors import Refused

pytestmark = pytest.mark.pure

BOUNDARY = b"a=b'c"


def packed(contents: list[bytes], *, preamble: bytes = b"") -> bytes:
    heading = b"Content-Type: application/dicom\r\nX: y"
    pieces = [
        b"\r\n--" + BOUNDARY + b"\r\n" + heading + b"\r\n\r\n" + one for one in contents
    ]
    return preamble + b"".join(pieces) + b"\r\n--" + BOUNDARY + b"--\r\nepilogue"


def cut(content: bytes, lengths: list[int]) -> list[bytes]:
    found = []
    for length in lengths:
        found.append(content[:length])
        content = content[length:]
    return [*found, content]


contents_ = st.lists(
    st.binary(max_size=40).filter(lambda one: b"\r\n--" + BOUNDARY not in one),
    max_size=4,
)


@given(contents_, st.lists(st.integers(0, 30), max_size=30), st.booleans())
def test_its_parts_are_what_was_packed(
    contents: list[bytes], lengths: list[int], preambled: bool
) -> None:
    content = packed(contents, preamble=b"to be ignored" if preambled else b"")
    if not preambled:
        content = content.removeprefix(b"\r\n")
    found = [
        (part.media_type, b"".join(part.content))
        for part in parts(cut(content, lengths), BOUNDARY)
    ]
    assert found == [("application/dicom", one) for one in contents]


@given(contents_.filter(bool), st.integers(1, 10_000), st.integers(1, 50))
def test_what_is_cut_off_is_refused(
    contents: list[bytes], end: int, length: int
) -> None:
    content = packed(contents)
    end %= len(content) - len(b"--\r\nepilogue")
    chunks = [content[:end][at : at + length] for at in range(0, end, length)]
    with pytest.raises(Refused, match="ends in the middle"):
        for part in parts(chunks, BOUNDARY):
            for _ in part.content:
                pass


def test_parts_that_are_not_read_are_skipped() -> None:
    content = packed([b"one", b"two" * 1000, b"three"])
    chunks = [content[at : at + 7] for at in range(0, len(content), 7)]
    assert len(list(parts(chunks, BOUNDARY))) == 3


def test_it_reads_what_the_standard_library_writes() -> None:
    message = MIMEMultipart("related", "gap", policy=HTTP)
    for one in (b"first", b"second"):
        message.attach(MIMEApplication(one, "dicom", lambda _: None, policy=HTTP))
    _heading, _, content = message.as_bytes().partition(b"\r\n\r\n")
    found = [b"".join(part.content) for part in parts([content], b"gap")]
    assert found == [b"first", b"second"]


def test_no_more_is_held_than_a_chunk_and_a_boundary() -> None:
    piece = bytes(2**16)

    def chunks() -> object:
        yield b"--gap\r\n\r\n"
        for _ in range(200):
            yield piece
        yield b"\r\n--gap--"

    (part,) = parts(chunks(), b"gap")
    # what is left of a part that was passed over has been skipped
    assert list(part.content) == []
    for part in parts(chunks(), b"gap"):
        assert all(len(one) <= len(piece) + 10 for one in part.content)


def test_headers_without_an_end_are_refused() -> None:
    with pytest.raises(Refused, match="headers"):
        list(parts([b"--gap\r\n", *([bytes(1000)] * 100)], b"gap"))


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "multipart/related", "multipart/related; boundary="],
)
def test_another_content_is_refused(content_type: str) -> None:
    with pytest.raises(Refused):
        boundary_of(content_type)


def test_the_boundary_may_stand_in_quotes() -> None:
    given_ = 'Multipart/Related; TYPE="application/dicom"; Boundary="a b"'
    assert boundary_of(given_) == (b"a b", "application/dicom")
