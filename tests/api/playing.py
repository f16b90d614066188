"""A reader who reads by a program of their own, whose every answer is searched."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from readerstudy.reading.models import Study, TrainingRead, ViewingCheck
from tests.api.programs import token_of
from tests.watching import Forbidden, Watched, forbidden_in

JSON = "application/json"
GRADES = {"grade": {"right": 3, "left": 2}}
PIXELS = 3 * 64 * 64


class WatchedProgram(Watched):
    """As Watched, but it shows a token for reading instead of a session."""

    def __init__(self, user: User, forbidden: Forbidden) -> None:
        super().__init__(user, forbidden)
        del self.cookies[settings.SESSION_COOKIE_NAME]
        secret = token_of(user, "reads:write")
        self.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"


@dataclass
class Loop:
    """The reading loop of one reader in one study."""

    study: Study
    user: User
    program: WatchedProgram = field(init=False)
    told: list[dict[str, Any]] = field(default_factory=list)  # whatever was due
    images: list[Any] = field(default_factory=list)  # answers that are pixels
    said: list[Any] = field(default_factory=list)  # answers that told what is due

    def __post_init__(self) -> None:
        self.program = WatchedProgram(self.user, forbidden_in([self.study], self.user))

    def address(self, name: str, *args: str) -> str:
        return reverse(f"reading-api:{name}", args=[self.study.slug, *args])

    def get(self, name: str, *args: str) -> Any:
        return self.program.get(self.address(name, *args))

    def post(self, name: str, data: Any = None) -> Any:
        return self.program.post(self.address(name), data or {}, content_type=JSON)

    def look_around(self) -> None:
        """Ask for everything there is, whether it is due or not."""
        self.program.forbidden = forbidden_in([self.study], self.user)
        for name in ("readings", "preferences", "colour-table"):
            self.program.get(reverse(f"reading-api:{name}"))
        for name in ("reading", "asked", "answers", "training-result", "atlas"):
            self.get(name)
        self.get("atlas-pixels")

    def next(self) -> dict[str, Any]:
        return self._due(self.post("read-next"))

    def submit(self, token: str, *, key: str = "", **more: Any) -> dict[str, Any]:
        given = {"token": token, "answers": GRADES, "key": key or token, **more}
        return self._due(self.post("answers", given))

    def _due(self, response: Any) -> dict[str, Any]:
        assert response.status_code == 200, response.content
        self.told.append(response.json())
        self.said.append(response)
        return response.json()

    def pixels(self, token: str, name: str = "read-pixels") -> bytes:
        response = self.get(name, token)
        assert response.status_code == 200
        self.images.append(response)
        return response.content

    def train(self) -> None:
        """One attempt, as the key says."""
        self.post("training-start")
        due = self.post("training-next").json()
        while due["state"] == "read":
            self.pixels(due["token"], "training-pixels")
            key = TrainingRead.objects.get(token=due["token"]).item.key
            given = {"token": due["token"], "answers": key}
            due = self.post("training-submit", given).json()["next"]
        self.get("training-result")

    def tell_conditions(self, *, sees: bool = True) -> None:
        asked = self.post("conditions").json()
        self.get("test-pattern")
        check = ViewingCheck.objects.get(passed=None)
        told = {
            "attempt": asked["attempt"],
            "display": "office",
            "room_light": "dim",
            "screen": "1920x1080",
            "dark_number": check.dark_number if sees else "",
            "bright_number": check.bright_number,
        }
        assert self.post("conditions-answer", told).json() == {"passed": sees}

    def guess(self) -> dict[str, Any]:
        asked = self.post("guess").json()
        self.pixels(asked["token"], "guess-pixels")
        given = {"token": asked["token"], "guess": "unknown"}
        return self._due(self.post("guess-answer", given))

    def read_on(self) -> str:
        """Whatever is due until something else is asked; what that is."""
        due = self.next()
        while True:
            if due["state"] == "read":
                self.pixels(due["token"])
                due = self.submit(due["token"])
            elif due["state"] == "guess":
                due = self.guess()
            elif due["state"] == "review":
                self.post("session-finish")
                due = self.next()
            elif due["state"] == "pause" and self.next()["state"] == "read":
                due = self.told[-1]
            else:
                return str(self.told[-1]["state"])
