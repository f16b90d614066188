"""How a study's reading went, for who runs it: blind, but for broken codes.

Nothing here touches a score, a training answer or a guess. A reason that a reader
wrote may name a grade, so it is kept until the study is unblinded; what the program
writes as the reason of an undo is not.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

from django.contrib.auth.models import User
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import (
    Answer,
    CodeBreak,
    Membership,
    Read,
    Reopening,
    Session,
    Study,
    TrainingAttempt,
    UnblindingApproval,
    ViewingCheck,
)
from .training import shown_number

Words = str | Promise
APPROVING = (Membership.Role.COORDINATOR, Membership.Role.STATISTICIAN)
KEPT = gettext_lazy("kept until the study is unblinded")


def reason_told(reason: str, *, kept: bool) -> Words:
    """A stored reason as pages tell it."""
    if reason == Reopening.UNDONE:
        return gettext_lazy(Reopening.UNDONE)
    return KEPT if kept and reason else reason


@dataclass(frozen=True)
class Agreement:
    """One of the two agreements that unblind a study; `at` is None if not given."""

    role: Words
    username: str
    at: datetime | None


@dataclass(frozen=True)
class Agreements:
    """Both; `may_give` and `may_withdraw` are about the person who asks."""

    both: tuple[Agreement, ...]
    may_give: bool
    may_withdraw: bool


def agreements(study: Study, user: User) -> Agreements:
    approvals = UnblindingApproval.objects.filter(study=study).select_related("user")
    given = {one.role: one for one in approvals}
    mine = study.memberships.filter(user=user, role__in=APPROVING).first()
    is_asked = mine is not None and study.state == Study.State.CLOSED
    own = given.get(mine.role) if mine else None
    return Agreements(
        both=tuple(
            Agreement(
                role=role.label,
                username=given[role].user.get_username() if role in given else "",
                at=given[role].at if role in given else None,
            )
            for role in APPROVING
        ),
        may_give=is_asked and own is None,
        may_withdraw=is_asked and own is not None and own.user_id == user.pk,
    )


@dataclass(frozen=True)
class SeenSession:
    """One sitting: when, how far, how fast, and whether its washout was waived.

    median_seconds: of reading, of first answers, as the browser measured it; None
    where it told no time.
    """

    number: int
    done: int
    total: int
    started_at: datetime | None
    finished_at: datetime | None
    last_answer_at: datetime | None
    median_seconds: float | None
    opens_at: datetime | None  # while its washout lasts
    waived_by: str
    waived_reason: str


@dataclass(frozen=True)
class SeenReader:
    code: str
    username: str
    simulated: bool
    sessions: tuple[SeenSession, ...]


def readers_conduct(study: Study) -> list[SeenReader]:
    """Every reader's sessions."""
    held: dict[int, list[SeenSession]] = defaultdict(list)
    previous: Session | None = None
    seconds = _median_seconds(study)
    for session in _sessions(study):
        if previous is not None and previous.reader_id != session.reader_id:
            previous = None
        seen = _seen_session(study, session, previous, seconds.get(session.pk))
        held[session.reader_id].append(seen)
        previous = session
    readers = study.memberships.filter(role=Membership.Role.READER)
    return [
        SeenReader(
            code=reader.code,
            username=reader.user.get_username(),
            simulated=reader.simulated,
            sessions=tuple(held[reader.pk]),
        )
        for reader in readers.select_related("user").order_by("code")
    ]


def _median_seconds(study: Study) -> dict[int, float]:
    """session pk → of the answers whose time was told."""
    told: dict[int, list[int]] = defaultdict(list)
    rows = Answer.objects.filter(
        read__session__study=study, version=1, spent_ms__isnull=False
    ).values_list("read__session", "spent_ms")
    for session, spent in rows.order_by().iterator():
        told[session].append(spent or 0)
    return {session: median(spent) / 1000 for session, spent in told.items()}


def _sessions(study: Study) -> QuerySet[Session]:
    return (
        Session.objects.filter(study=study)
        .select_related("waived_by")
        .annotate(
            done=Count("reads", filter=Q(reads__submitted_at__isnull=False)),
            last_answer_at=Max("reads__submitted_at"),
        )
        .order_by("reader", "number")
    )


