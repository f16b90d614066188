"""Whatever readers and coordinators do in whatever order: nothing is lost or stuck."""

import random
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import pytest

from readerstudy.imaging.errors import Refused
from readerstudy.reading import selectors, services
from readerstudy.reading.models import (
    ArmGuess,
    Membership,
    Preferences,
    Read,
    Reopening,
    Score,
    Study,
)
from readerstudy.reading.pages.room import reader_page
from readerstudy.reading.services import Conditions
from tests.cast import Cast, reader_membership
from tests.factory import TRAINING, make_study

STEPS = 40
RULES = [
    ("never", "after-grade"),
    ("session", "after-grade"),
    ("session", "at-end"),
    ("study", "at-end"),
]
SETTINGS = [
    {"answer_changes": "never"},
    {"answer_changes": "session"},
    {"answer_changes": "study"},
    {"asks_conditions": True},
    {"asks_conditions": False},
    {"gate": "within-one", "gate_minimum": Decimal("0.5")},
    {"gate": ""},
    {"washout_days": 0},
    {"washout_days": 1},
]
GRADES = (1, 2, 3, 4)


class Reader:
    """Does at random what a browser can, and remembers every acknowledged answer."""

    def __init__(self, member: Membership, chance: random.Random) -> None:
        self.member, self.chance = member, chance
        self.acknowledged: list[tuple[int, int, int]] = []  # read, version, value
        self.sent: list[tuple[str, int, str]] = []
        self.tokens: set[str] = set()

    def look(self) -> services.Due:
        due = services.read_next(reader=self.member)
        if due.read:
            self.tokens.add(due.read.token)
            shown = selectors.shown_read(
                slug=self.member.study.slug,
                token=due.read.token,
                user=self.member.user,
            )
            assert shown.pk == due.read.pk
            reader_page(reader=self.member, due=due, likes=Preferences())
        if due.following:
            following = selectors.shown_read(
                slug=self.member.study.slug,
                token=due.following,
                user=self.member.user,
            )
            assert following.session.started_at
            self.tokens.add(due.following)
        return due

    def go_on(self) -> None:
        due = self.look()
        if due.read:
            value = self.chance.choice(GRADES)
            key = f"k{len(self.sent)}"
            self.submit(due.read.token, value, key)
        elif due.guess:
            self.guess()
        elif due.state == "training":
            services.attempt_start(reader=self.member)
            while read := services.training_next(reader=self.member):
                services.training_submit(
                    token=read.token, reader=self.member, answers=read.item.key
                )
        elif due.state == "conditions":
            check = services.check_start(reader=self.member)
            services.check_answer(
                reader=self.member,
                attempt=check.session.checks.count(),
                told=Conditions(
                    "office", "dim", check.dark_number, check.bright_number
                ),
            )
        elif due.state == "review":
            services.session_finish(reader=self.member)

    def submit(self, token: str, value: int, key: str) -> None:
        done = services.read_submit(
            token=token,
            reader=self.member,
            answers={"grade": {"right": value, "left": value}},
            key=key,
        )
        self.sent.append((token, value, key))
        self.acknowledged.append((done.read.pk, done.version, value))
        if done.due.read:
            self.tokens.add(done.due.read.token)

    def go_on_without_a_connection(self) -> None:
        """Two answers come at once; the read of the second was fetched, never shown."""
        due = self.look()
        if due.read and due.following:
            for token in (due.read.token, due.following):
                value = self.chance.choice(GRADES)
                self.submit(token, value, f"k{len(self.sent)}")

    def undo(self) -> None:
        """What was answered last is due again, or what came before it already."""
        due = services.read_undo(reader=self.member)
        assert due.read
        assert due.reopening
        self.tokens.add(due.read.token)

    def resend(self) -> None:
        if self.sent:
            self.submit(*self.chance.choice(self.sent))

    def submit_any(self) -> None:
        """An old tab: a token of any read that this reader ever held."""
        if self.tokens:
            token = self.chance.choice(sorted(self.tokens))
            self.submit(token, self.chance.choice(GRADES), f"o{self.chance.random()}")

    def guess(self) -> None:
        asked = services.guess_next(reader=self.member)
        if asked is None:
            return
        if self.chance.random() < 0.3:
            self.revisit()
        services.guess_submit(
            token=asked.token, reader=self.member, guess="unknown", confidence=None
        )

    def revisit(self) -> None:
        services.read_revisit(
            reader=self.member,
            session=self.chance.randint(1, 2),
            number=self.chance.randint(1, 4),
            reason="x",
        )

    def finish(self) -> None:
        services.session_finish(reader=self.member)


