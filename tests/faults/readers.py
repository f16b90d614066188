"""Readers who do not give up: what is not acknowledged is sent again, as the browser
does, under the same key. And what each was told is stored, to hold the site to it."""

import http.client
import json
import math
import random
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

SLUG = "phantom-study"
PAUSE_S = 0.1
CIRCUMSTANCES = {"first_ms": 900, "spent_ms": 2000, "away_ms": 0, "held_ms": 0}
SCREEN = {"side": 400, "screen": "1920x1080"}
GONE = (OSError, http.client.HTTPException)


@dataclass(frozen=True)
class Acknowledged:
    token: str
    key: str
    right: int
    left: int


@dataclass
class Reader:
    """One browser. It ends by itself, at the latest `give_up_s` after a trouble.

    think_s: how long the next read is looked at; stop_at: on the monotonic clock.
    """

    name: str
    port: int
    cookie: str
    give_up_s: float = 100
    think_s: Callable[[], float] = lambda: 0.0
    stop_at: float = math.inf
    acknowledged: list[Acknowledged] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # what never may be answered
    trouble: list[str] = field(default_factory=list)  # what may, while things break
    seconds: list[float] = field(default_factory=list)  # of what was acknowledged
    _connection: http.client.HTTPConnection | None = None

    def __post_init__(self) -> None:
        self._csrf = secrets.token_hex(16)
        self._chance = random.Random(self.name)

    def ask(self, method: str, path: str, fields: dict | None = None):
        """Status and body, over one connection as long as that lasts."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=60
            )
        cookies = f"sessionid={self.cookie}; csrftoken={self._csrf}"
        headers = {
            "Host": "localhost",
            "Cookie": cookies,
            "X-CSRFToken": self._csrf,
            "X-Forwarded-Proto": "https",  # as the proxy of the production profile
            "Referer": "https://localhost/",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = urlencode(fields) if fields is not None else None
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except GONE:
            self._connection.close()
            self._connection = None
            raise

    def read(self, answers: int) -> None:
        """Until so many are acknowledged."""
        try:
            token = self._first_token()
            while token and len(self.acknowledged) < answers:
                time.sleep(self.think_s())
                if time.monotonic() > self.stop_at:
                    break
                token = self._answer(token)
        except BaseException as error:
            self.failed.append(repr(error))

    def _first_token(self) -> str:
        def page() -> str:
            status, content = self.ask("GET", f"/read/{SLUG}/")
            found = re.search(r'data-token="([\w-]+)"', content.decode())
            if status >= 500 or (status == 200 and found is None):
                raise ConnectionError(f"{status} for the page")
            assert found, f"{status} for the page"
            return found[1]

        return self._patiently(page)

    def _answer(self, token: str) -> str:
        right, left = self._chance.randint(1, 4), self._chance.randint(1, 4)
        given = Acknowledged(token, secrets.token_hex(12), right, left)
        fields = {"token": token, "key": given.key, **CIRCUMSTANCES, **SCREEN}
        fields |= {"grade-right": right, "grade-left": left}

        def send() -> dict:
            begun = time.perf_counter()
            status, content = self.ask("POST", f"/read/{SLUG}/submit/", fields)
            if status >= 500:
                raise ConnectionError(f"{status}: {content.decode()}")
            assert status == 200, f"{status}: {content[:200].decode()}"
            told = json.loads(content)
            self.seconds.append(time.perf_counter() - begun)
            return told

        told = self._patiently(send)
        self.acknowledged.append(given)
        return told.get("token", "")

    def _patiently(self, act):
        until = time.monotonic() + self.give_up_s
        while True:
            try:
                return act()
            except GONE as error:
                self.trouble.append(str(error))
                if time.monotonic() > until:
                    raise
                time.sleep(PAUSE_S)


class Crowd:
    """Readers who read at the same time, each in a thread."""

    def __init__(self, readers: list[Reader], *, answers: int) -> None:
        self.readers, self.answers = readers, answers
        self._threads = [
            threading.Thread(target=reader.read, args=[answers], daemon=True)
            for reader in readers
        ]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        for thread in self._threads:
            thread.join()

    @property
    def taken(self) -> int:
        return sum(len(reader.acknowledged) for reader in self.readers)

    @property
    def is_busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    @property
    def trouble(self) -> list[str]:
        return [one for reader in self.readers for one in reader.trouble]

    def wait_for(self, taken: int) -> None:
        while self.taken < taken and self.is_busy:
            time.sleep(0.005)
        assert self.taken >= taken, [reader.failed for reader in self.readers]
