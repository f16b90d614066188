"""Read a whole study as a browser does, noting everything but the pixels.

Nothing here asks the database: tokens, addresses and fields come from the pages, as
in static/js/reading.js and guess.js. Only, the page of every read is loaded, as by a
reader who reloads it each time; so each shows all that any reader could see of it.
"""

import json
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from readerstudy.imaging.errors import Refused

from .responses import Answer, Dom, Values, envelope, page, read_page, same

Clock = Callable[[], float]  # seconds
Progress = Callable[[str, int], None]  # reader's code, reads done
# what a browser tells with an answer: nothing that is a deviation
CIRCUMSTANCES = {"away": "0", "side": "400", "screen": "1920x1080"}
MOST_REDIRECTS = 5


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
    asked_about: Callable[[str], int],
    progress: Progress = lambda reader, done: None,
    clock: Clock = time.perf_counter,
) -> list[Seen]:
    """Every read of every reader, in the order of reading.

    `address` is the reading screen's, `readers` each reader's code and logged-in
    client. Answers and guesses are the first choice always. No read may be answered
    before; between reads there may be guesses and sessions to end, nothing else.
    asked_about: a guess's token → the position of the read that it is about, which a
    browser would know by the pixels.
    """
    seen = []
    for code, transport in readers.items():
        browser = _Browser(code, transport, address, clock)
        seen += browser.read_through(asked_about, progress)
    if not seen:
        raise Refused(f"No read of “{slug}” is shown.")
    return seen


