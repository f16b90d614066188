"""Read a whole study as a browser does, noting everything but the pixels.

Nothing here asks the database: tokens, addresses and fields come from the pages,
as in static/js/reading.js.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from readerstudy.imaging.errors import Refused

from .responses import Answer, Values, envelope, page, read_page, same

Clock = Callable[[], float]  # seconds


class Transport(Protocol):
    """What carries a reader's requests: Django's test client, or one that leaks."""

    def get(self, path: str) -> Any: ...

    def post(self, path: str, data: Mapping[str, str]) -> Any: ...


@dataclass(frozen=True)
class Seen:
    """One read as its reader's browser saw it."""

    reader: str  # code
    position: int  # from 1, over all of the reader's reads
    session: int  # from 1
    number: int  # “n of N”
    of: int
    token: str
    values: Values


def observe(
    *,
    slug: str,
    address: str,
    readers: Mapping[str, Transport],
    progress: Callable[[str, int], None] = lambda reader, done: None,
    clock: Clock = time.perf_counter,
) -> list[Seen]:
    """Every read of every reader, in the order of reading.

    `address` is the reading screen's, `readers` each reader's code and logged-in
    client. Answers are the first choice always. No read may be answered before,
    and no washout may be due.
    """
    seen = []
    for code, transport in readers.items():
        for one in _Browser(code, transport, clock).read_through(address):
            seen.append(one)
            progress(code, one.position)
    if not seen:
        raise Refused(f"There is nothing to read in “{slug}”.")
    return seen


class _Browser:
    def __init__(self, reader: str, transport: Transport, clock: Clock) -> None:
        self.reader, self.transport, self.clock = reader, transport, clock

    def read_through(self, address: str) -> Iterator[Seen]:
        position, session, announced = 0, 1, Values()
        while True:
            answer = self._ask(lambda: self.transport.get(address))
            if answer.status != 200:
                raise Refused(f"Reader {self.reader} is not shown the next read.")
            position += 1
            seen, following = self._read(answer, position, session, announced)
            yield seen
            if following["state"] == "finished":
                return
            announced = following["values"]
            if following["state"] == "pause":
                session, announced = session + 1, Values()

    def _read(
        self, shown: Answer, position: int, session: int, announced: Values
    ) -> tuple[Seen, dict[str, Any]]:
        dom = read_page(shown)
        token = dom.data["data-token"]
        pixels = self._ask(
            lambda: self.transport.get(f"{dom.data['data-pixels-url']}{token}/")
        )
        form = {**dom.fields, "token": token, "key": f"{self.reader}-{position}"}
        path = urlsplit(dom.data["data-submit-url"]).path
        said = self._ask(lambda: self.transport.post(path, form))
        if pixels.status != 200 or said.status != 200:
            raise Refused(f"Reader {self.reader}, read {position}: no answer.")
        reply = json.loads(said.body)
        values = envelope("page", shown) | page(dom, shown, token=token)
        values |= envelope("pixels", pixels) | envelope("submit", said)
        values |= announced
        seen = Seen(
            reader=self.reader,
            position=position,
            session=session,
            number=int(dom.texts["number"]),
            of=int(dom.texts["of"]),
            token=token,
            values=values,
        )
        reply["values"] = _announcement(said, reply)
        return seen, reply

    def _ask(self, send: Callable[[], Any]) -> Answer:
        start = self.clock()
        response = send()
        body = b"".join(response) if response.streaming else response.content
        seconds = self.clock() - start
        return Answer(
            status=response.status_code,
            headers=tuple(response.headers.items()),
            cookies=tuple(
                (name, morsel.value, _attributes(morsel))
                for name, morsel in response.cookies.items()
            ),
            body=body,
            seconds=seconds,
        )


def _attributes(morsel: Any) -> str:
    """A cookie's attributes but its time of expiry, which only tells the time."""
    return repr(sorted((k, v) for k, v in morsel.items() if v and k != "expires"))


def _announcement(said: Answer, reply: Mapping[str, Any]) -> Values:
    """What the answer to the read before tells of this one."""
    return envelope("announcement", said) | {
        "page/announcement": same(sorted(reply)),
    }
