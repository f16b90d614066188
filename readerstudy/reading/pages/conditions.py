"""What the page of viewing conditions is given, and its test pattern."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.functional import Promise

from readerstudy.imaging.test_pattern import pattern_png

from ..models import Membership, Study, ViewingCheck

Words = str | Promise


@dataclass(frozen=True)
class Option:
    value: str
    words: Words
    key: int  # the digit that chooses it


@dataclass(frozen=True)
class ConditionsPage:
    """The questions before a session; never the numbers of the pattern."""

    slug: str
    session: int
    sessions: int
    attempt: int  # from 1 within the session
    displays: tuple[Option, ...]
    room_lights: tuple[Option, ...]
    display: str  # as told in the attempt before; empty: not told yet
    room_light: str
    error: str

    @property
    def again(self) -> bool:
        return self.attempt > 1


def conditions_page(
    *, reader: Membership, check: ViewingCheck, error: str = ""
) -> ConditionsPage:
    """reader: with its study."""
    before = list(check.session.checks.filter(pk__lt=check.pk).order_by("pk"))
    last = before[-1] if before else check
    return ConditionsPage(
        slug=reader.study.slug,
        session=check.session.number,
        sessions=reader.study.sessions,
        attempt=len(before) + 1,
        displays=_options(ViewingCheck.Display.choices),
        room_lights=_options(ViewingCheck.RoomLight.choices),
        display=last.display,
        room_light=last.room_light,
        error=error,
    )


def _options(choices: Sequence[tuple[str, Words]]) -> tuple[Option, ...]:
    return tuple(
        Option(value, words, key) for key, (value, words) in enumerate(choices, start=1)
    )


def shown_pattern(*, slug: str, user: User) -> bytes:
    """The PNG before `user` now; ViewingCheck.DoesNotExist where there is none."""
    check = ViewingCheck.objects.get(
        session__study__slug=slug,
        session__study__state=Study.State.OPEN,
        session__started_at__isnull=True,
        session__reader__user=user,
        session__reader__role=Membership.Role.READER,
        session__reader__simulated=False,
        passed__isnull=True,
    )
    return pattern_png(dark=check.dark_number, bright=check.bright_number)