@dataclass
class _Browser:
    reader: str
    transport: Transport
    address: str
    clock: Clock
    seen: list[Seen] = field(default_factory=list)
    questions: dict[str, Values] = field(default_factory=dict)  # by a guess's token
    # of the read to come: its token and what is known of it before its page
    announced: str = ""
    coming: Values = field(default_factory=dict)
    # what came with an answer of a read after the next, and its pixels, by token
    carried: dict[str, tuple[Values, bytes]] = field(default_factory=dict)

    def read_through(
        self, asked_about: Callable[[str], int], progress: Progress
    ) -> list[Seen]:
        state, path = "begun", self.address
        while state != "finished":
            at, shown = self._follow(path)
            dom = read_page(shown)
            if at == self.address:
                reply = self._read(shown, dom)
                progress(self.reader, len(self.seen))
            elif "guess" in dom.fields:
                reply = self._guess(shown, dom)
            elif "finish" in dom.actions:
                reply = self._finish(dom)
            else:
                break
            state, path = str(reply["state"]), self.address
            if state in ("guess", "review"):
                path = str(reply["href"])
        asked = {asked_about(token): values for token, values in self.questions.items()}
        return [_whole(one, asked) for one in self.seen]

    def _read(self, shown: Answer, dom: Dom) -> dict[str, Any]:
        """Look, fetch the next read's pixels, answer."""
        token, after = dom.data["data-token"], dom.data["data-next"]
        number, of = int(dom.texts["number"]), int(dom.texts["of"])
        pixels = self._pixels(dom, token)
        values = envelope("room", shown) | envelope("pixels", pixels)
        values |= page("room", dom, shown, tokens=(token, after))
        values |= {"lengths/room/next": float(len(after))}
        if number > 1:
            is_announced = self.announced == token
            values |= self.coming | {"page/room/announced": str(is_announced)}
        values |= self._carried(token, pixels)
        ahead = envelope("ahead", self._pixels(dom, after)) if after else {}
        form = {"token": token, "key": f"{self.reader}-{len(self.seen)}"}
        said, reply = self._post(dom, form | CIRCUMSTANCES)
        self._expect(reply, ahead)
        session = (self.seen[-1].session if self.seen else 0) + (number == 1)
        self.seen.append(
            Seen(
                reader=self.reader,
                position=len(self.seen) + 1,
                session=session,
                number=number,
                of=of,
                token=token,
                values=values | envelope("submit", said),
            )
        )
        self._tell(said, reply)
        return reply

    def _tell(self, said: Answer, reply: Mapping[str, Any]) -> None:
        """An answer announces a read, and carries the pixels of the one after it."""
        self.coming |= _announcement(said, reply)
        if reply.get("next"):
            self.carried[str(reply["next"])] = _carriage(said, reply)

    def _carried(self, token: str, pixels: Answer) -> Values:
        """What came with an earlier answer, held to the pixels at their own address."""
        if token not in self.carried:
            return {}
        values, content = self.carried.pop(token)
        is_same = content == pixels.body
        return values | {"page/carried/same as fetched": str(is_same)}

    def _expect(self, reply: Mapping[str, Any], ahead: Values) -> None:
        """Of the read to come: what its pixels showed, if they were fetched already."""
        self.announced = str(reply.get("token", ""))
        self.coming = {"page/room/ahead": str(bool(ahead)), **ahead}

    def _guess(self, shown: Answer, dom: Dom) -> dict[str, Any]:
        token = dom.data["data-token"]
        pixels = self._pixels(dom, token)
        said, reply = self._post(dom, {"token": token})
        self.questions[token] = {
            "token/guess": token,
            **envelope("guess", shown),
            **page("guess", dom, shown, tokens=(token,)),
            **envelope("guess pixels", pixels),
            **envelope("guess submit", said),
        }
        self.announced = str(reply.get("token", ""))
        self._tell(said, reply)
        return reply

    def _finish(self, dom: Dom) -> dict[str, Any]:
        """End a session that may be reviewed; what is due then, its page tells."""
        path = dom.actions["finish"]
        self._ask(lambda: self.transport.post(path, dom.fields))
        return {"state": "ended"}

    def _pixels(self, dom: Dom, token: str) -> Answer:
        path = f"{dom.data['data-pixels-url']}{token}/"
        answer = self._ask(lambda: self.transport.get(path))
        if answer.status != 200:
            raise Refused(f"Reader {self.reader}, {self._place()}: no pixels.")
        return answer

    def _post(
        self, dom: Dom, fields: Mapping[str, str]
    ) -> tuple[Answer, dict[str, Any]]:
        path = urlsplit(dom.data["data-submit-url"]).path
        form = {**dom.fields, **fields}
        said = self._ask(lambda: self.transport.post(path, form))
        if said.status != 200:
            raise Refused(f"Reader {self.reader}, {self._place()}: no answer.")
        return said, json.loads(said.body)

    def _place(self) -> str:
        return f"after {len(self.seen)} reads"

    def _follow(self, path: str) -> tuple[str, Answer]:
        """Where one is led, and the page there."""
        for _ in range(MOST_REDIRECTS):
            answer = self._ask(lambda path=path: self.transport.get(path))  # type: ignore[misc]
            if answer.status == 200:
                return path, answer
            if not answer.header("Location"):
                break
            path = urlsplit(answer.header("Location")).path
        raise Refused(f"Reader {self.reader}, {self._place()}: no page.")

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


def _whole(one: Seen, asked: Mapping[int, Values]) -> Seen:
    """With what the question after it showed, and whether there was one."""
    question = asked.get(one.position, {})
    is_asked = float(one.position in asked)
    return replace(one, values={**one.values, **question, "order/asked": is_asked})


def _attributes(morsel: Any) -> str:
    """A cookie's attributes but its time of expiry, which only tells the time."""
    return repr(sorted((k, v) for k, v in morsel.items() if v and k != "expires"))


def _announcement(said: Answer, reply: Mapping[str, Any]) -> Values:
    """What the answer before it tells of a read."""
    return envelope("announcement", said) | {
        "page/announcement": same(sorted(reply)),
        "lengths/announcement/next": float(len(reply.get("next") or "")),
    }


def _carriage(said: Answer, reply: Mapping[str, Any]) -> tuple[Values, bytes]:
    """How an answer carries the pixels of a read after the next, and these."""
    encoded = str(reply.get("pixels") or "")
    values = envelope("carried", said) | {
        "lengths/carried/pixels": float(len(encoded)),
        "page/carried/pixels": type(reply.get("pixels")).__name__,
    }
    return values, b64decode(encoded)
