"""multipart/related as it streams by, part by part and never whole (RFC 2046 5.1)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.http import parse_header_parameters
from django.utils.translation import gettext_noop

from readerstudy.imaging.errors import Refused

LONGEST_HEAD = 16 * 2**10
LONGEST_BOUNDARY = 200  # RFC 2046 allows 70; some send more


@dataclass(frozen=True)
class Part:
    """media_type: lower case, "" if not stated. content: to be read before the next
    part is asked for; what is left of it then is skipped."""

    media_type: str
    content: Iterator[bytes]


def boundary_of(content_type: str) -> tuple[bytes, str]:
    """Boundary and type of the parts. Refused unless it is multipart/related."""
    media_type, parameters = parse_header_parameters(content_type)
    boundary = parameters.get("boundary", "")
    if media_type != "multipart/related" or not boundary:
        raise Refused(gettext_noop("The content is not multipart/related."))
    if len(boundary) > LONGEST_BOUNDARY or not boundary.isascii():
        raise Refused(gettext_noop("The boundary of its parts is not usable."))
    return boundary.encode(), parameters.get("type", "").lower()


def parts(chunks: Iterable[bytes], boundary: bytes) -> Iterator[Part]:
    """The parts, in their order. Refused if the last boundary does not come."""
    stream = _Stream(chunks, b"\r\n--" + boundary)
    for _ in stream.until_delimiter():  # what stands before the first is no part
        pass
    while not stream.is_over():
        head = stream.head()
        content = stream.until_delimiter()
        yield Part(_media_type(head), content)
        for _ in content:
            pass


def _media_type(head: bytes) -> str:
    for line in head.decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return parse_header_parameters(value.strip())[0]
    return ""


class _Stream:
    """What has come and is not used yet; no more than a chunk and a delimiter."""

    def __init__(self, chunks: Iterable[bytes], delimiter: bytes) -> None:
        self._chunks = iter(chunks)
        self._delimiter = delimiter
        self._held = bytearray(b"\r\n")  # the first delimiter needs no line before it

    def _more(self) -> None:
        for chunk in self._chunks:
            if chunk:
                self._held += chunk
                return
        raise Refused(gettext_noop("It ends in the middle: the last part is missing."))

    def until_delimiter(self) -> Iterator[bytes]:
        while (at := self._held.find(self._delimiter)) < 0:
            if sure := max(0, len(self._held) - len(self._delimiter) + 1):
                yield bytes(self._held[:sure])
                del self._held[:sure]
            self._more()
        content = bytes(self._held[:at])
        del self._held[: at + len(self._delimiter)]
        if content:
            yield content

    def is_over(self) -> bool:
        """Whether the delimiter just read was the last."""
        while len(self._held) < 2:
            self._more()
        return self._held[:2] == b"--"

    def head(self) -> bytes:
        """The headers of a part, which may be none, up to the empty line."""
        while (at := self._held.find(b"\r\n\r\n")) < 0:
            if len(self._held) > LONGEST_HEAD:
                raise Refused(gettext_noop("The headers of a part are too long."))
            self._more()
        head = bytes(self._held[:at])
        del self._held[: at + 4]
        return head
