"""What a reader's pages may read: what is done and what comes next. No arms."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from ..models import ArmGuess, Membership, Preferences, Session, Study
from .training import TrainingState, training_states

Awaited = Literal[
    "nobody",  # the reading is simulated
    "closed",
    "reopened",
    "guess",
    "review",
    "reading",
    "training",
    "washout",
    "session",
    "nothing",
]


@dataclass(frozen=True)
class SessionProgress:
    number: int
    done: int
    total: int
    started_at: datetime | None
    finished_at: datetime | None


def sessions_counted(sessions: QuerySet[Session]) -> QuerySet[Session]:
    answered = Q(reads__submitted_at__isnull=False)
    return sessions.annotate(done=Count("reads", filter=answered))


def session_progress(session: Session) -> SessionProgress:
    return SessionProgress(
        number=session.number,
        done=session.done,  # type: ignore[attr-defined]
        total=session.size,
        started_at=session.started_at,
        finished_at=session.finished_at,
    )


@dataclass(frozen=True)
class ReadingState:
    """One study as its reader sees it: what is done and what comes next."""

    slug: str
    title: str
    is_open: bool
    simulated: bool  # nobody reads through a browser then
    question_set: str
    sessions: tuple[SessionProgress, ...]
    opens_at: datetime | None  # when the next session may start; None = now
    training: TrainingState
    changes: str  # until when answers may be changed, a value of Study.AnswerChanges
    reopened: int = 0  # reads that wait for another answer
    guesses: int = 0  # questions about images that wait for an answer

    @property
    def current(self) -> SessionProgress | None:
        """The session that is being read or comes next."""
        return next((s for s in self.sessions if s.finished_at is None), None)

    @property
    def last_finished(self) -> SessionProgress | None:
        return next((s for s in reversed(self.sessions) if s.finished_at), None)

    @property
    def done(self) -> int:
        return sum(session.done for session in self.sessions)

    @property
    def total(self) -> int:
        return sum(session.total for session in self.sessions)

    @property
    def awaits(self) -> Awaited:
        """In the order in which services.conduct asks for it."""
        session = self.current
        if self.simulated:
            return "nobody"
        if not self.is_open:
            return "closed"
        if self.reopened:
            return "reopened"
        if self.guesses:
            return "guess"
        if session is None:
            return "nothing"
        if session.done == session.total:
            return "review"
        if session.started_at:
            return "reading"
        if self.training.is_required:
            return "training"
        return "washout" if self.opens_at else "session"

    @property
    def may_change(self) -> bool:
        """Whether any answer could be opened again by its reader now."""
        session = self.current
        return (
            self.is_open
            and not self.simulated
            and (
                (self.changes == Study.AnswerChanges.STUDY and self.done > 0)
                or (
                    self.changes == Study.AnswerChanges.SESSION
                    and session is not None
                    and session.done > 0
                )
            )
        )


def preferences(user: User) -> Preferences:
    """How this person likes to work; the usual, unsaved, for who never said."""
    return Preferences.objects.filter(user=user).first() or Preferences(user=user)


def reading_states(user: User) -> list[ReadingState]:
    """All studies that `user` reads, once they are open, latest first."""
    memberships = (
        Membership.objects.filter(user=user, role=Membership.Role.READER)
        .exclude(study__state=Study.State.DRAFT)
        .select_related("study")
        .defer("study__protocol")
        .order_by("-study__opened_at")
    )
    return _states(list(memberships))


def reading_state(reader: Membership) -> ReadingState:
    return _states([reader])[0]


def _states(readers: Iterable[Membership]) -> list[ReadingState]:
    held: dict[int, list[Session]] = defaultdict(list)
    readers = list(readers)
    training = training_states(readers)
    sessions = Session.objects.filter(reader__in=readers)
    for session in sessions_counted(sessions).order_by("number"):
        held[session.reader_id].append(session)
    return [
        ReadingState(
            slug=reader.study.slug,
            title=reader.study.title,
            is_open=reader.study.state == Study.State.OPEN,
            simulated=reader.simulated,
            question_set=reader.study.question_set,
            sessions=tuple(map(session_progress, held[reader.pk])),
            opens_at=_opens_at(held[reader.pk], reader.study.washout_days),
            training=training[reader.pk],
            changes=reader.study.answer_changes,
            reopened=reader.reopened,
            guesses=_guesses_due(reader, held[reader.pk]),
        )
        for reader in readers
    ]


def _opens_at(sessions: list[Session], washout_days: int) -> datetime | None:
    """As services.washout has it, for the session that comes next."""
    for before, session in pairwise(sessions):
        if before.finished_at and not session.started_at:
            opens_at = before.finished_at + timedelta(days=washout_days)
            is_waiting = session.waived_at is None and opens_at > timezone.now()
            return opens_at if is_waiting else None
    return None


def _guesses_due(reader: Membership, sessions: list[Session]) -> int:
    """How many guesses a reader is asked for now."""
    asks, modes = reader.study.guesses, Study.Guesses
    if asks == modes.NEVER or (
        asks == modes.AT_END and not all(s.finished_at for s in sessions)
    ):
        return 0
    return ArmGuess.objects.filter(
        read__reader=reader, read__submitted_at__isnull=False, guess=""
    ).count()