def attempt(act: Callable[[], object]) -> None:
    """A refusal is a right answer, too."""
    with suppress(Refused, Read.DoesNotExist, ArmGuess.DoesNotExist):
        act()


def reader_of(reader: Reader) -> Membership:
    """As it is stored now."""
    return reader_membership(reader.member.study, reader.member.user)


def check(reader: Reader) -> None:
    member = reader_of(reader)
    waiting = Reopening.objects.filter(read__reader=member, answered_at__isnull=True)
    assert member.reopened == waiting.count()
    for read, version, value in reader.acknowledged:
        held = Score.objects.filter(answer__read=read, answer__version=version)
        assert [s.value for s in held] == [value, value]
    for read in member.reads.filter(submitted_at__isnull=False):
        versions = set(
            Score.objects.filter(answer__read=read).values_list(
                "answer__version", flat=True
            )
        )
        answered = read.reopenings.filter(answered_at__isnull=False).count()
        assert versions == set(range(1, 2 + answered))
        assert Score.objects.filter(answer__read=read).count() == 2 * len(versions)
    assert not Score.objects.filter(
        answer__read__reader=member, answer__read__submitted_at__isnull=True
    ).exists()


def coordinators_acts(reader: Reader, cast: Cast) -> list[Callable[[], object]]:
    """Opening a read again and amending the protocol, at random."""
    study, chance = reader.member.study, reader.chance

    def reopen() -> None:
        services.read_reopen(
            study=study,
            reader=reader.member.code,
            session=chance.randint(1, 2),
            number=chance.randint(1, 4),
            reason="Again, please.",
            by=cast.coordinator,
        )

    def amend() -> None:
        services.protocol_amend(
            study=study, by=cast.coordinator, reason="Why?", **chance.choice(SETTINGS)
        )

    return [reopen, amend]


@pytest.mark.parametrize(("changes", "guesses"), RULES)
def test_nothing_is_lost_doubled_or_stuck(cast: Cast, changes: str, guesses: str):
    study = make_study(
        cast.cohort,
        slug="interleaved",
        coordinator=cast.coordinator,
        statistician=cast.statistician,
        readers=[cast.second_reader],
        training=TRAINING,
        answer_changes=changes,
        guesses=guesses,
        guess_percent=100,
    )
    member = reader_membership(study, cast.second_reader)
    reader = Reader(member, random.Random(f"{changes}/{guesses}"))
    acts = [
        *[reader.go_on] * 6,
        reader.go_on_without_a_connection,
        reader.undo,
        reader.resend,
        reader.submit_any,
        reader.guess,
        reader.revisit,
        reader.finish,
        *coordinators_acts(reader, cast),
    ]
    for _ in range(STEPS):
        attempt(reader.chance.choice(acts))
        check(reader)
    if Study.objects.get(pk=study.pk).washout_days:
        services.protocol_amend(
            study=study, by=cast.coordinator, reason="It ends.", washout_days=0
        )
    for _ in range(2 * STEPS):
        attempt(reader.go_on)
    check(reader)
    assert reader.look().state == "finished"
    assert selectors.reading_state(reader_of(reader)).awaits == "nothing"
