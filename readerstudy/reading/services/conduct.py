"""Reading itself: what is due now.

Whatever a reader does takes a lock on the reader's membership first, so two tabs
or two devices take turns, and closing the study waits for an answer in flight.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import BigIntegerField, QuerySet, SlugField
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..models import Answer, ArmGuess, Membership, Read, Reopening, Session, Study
from ..models.compiled import Columns, Compiled, Slot
from ..recording import record_session
from .washout import session_opens_at, washout_deviation_write

# What every answer needs of the reads to come, of their session and of their study.
READ = Columns(
    Read,
    ("id", "session_id", "reader_id", "position", "token")
    + ("first_shown_at", "submitted_at"),
)
SESSION = Columns(
    Session,
    ("id", "study_id", "reader_id", "number", "first_position", "size")
    + ("started_at", "finished_at", "device"),
    at="session__",
)
STUDY = Columns(
    Study,
    ("id", "slug", "state", "seed", "question_set", "own_questions", "frame")
    + ("answer_changes", "guesses", "window_adjustable", "long_pause_minutes")
    + ("windows", "value_low", "value_high", "least_slice_side"),
    at="session__study__",
)
MEMBERSHIP = Columns(Membership)


@dataclass(frozen=True)
class Due:
    """What a reader may do now.

    `read`: `read` is to be answered, once more if there is a `reopening`; `following`
    is the token of the read after it in a session that has begun, whose pixels may be
    fetched already. `guess`: `guess` is to be answered. `training`: the gate of the
    training set is not passed yet.
    `conditions`: the viewing conditions of `session` are asked first. `review`: all
    of `session` is answered and the reader has not ended it. `pause`: the next
    session opens at `opens_at`. `finished`: no read is left. `closed`: the study is
    not open.
    """

    state: Literal[
        "read",
        "guess",
        "training",
        "conditions",
        "review",
        "pause",
        "finished",
        "closed",
    ]
    read: Read | None = None
    reopening: Reopening | None = None
    following: str | None = None
    guess: ArmGuess | None = None
    session: Session | None = None
    opens_at: datetime | None = None


@transaction.atomic
def read_next(*, reader: Membership) -> Due:
    """What is due now: usually the first read without an answer, marked as shown.

    Starts the next session if its washout is over; never skips a read.
    """
    reader = membership_lock(reader)
    study = Study.objects.defer("protocol").get(pk=reader.study_id)
    return due_now(study, reader, timezone.now(), may_start=True)


@dataclass(frozen=True)
class Seat:
    """Who asks, and about which study; whether they read it, the lock finds out."""

    slug: str
    user: User


@Compiled
def _seated() -> QuerySet[Any, Any]:
    return (
        Membership.objects.select_for_update(of=("self",))
        .filter(
            study__slug=Slot("slug", SlugField()),
            user=Slot("user", BigIntegerField()),
            role=Membership.Role.READER,
        )
        .exclude(study__state=Study.State.DRAFT)
        .order_by()
        .values_list(*MEMBERSHIP.paths)
    )


def membership_lock(reader: Membership | Seat) -> Membership:
    """Wait for this reader's turn; read everything else only afterwards.

    Even what is joined here may be from before the wait, on PostgreSQL. Raises
    Membership.DoesNotExist for a seat that is not a reader's of a study once opened,
    and refuses one whose reading is simulated.
    """
    if isinstance(reader, Membership):
        members = Membership.objects.select_for_update(of=("self",))
        readers = members.filter(role=Membership.Role.READER).select_related("user")
        return readers.get(pk=reader.pk)
    rows = _seated.rows(slug=reader.slug, user=reader.user.pk)
    if not rows:
        raise Membership.DoesNotExist("no reader of that study")
    found = MEMBERSHIP.instance(rows[0])
    if found.simulated:
        raise Refused(_("This account's reading is simulated."))
    found.user = reader.user
    return found


def refuse_unless_open(study: Study) -> None:
    if study.state != Study.State.OPEN:
        raise Refused(_("The study is closed; no answer is taken any more."))


def due_after(
    study: Study,
    reader: Membership,
    now: datetime,
    *,
    upcoming: list[Read] | None = None,
) -> Due:
    """What follows an answer; a further session begins when its reader asks for it."""
    due = due_now(study, reader, now, may_start=False, upcoming=upcoming)
    return Due("pause") if due.state == "conditions" else due


def due_now(
    study: Study,
    reader: Membership,
    now: datetime,
    *,
    may_start: bool,
    upcoming: list[Read] | None = None,
) -> Due:
    """What comes next; reads become due in the order of the plan only.

    may_start: a session; only where its reader has asked for it.
    upcoming: as `unanswered` gives them, two at least if there are as many.
    """
    if study.state != Study.State.OPEN:
        return Due("closed")
    if upcoming is None:
        upcoming = unanswered(reader)
    if reader.reopened:
        return _due_reopened(reader, upcoming, now)
    if study.guesses == Study.Guesses.AFTER_GRADE and (guess := _guess(reader, now)):
        return Due("guess", guess=guess)
    if not upcoming:
        return _due_at_end(study, reader, now)
    read, session = upcoming[0], upcoming[0].session
    if session.started_at is None:
        hindrance = _before_session(study, reader, session, now)
        if hindrance or not may_start:
            return hindrance or Due("pause")
        _session_start(study, session, now)
    mark_shown(read, now)
    tokens = [r.token for r in upcoming[1:] if r.session_id == session.pk]
    return Due("read", read=read, following=tokens[0] if tokens else None)


@Compiled
def _upcoming() -> QuerySet[Any, Any]:
    return (
        Read.objects.filter(
            reader=Slot("reader", BigIntegerField()), submitted_at__isnull=True
        )
        .order_by("position")
        .values_list(*READ.paths, *SESSION.paths, *STUDY.paths)[:3]
    )


def unanswered(reader: Membership) -> list[Read]:
    """The first three reads without an answer: what is left of them once the one
    before the reader is answered says what comes next, and what after it.
    """
    reads: list[Read] = []
    of_session = len(READ.names)
    of_study = of_session + len(SESSION.names)
    for row in _upcoming.rows(reader=reader.pk):
        read = READ.instance(row[:of_session])
        if reads and reads[-1].session_id == read.session_id:
            read.session = reads[-1].session
        else:
            read.session = SESSION.instance(row[of_session:of_study])
            read.session.study = STUDY.instance(row[of_study:])
        reads.append(read)
    return reads


def _due_reopened(reader: Membership, upcoming: list[Read], now: datetime) -> Due:
    """The read that was opened again first; reading goes on after the last of them."""
    goes_on = reader.reopened == 1 and upcoming and upcoming[0].session.started_at
    reopening = (
        Reopening.objects.filter(read__reader=reader, answered_at__isnull=True)
        .select_related("read__session")
        .order_by("at", "pk")[0]
    )
    mark_shown(reopening, now)
    return Due(
        "read",
        read=reopening.read,
        reopening=reopening,
        following=upcoming[0].token if goes_on else None,
    )


def _guess(reader: Membership, now: datetime) -> ArmGuess | None:
    """The reader's first guess that is due, marked as shown."""
    guess = (
        ArmGuess.objects.filter(
            read__reader=reader, read__submitted_at__isnull=False, guess=""
        )
        .select_related("read__session")
        .order_by("read__position")
        .first()
    )
    return guess and mark_shown(guess, now)


