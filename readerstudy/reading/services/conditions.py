"""Viewing conditions: told, and tested with a pattern, before a session starts."""

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..models import Membership, Session, Study, ViewingCheck
from ..recording import record_session
from .conduct import due_now, membership_lock
from .deviations import SCREEN_LENGTH

LOWEST_NUMBER, NUMBERS = 100, 900  # three digits, the first of them not 0


@dataclass(frozen=True)
class Conditions:
    """What a reader tells, and what their browser tells of itself.

    dark_number, bright_number: as read in the pattern; empty: not seen.
    screen, device: as in services.deviations.device_digest; empty: not told.
    """

    display: str
    room_light: str
    dark_number: str
    bright_number: str
    screen: str = ""
    device: str = ""


@transaction.atomic
def check_start(*, reader: Membership) -> ViewingCheck | None:
    """The check that waits for an answer, with numbers not tried before.

    None where no conditions are asked now.
    """
    reader = membership_lock(reader)
    now = timezone.now()
    session = _session_asked_about(reader, now)
    if session is None:
        return None
    waiting = session.checks.filter(passed__isnull=True).first()
    return waiting or _check_create(session, now)


@transaction.atomic
def check_answer(
    *, reader: Membership, attempt: int, told: Conditions
) -> ViewingCheck | None:
    """Judge the check of this number, from 1 within its session; once for all.

    The same again, or later, changes nothing. None where no conditions are asked
    now, or no such check was started.
    """
    reader = membership_lock(reader)
    now = timezone.now()
    session = _session_asked_about(reader, now)
    if session is None:
        return None
    checks = list(session.checks.order_by("pk"))
    if not 1 <= attempt <= len(checks):
        return None
    check = checks[attempt - 1]
    if check.passed is None:
        _check_judge(check, told, now)
        after = {
            "passed": check.passed,
            "display": check.display,
            "room_light": check.room_light,
        }
        record_session(
            "conditions.answer",
            session=session,
            reader=reader,
            by=reader.user,
            after=after,
        )
    return check


def _session_asked_about(reader: Membership, now: datetime) -> Session | None:
    if reader.simulated:
        return None
    study = Study.objects.defer("protocol").get(pk=reader.study_id)
    due = due_now(study, reader, now, may_start=False)
    return due.session if due.state == "conditions" else None


def _check_create(session: Session, now: datetime) -> ViewingCheck:
    last = session.checks.order_by("pk").last()
    used = {last.dark_number, last.bright_number} if last else set()
    dark = _new_number(used)
    return ViewingCheck.objects.create(
        session=session,
        dark_number=dark,
        bright_number=_new_number({*used, dark}),
        shown_at=now,
    )


def _new_number(used: set[str]) -> str:
    while (number := str(LOWEST_NUMBER + secrets.randbelow(NUMBERS))) in used:
        pass
    return number


def _check_judge(check: ViewingCheck, told: Conditions, now: datetime) -> None:
    if told.display not in ViewingCheck.Display.values:
        raise Refused(_("Display: choose one of the answers."))
    if told.room_light not in ViewingCheck.RoomLight.values:
        raise Refused(_("Room light: choose one of the answers."))
    check.display, check.room_light = told.display, told.room_light
    check.screen, check.device = told.screen[:SCREEN_LENGTH], told.device
    check.passed = (_digits(told.dark_number), _digits(told.bright_number)) == (
        check.dark_number,
        check.bright_number,
    )
    check.answered_at = now
    check.save()


def _digits(typed: str) -> str:
    """As typed with any keyboard: full-width digits are digits too."""
    return unicodedata.normalize("NFKC", typed).replace(" ", "")
