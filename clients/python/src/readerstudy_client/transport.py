"""Requests to one site, by the standard library alone."""

import json
import ssl
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from email.message import Message
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from .errors import UnreachableError, problem_of

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
BUSY = {429, 502, 503, 504}  # worth asking once more
LONGEST_WAIT = 60.0  # seconds between two tries
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


class _Nowhere(urllib.request.HTTPRedirectHandler):
    """No address of the API leads elsewhere, and a token follows nobody."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class Transport:
    """Asks with a token; asks again while the site is busy or the line is bad.

    A write carries a key by which the site knows it again, so that one whose answer
    was lost is not carried out twice.
    """

    def __init__(
        self,
        site: str,
        token: str,
        *,
        timeout: float = 60.0,
        tries: int = 4,
        context: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(site)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{site!r} is not the address of a site.")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("A token goes over https only, but to this machine.")
        self.base = f"{parts.scheme}://{parts.netloc}/api/v1/"
        self.timeout, self.tries = timeout, tries
        self._token = token
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), _Nowhere
        )

    def __repr__(self) -> str:  # without the token
        return f"Transport({self.base!r})"

    def get(self, path: str, **query: Any) -> Any:
        return _plain(self.request("GET", _with_query(path, query)))

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """The things of a list, page after page."""
        address: str | None = _with_query(path, {"page_size": 500, **query})
        while address:
            page = _plain(self.request("GET", address))
            yield from page["results"]
            address = page["next"]

    def send(
        self, method: str, path: str, body: Any = None, *, keyed: bool = True
    ) -> Any:
        """keyed: False for what is the same once however often it is sent."""
        content = None if body is None else json.dumps(body).encode()
        return _plain(self.request(method, path, content=content, keyed=keyed))

    def send_text(self, method: str, path: str, text: str, kind: str) -> Any:
        content = text.encode()
        return _plain(self.request(method, path, content=content, content_type=kind))

    def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        keyed: bool = True,
    ) -> bytes:
        """The body of the answer. Raises ProblemError, or UnreachableError."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": accept}
        if method in WRITES:
            headers["Content-Type"] = content_type
            if keyed:
                headers["Idempotency-Key"] = str(uuid.uuid4())
            content = b"" if content is None else content
        return self._ask(method, self._address(path), content, headers)

    def _address(self, path: str) -> str:
        address = urljoin(self.base, path)
        # what a list gives as its next page may name the site by another name
        parts = urlsplit(address)
        if not parts.path.startswith("/api/v1/"):
            raise ValueError(f"{path!r} is no address of the API.")
        inside = parts.path.removeprefix("/api/v1/")
        return f"{self.base}{inside}{'?' if parts.query else ''}{parts.query}"

    def _ask(
        self, method: str, address: str, content: bytes | None, headers: dict[str, str]
    ) -> bytes:
        for number in range(1, self.tries + 1):
            asked = urllib.request.Request(  # noqa: S310 of http and https only
                address, data=content, headers=headers, method=method
            )
            wait = min(0.5 * 2**number, LONGEST_WAIT)
            try:
                with self._opener.open(asked, timeout=self.timeout) as answer:
                    body: bytes = answer.read()
                    return body
            except urllib.error.HTTPError as refused:
                with refused:
                    body = refused.read()
                    if refused.code not in BUSY or number == self.tries:
                        raise problem_of(refused.code, body) from None
                    wait = _asked_to_wait(refused.headers) or wait
            except (OSError, HTTPException) as broken:
                if number == self.tries:
                    raise UnreachableError(
                        f"{self.base} does not answer: {broken}"
                    ) from None
            time.sleep(wait)
        raise AssertionError("unreachable")


def _asked_to_wait(headers: Message) -> float | None:
    told = str(headers.get("Retry-After", ""))
    return min(float(told), LONGEST_WAIT) if told.isdecimal() else None


def _with_query(path: str, query: Mapping[str, Any]) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _plain(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        raise UnreachableError("The answer is not that of such a site.") from None


def part(text: str) -> str:
    """A name as one part of an address."""
    return quote(text, safe="")
