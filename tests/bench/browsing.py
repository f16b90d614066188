"""A reader's browser as far as the server can tell, without drawing anything."""

import json
import re
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
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

    def __post_init__(self) -> None:
        self.connection = HTTPConnection("localhost", self.port, timeout=60)
        page = self.ask("GET", f"/read/{self.slug}/")
        self.token = self._of_page(page, "data-token")
        self.csrf = self._of_page(page, "value")

    def _of_page(self, page: bytes, name: str) -> str:
        """The form's key is the first value of a page."""
        found = re.search(rf'{name}="([\w-]+)"', page.decode())
        assert found, f"the page has no {name}"
        return found[1]

    def ask(self, method: str, path: str, body: str = "") -> bytes:
        headers = {"Cookie": f"sessionid={self.cookie}"}
        if body:
            headers["Cookie"] += f"; csrftoken={self.key}"
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        assert response.status == 200, f"{path}: {response.status} {content[:200]!r}"
        for name, value in response.getheaders():
            if name == "Set-Cookie" and value.startswith("csrftoken="):
                self.key = value.split("=", 1)[1].split(";")[0]
        return content

    def answer(self) -> dict[str, Any]:
        """Submit, and have the next read and the pixels of the one after it."""
        fields = {"csrfmiddlewaretoken": self.csrf, "token": self.token}
        fields |= {"key": self.token, **CIRCUMSTANCES, **SCREEN, **GRADES}
        start = time.perf_counter()
        content = self.ask("POST", f"/read/{self.slug}/submit/", urlencode(fields))
        told: dict[str, Any] = json.loads(content)
        self.seconds.append(time.perf_counter() - start)
        assert told["state"] == "read" and len(told["pixels"] or "") == ENCODED, told
        self.token = told["token"]
        return told
