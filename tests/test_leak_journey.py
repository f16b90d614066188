"""A reader reads a whole study through the browser's requests, and is told nothing.

From training to the end, with everything on the way that a study can bring: each
answer of the server is searched. Every address of readers must have been part of the
way, so a new one has to be led past here.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from readerstudy.reading import services
from readerstudy.reading.leaks.playing import observe
from readerstudy.reading.models import (
    ArmGuess,
    Membership,
    Study,
    TrainingRead,
    ViewingCheck,
)
from readerstudy.reading.urls import urlpatterns
from tests.cast import make_user, reader_membership
from tests.eventful import OWN_REASON, REASON, amend, make_watched
from tests.factory import unblind
from tests.watching import Watched, forbidden_in, lift_primary_keys

SCREEN = "1920x1080"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class Journey:
    study: Study
    coordinator: User
    reader: Membership
    browser: Watched

    def address(self, name: str, *args: str) -> str:
        return reverse(f"reading:{name}", args=[self.study.slug, *args])

    def look_around(self) -> None:
        """Ask for every page there is, whether it is due or not."""
        self.browser.forbidden = forbidden_in([self.study], self.reader.user)
        self.browser.get(reverse("reading:start"))
        self.browser.get(reverse("reading:reader-home"))
        self.browser.get(reverse("reading:lut-show", args=["cool"]))
        self.browser.get(self.address("atlas-show"))
        self.browser.get(self.address("atlas-pixels"))
        for page in ("reading-pause", "read-changes", "training-result", "read-next"):
            self.browser.get(self.address(page))

    def say_how_to_work(self) -> None:
        wishes = {"keys": "left-hand", "auto_advance": "on"}
        self.browser.post(reverse("reading:preferences"), wishes)

    def train(self) -> None:
        """One attempt, as the key says."""
        self.browser.post(self.address("training-start"))
        state = "read"
        while state == "read":
            self.browser.get(self.address("training-next"))
            read = TrainingRead.objects.get(
                submitted_at=None, first_shown_at__gt=LONG_AGO
            )
            self.browser.get(self.address("training-pixels", read.token))
            key = {f"grade-{side}": n for side, n in read.item.key["grade"].items()}
            answer = {"token": read.token, **key}
            said = self.browser.post(self.address("training-submit"), answer)
            state = said.json()["next"]["state"]

    def tell_conditions(self, *, sees: bool) -> None:
        self.browser.get(self.address("conditions"))
        self.browser.get(self.address("test-pattern"))
        check = ViewingCheck.objects.get(passed=None)
        attempt = check.session.checks.count()
        self.browser.post(
            self.address("conditions"),
            {
                "attempt": attempt,
                "display": "office",
                "room_light": "dim",
                "screen": SCREEN,
                "dark_number": check.dark_number if sees else "",
                "bright_number": check.bright_number,
            },
        )

    def change_the_first_answer(self) -> None:
        first = self.reader.reads.order_by("position")[0]
        free = self.reader.reads.filter(arm_guess=None).order_by("position")[1]
        ArmGuess.objects.filter(read=first).update(read=free)  # its grade is not locked
        self.answer(right=4, left=1)
        self.take_the_last_answer_back()
        self.answer(right=2, left=1)
        change = {"read": "1/1", "reason": OWN_REASON}
        self.browser.post(self.address("read-revisit"), change)
        assert OWN_REASON in self.answer(right=3, left=1)

    def take_the_last_answer_back(self) -> None:
        """Said with it are this reader's own words, and nobody else's."""
        before = {"grade-right": "none", "why-grade-right": "motion", "grade-left": 3}
        comment = "The head is turned."
        read = self.address("read-next")
        token = read_page_token(self.browser.get(read))
        given = {**before, "comment": comment, "token": token, "key": "taken back"}
        self.browser.post(self.address("read-submit"), given)
        due = self.browser.post(self.address("read-undo")).json()
        assert due["again"]["grades"] == {"grade-right": "motion", "grade-left": 3}
        assert due["again"]["comment"] == comment
        assert due["token"] not in (token, due["next"])

    def answer(self, **grades: int) -> str:
        """Answer the read that is shown, and return its page."""
        shown = self.browser.get(self.address("read-next"))
        answer = {f"grade-{side}": value for side, value in grades.items()}
        answer |= {"token": read_page_token(shown), "key": str(grades)}
        said = self.browser.post(self.address("read-submit"), answer)
        assert said.status_code == 200
        return shown.content.decode()

    def read_on(self) -> None:
        """Whatever is due until something else is asked: reads, guesses, the end."""
        observe(
            slug=self.study.slug,
            address=self.address("read-next"),
            readers={self.reader.code: self.browser},
            asked_about=lambda token: ArmGuess.objects.get(token=token).read.position,
        )

    def let_the_coordinator_act(self) -> None:
        act = {"study": self.study, "by": self.coordinator}
        one = {**act, "reader": self.reader.code, "session": 1}
        services.read_reopen(**one, number=1, reason=REASON)
        services.code_break(**one, number=1, reason=REASON)
        services.washout_waive(**{**one, "session": 2}, reason=REASON)
        amend(self.study, self.coordinator)


def read_page_token(shown) -> str:
    return re.search(r'data-token="([^"]+)"', shown.content.decode())[1]


@pytest.fixture
def journey(db: None) -> Journey:
    lift_primary_keys()
    coordinator = make_user("the-coordinator", coordinator=True)
    user = make_user("a-reader")
    study = make_watched(coordinator, user)
    reader = reader_membership(study, user)
    browser = Watched(user, forbidden_in([study], user))
    return Journey(study, coordinator, reader, browser)


def readers_routes() -> set[str]:
    paths = {f"reading:{path.name}": str(path.pattern) for path in urlpatterns}
    own = ("read/", "preferences/", "lut/")
    return {name for name, path in paths.items() if path.startswith(own)}


def test_a_reader_who_reads_everything_is_told_nothing(journey: Journey) -> None:
    study, browser = journey.study, journey.browser
    journey.look_around()
    journey.say_how_to_work()
    journey.train()
    journey.look_around()
    journey.tell_conditions(sees=False)
    journey.tell_conditions(sees=True)
    journey.change_the_first_answer()
    journey.read_on()
    journey.let_the_coordinator_act()
    journey.look_around()
    journey.read_on()
    journey.tell_conditions(sees=True)
    journey.read_on()
    journey.look_around()
    assert not journey.reader.reads.filter(submitted_at=None).exists()
    assert not journey.reader.sessions.filter(finished_at=None).exists()
    unblind(study)
    journey.look_around()
    assert browser.carried, "no answer brought the pixels of the read after the next"
    missed = readers_routes() - browser.shown - browser.taken
    assert not missed, f"lead the journey past {missed}"