def _seen_session(
    study: Study,
    session: Session,
    previous: Session | None,
    median_seconds: float | None,
) -> SeenSession:
    return SeenSession(
        number=session.number,
        done=session.done,  # type: ignore[attr-defined]
        total=session.size,
        started_at=session.started_at,
        finished_at=session.finished_at,
        last_answer_at=session.last_answer_at,  # type: ignore[attr-defined]
        median_seconds=median_seconds,
        opens_at=_opens_at(study, session, previous),
        waived_by=session.waived_by.get_username() if session.waived_by else "",
        waived_reason=session.waived_reason,
    )


def _opens_at(
    study: Study, session: Session, previous: Session | None
) -> datetime | None:
    if session.started_at or session.waived_at or study.state != Study.State.OPEN:
        return None
    if previous is None or previous.finished_at is None:
        return None
    opens_at = previous.finished_at + timedelta(days=study.washout_days)
    return opens_at if opens_at > timezone.now() else None


@dataclass(frozen=True)
class Place:
    """A read as its reader's screen counts it; number is None for a whole session."""

    reader: str
    session: int
    number: int | None


def place_of(read: Read) -> Place:
    """read: with its reader and session."""
    number = read.position - read.session.first_position + 1
    return Place(read.reader.code, read.session.number, number)


@dataclass(frozen=True)
class SeenCheck:
    """What a reader told of a session's viewing conditions."""

    reader: str
    session: int
    display: Words
    room_light: Words
    screen: str
    passed: bool
    at: datetime


def viewing_checks(study: Study) -> list[SeenCheck]:
    """Only answered ones; a pattern that was merely shown says nothing."""
    answered = ViewingCheck.objects.filter(
        session__study=study, answered_at__isnull=False
    ).select_related("session__reader")
    return [
        SeenCheck(
            reader=check.session.reader.code,
            session=check.session.number,
            display=check.get_display_display(),
            room_light=check.get_room_light_display(),
            screen=check.screen,
            passed=bool(check.passed),
            at=check.answered_at,  # type: ignore[arg-type]
        )
        for check in answered.order_by("answered_at")
    ]


@dataclass(frozen=True)
class SeenTraining:
    """One way through the training set; `reached` as the reader was told."""

    reader: str
    number: int
    started_at: datetime
    finished_at: datetime | None
    reached: Decimal | None
    passed: bool | None


def training_outcomes(study: Study) -> list[SeenTraining]:
    attempts = TrainingAttempt.objects.filter(reader__study=study)
    return [
        SeenTraining(
            reader=attempt.reader.code,
            number=attempt.number,
            started_at=attempt.started_at,
            finished_at=attempt.finished_at,
            reached=shown_number(attempt.reached),
            passed=attempt.passed,
        )
        for attempt in attempts.select_related("reader").order_by(
            "reader__code", "number"
        )
    ]


@dataclass(frozen=True)
class SeenReopening:
    place: Place
    by: str
    by_reader: bool
    reason: Words
    at: datetime
    answered_at: datetime | None


def reopenings(study: Study) -> list[SeenReopening]:
    rows = Reopening.objects.filter(read__reader__study=study).select_related(
        "read__reader", "read__session", "by"
    )
    unblinded = study.state == Study.State.UNBLINDED
    return [
        SeenReopening(
            place=place_of(row.read),
            by=row.by.get_username(),
            by_reader=row.by_reader,
            reason=reason_told(row.reason, kept=row.by_reader and not unblinded),
            at=row.at,
            answered_at=row.answered_at,
        )
        for row in rows.order_by("at", "pk")
    ]


@dataclass(frozen=True)
class SeenCodeBreak:
    """`arm` and `case` are empty for who may not know them."""

    place: Place
    by: str
    reason: str
    at: datetime
    arm: str
    case: str


def _arms_told(read: Read) -> str:
    if read.second_arm is None:
        return read.arm.title
    arms = {"left": read.arm.title, "right": read.second_arm.title}
    return _("left: %(left)s, right: %(right)s") % arms


def code_breaks(study: Study, *, disclosed: bool) -> list[SeenCodeBreak]:
    """disclosed: to a coordinator, or after unblinding."""
    rows = CodeBreak.objects.filter(read__reader__study=study).select_related(
        "read__reader", "read__session", "read__arm", "read__second_arm"
    )
    rows = rows.select_related("read__case", "by")
    return [
        SeenCodeBreak(
            place=place_of(row.read),
            by=row.by.get_username(),
            reason=row.reason,
            at=row.at,
            arm=_arms_told(row.read) if disclosed else "",
            case=row.read.case.code if disclosed else "",
        )
        for row in rows.order_by("at", "pk")
    ]
