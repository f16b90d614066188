"""What a reader's pages may read: one's own progress, answers and pixels. No arms."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from django.contrib.auth.models import User
from django.db.models import (
    Count,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    SlugField,
)
from django.utils import timezone

from readerstudy.cases.models import Rendition

from ..images import ImageUnusableError, image_pixels, rendition_pixels
from ..models import (
    Answer,
    ArmGuess,
    Membership,
    Preferences,
    Read,
    Reopening,
    Session,
    Study,
)
from ..models.compiled import Columns, Compiled, Slot
from ..questions import QUESTION_SETS, SIDES, Question, Words, why_shown
from .training import TrainingState, training_states

RENDITION = Columns(Rendition, ("id", "values", "sha256"))

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


@dataclass(frozen=True)
class OwnAnswer:
    """An answer as its reader gave it last."""

    session: int
    number: int  # of the read in its session
    # in the order of `asked`; None: cannot be assessed, and why
    values: tuple[tuple[int | None, Words], ...]
    comment: str
    is_open: bool  # opened again already
    is_locked: bool  # a guess was given after it

    @property
    def place(self) -> str:
        return f"{self.session}/{self.number}"


@dataclass(frozen=True)
class OwnSession:
    number: int
    answers: tuple[OwnAnswer, ...]


@dataclass(frozen=True)
class OwnAnswers:
    """What a reader may change; no sessions: nothing, now."""

    until: str  # a value of Study.AnswerChanges
    asked: tuple[tuple[Words, str], ...]  # question and patient's side
    sessions: tuple[OwnSession, ...]


def changeable_answers(reader: Membership) -> OwnAnswers:
    """The reader's own answers that the protocol lets them change now, latest first."""
    rule = reader.study.answer_changes
    questions = QUESTION_SETS[reader.study.question_set].questions
    sessions = Session.objects.filter(reader=reader, started_at__isnull=False)
    if rule == Study.AnswerChanges.SESSION:
        sessions = sessions.filter(finished_at__isnull=True)
    is_never = reader.simulated or reader.study.state != Study.State.OPEN
    if is_never or rule == Study.AnswerChanges.NEVER:
        sessions = sessions.none()
    reads = (
        Read.objects.filter(submitted_at__isnull=False)
        .select_related("arm_guess")
        .prefetch_related(
            Prefetch("answers", Answer.objects.prefetch_related("scores")),
            Prefetch("reopenings", Reopening.objects.filter(answered_at__isnull=True)),
        )
        .order_by("-position")
    )
    return OwnAnswers(
        until=rule,
        asked=tuple((question.words, side) for question in questions for side in SIDES),
        sessions=tuple(
            OwnSession(
                session.number,
                tuple(_own_answer(r, session, questions) for r in session.reads.all()),
            )
            for session in sessions.order_by("-number").prefetch_related(
                Prefetch("reads", reads)
            )
        ),
    )


def _own_answer(
    read: Read, session: Session, questions: tuple[Question, ...]
) -> OwnAnswer:
    stands = list(read.answers.all())[-1]
    latest = {(s.question, s.side): s for s in stands.scores.all()}
    guess = getattr(read, "arm_guess", None)
    words = {(q.key, a.value): a.words for q in questions for a in q.answers}
    given = [latest[q.key, side] for q in questions for side in SIDES]
    return OwnAnswer(
        session=session.number,
        number=read.position - session.first_position + 1,
        values=tuple(
            (None, why_shown(one.unassessable))
            if one.value is None
            else (one.value, words[one.question, one.value])
            for one in given
        ),
        comment=stands.comment,
        is_open=bool(read.reopenings.all()),
        is_locked=guess is not None and guess.guessed_at is not None,
    )


def shown_read(*, slug: str, token: str, user: User) -> Read:
    """The read that is before `user` now, or the one after it in a begun session.

    Read.DoesNotExist for any other token. Reads come in the order of the plan, so an
    unanswered one comes next if the one before it was shown.
    """
    before = Read.objects.filter(
        reader=OuterRef("reader"),
        position=OuterRef("position") - 1,
        first_shown_at__isnull=False,
    )
    opened_again = Reopening.objects.filter(
        read=OuterRef("pk"), answered_at__isnull=True, first_shown_at__isnull=False
    )
    return (
        Read.objects.select_related("arm", "case", "reader__study")
        .defer("reader__study__protocol")
        .filter(
            Q(submitted_at__isnull=True, first_shown_at__isnull=False)
            | Q(Exists(before), submitted_at__isnull=True)
            | Q(Exists(opened_again), submitted_at__isnull=False)
        )
        .get(
            token=token,
            session__started_at__isnull=False,
            reader__user=user,
            reader__role=Membership.Role.READER,
            reader__study__slug=slug,
            reader__study__state=Study.State.OPEN,
        )
    )


def read_pixels(read: Read) -> bytes:
    """The three slices of a read; raises ImageUnusableError as image_pixels does."""
    reader = read.reader
    return image_pixels(
        case=read.case,
        method=read.arm.method,
        sha256=read.image_sha256,
        window=reader.study.window_rule,
        name=f"read {read.position} of reader {reader.code} "
        f"in study {reader.study.slug}",
    )


@Compiled
def _rendition_ahead() -> QuerySet[Any, Any]:
    return (
        Rendition.objects.filter(
            case__reads__token=Slot("token", SlugField()),
            method=F("case__reads__arm__method"),
        )
        .order_by()
        .values_list(
            *RENDITION.paths,
            "case__reads__image_sha256",
            "case__reads__reader__study__window_rule",
        )
    )


def pixels_ahead(token: str) -> bytes:
    """As read_pixels, in one statement, for a read that services.conduct has named.

    Asks for nobody's right to see them: the token must come from there.
    """
    for *rendition, pinned, window in _rendition_ahead.rows(token=token):
        with suppress(ImageUnusableError):
            return rendition_pixels(
                RENDITION.instance(rendition), sha256=pinned, window=window
            )
    reads = Read.objects.select_related("case", "arm", "reader__study")
    return read_pixels(reads.get(token=token))  # tells which image it is
