"""All that an answer of the server shows beside the pixels themselves.

A value is a number or, where only sameness matters, a text. Its name is
`family/answer/what`; families are judged one by one, so that a leak has a place.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

Value = float | str
Values = dict[str, Value]


@dataclass(frozen=True)
class Answer:
    """One answer of the server, and how long it took."""

    status: int
    headers: tuple[tuple[str, str], ...]  # in the order sent; cookies apart
    cookies: tuple[tuple[str, str, str], ...]  # name, value, attributes
    body: bytes
    seconds: float

    def header(self, name: str) -> str:
        wanted = name.lower()
        return next((v for k, v in self.headers if k.lower() == wanted), "")


@dataclass
class Dom(HTMLParser):
    """What a reader's page holds: its structure, and what its script uses."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  # id → text
    data: dict[str, str] = field(default_factory=dict)  # data-… of the room
    fields: dict[str, str] = field(default_factory=dict)  # name → first value
    actions: dict[str, str] = field(default_factory=dict)  # id → its form's address
    _inside: str = ""
    _action: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in held.items()]
        self._inside = held.get("id", "")
        if tag == "form":
            self._action = held.get("action", "")
        self.actions[self._inside] = self._action
        if self._inside == "room":
            self.data = {n: v for n, v in held.items() if n.startswith("data-")}
        if tag == "input" and "name" in held:
            self.fields.setdefault(held["name"], held.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside] = self.texts.get(self._inside, "") + data.strip()


def read_page(answer: Answer) -> Dom:
    dom = Dom()
    dom.feed(answer.body.decode())
    return dom


def same(parts: Iterable[object]) -> str:
    """A short name that equal parts share."""
    return hashlib.sha256(repr(list(parts)).encode()).hexdigest()[:16]


def envelope(name: str, answer: Answer) -> Values:
    """What every kind of answer shows: length, headers, cookies, time."""
    values: Values = {
        f"lengths/{name}/body": float(len(answer.body)),
        f"lengths/{name}/headers": float(sum(len(k + v) for k, v in answer.headers)),
        f"lengths/{name}/cookies": float(sum(len(v) for _, v, _ in answer.cookies)),
        f"headers/{name}/status": str(answer.status),
        f"headers/{name}/names": same(k for k, _ in answer.headers),
        f"headers/{name}/cookies": same((k, a) for k, _, a in answer.cookies),
        f"times/{name}": answer.seconds,
    }
    for header, value in answer.headers:
        key = f"headers/{name}/{header.lower()}"
        try:
            values[key] = float(value)
        except ValueError:
            values[key] = value
    return values


def page(name: str, dom: Dom, answer: Answer, *, tokens: Sequence[str]) -> Values:
    """The page's structure and text; tokens, form key and place masked."""
    csrf = dom.fields.get("csrfmiddlewaretoken", "")
    secrets = zip((*tokens, csrf), (*map(str, range(len(tokens))), "F"), strict=True)
    masks = [(secret, mark) for secret, mark in secrets if secret]
    number, of = dom.texts.get("number", ""), dom.texts.get("of", "")
    masks += [(f'"number">{number}<', "N"), (f'"of">{of}<', "O")]
    text = answer.body.decode()
    attributes = list(dom.attributes)
    for secret, mark in masks:
        text = text.replace(secret, mark)
        attributes = [(t, n, v.replace(secret, mark)) for t, n, v in attributes]
    return {
        f"page/{name}/tags": same(dom.tags),
        f"page/{name}/tag count": float(len(dom.tags)),
        f"page/{name}/attributes": same((t, n, len(v)) for t, n, v in attributes),
        f"page/{name}/attribute length": float(sum(len(v) for _, _, v in attributes)),
        f"page/{name}/text": same([text]),
    }