def _due_at_end(study: Study, reader: Membership, now: datetime) -> Due:
    last = Session.objects.filter(reader=reader).order_by("-number").first()
    if last and last.finished_at is None and not _end_or_review(study, reader, last):
        return Due("review", session=last)
    if study.guesses == Study.Guesses.AT_END and (guess := _guess(reader, now)):
        return Due("guess", guess=guess)
    return Due("finished")


def _before_session(
    study: Study, reader: Membership, session: Session, now: datetime
) -> Due | None:
    """What has to happen before a session can start, if anything has."""
    previous = Session.objects.filter(reader=reader, number=session.number - 1).first()
    if previous is None:
        # reached: by a gate; without one whoever goes through the training passes
        passed = reader.attempts.filter(passed=True, reached__isnull=False)
        if study.gate and not (passed.exists() or reader.simulated):
            return Due("training")
    elif previous.finished_at is None and not _end_or_review(study, reader, previous):
        return Due("review", session=previous)
    opens_at = session_opens_at(study=study, session=session)
    if opens_at and opens_at > now:
        return Due("pause", opens_at=opens_at)
    if study.asks_conditions and not reader.simulated:
        check = session.checks.filter(passed=True).order_by("answered_at").last()
        if check is None:
            return Due("conditions", session=session)
        session.device = check.device
    return None


def _end_or_review(study: Study, reader: Membership, session: Session) -> bool:
    """End an answered session, unless its reader may still change its answers."""
    if study.answer_changes == Study.AnswerChanges.SESSION:
        return False
    session_end(study, reader, session)
    return True


def session_end(study: Study, reader: Membership, session: Session) -> None:
    """Its washout counts from its last answer, however late it is ended."""
    session.finished_at = (
        Answer.objects.filter(read__session=session)
        .order_by("-at")
        .values_list("at", flat=True)[0]
    )
    session.save(update_fields=["finished_at"])
    session.study = study
    record_session("session.finish", session=session, reader=reader, by=reader.user)


def _session_start(study: Study, session: Session, now: datetime) -> None:
    session.started_at = now
    session.save(update_fields=["started_at", "device"])
    if session.waived_at:
        washout_deviation_write(study=study, session=session, now=now)


Shown = TypeVar("Shown", Read, Reopening, ArmGuess)


def mark_shown(shown: Shown, now: datetime) -> Shown:
    if shown.first_shown_at is None:
        shown.first_shown_at = now
        shown.save(update_fields=["first_shown_at"])
    return shown
