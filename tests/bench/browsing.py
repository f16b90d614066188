"""A reader's browser as far as the server can tell, without drawing anything."""

import json
import re
import socket
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

CIRCUMSTANCES = {"first_ms": 900, "spent_ms": 2000, "away_ms": 0, "held_ms": 0}
SCREEN = {"side": 400, "screen": "1920x1080"}
ENCODED = 16384  # characters of 12288 bytes
GRADES = {"grade-right": 3, "grade-left": 2}


@dataclass
class Reader:
    """Reads one study over one connection; whatever is not as it should be raises."""

    port: int
    cookie: str
    slug: str
    seconds: list[float] = field(default_factory=list)  # of each answer
    key: str = ""  # of the cookie against forged forms

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(("localhost", self.port), timeout=60)
        self.answers = self.socket.makefile("rb")
        page = self.ask("GET", f"/read/{self.slug}/")
        self.token = self._of_page(page, "data-token")
        self.csrf = self._of_page(page, "value")

    def _of_page(self, page: bytes, name: str) -> str:
        """The form's key is the first value of a page."""
        found = re.search(rf'{name}="([\w-]+)"', page.decode())
        assert found, f"the page has no {name}"
        return found[1]

    def ask(self, method: str, path: str, body: str = "") -> bytes:
        """Over a plain socket: the reader shares the processor with the server."""
        cookies = f"sessionid={self.cookie}; csrftoken={self.key}"
        self.socket.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        status = self.answers.readline().split()[1]
        length = 0
        while line := self.answers.readline().strip():
            name, _, value = line.partition(b": ")
            if name == b"Content-Length":
                length = int(value)
            if name == b"Set-Cookie" and value.startswith(b"csrftoken="):
                self.key = value[len("csrftoken=") :].partition(b";")[0].decode()
        content = self.answers.read(length)
        assert status == b"200", f"{path}: {status!r} {content[:200]!r}"
        return content

    def answer(self) -> dict[str, Any]:
        """Submit, and have the next read and the pixels of the one after it."""
        fields = {"csrfmiddlewaretoken": self.csrf, "token": self.token}
        fields |= {"key": self.token, **CIRCUMSTANCES, **SCREEN, **GRADES}
        start = time.perf_counter()
        content = self.ask("POST", f"/read/{self.slug}/submit/", urlencode(fields))
        self.seconds.append(time.perf_counter() - start)
        told: dict[str, Any] = json.loads(content)
        assert told["state"] == "read" and len(told["pixels"] or "") == ENCODED, told
        self.token = told["token"]
        return told
