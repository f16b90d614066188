"""What pages and other apps may read of studies. Blind unless it says otherwise."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from readerstudy.cases.models import Rendition
from readerstudy.imaging.preprocessing import SHOWN_SLICES, STORED_SLICES

from .images import image_pixels
from .models import Arm, LeakOracleRun, Membership, Read, Session, Study
from .preflight import Finding, preflight
from .protocol import study_cases
from .selectors_training import TrainingState, training_states

__all__ = ["Finding", "preflight"]


@dataclass(frozen=True)
class SessionProgress:
    number: int
    done: int
    total: int
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True)
class ReaderProgress:
    code: str
    username: str
    simulated: bool
    sessions: tuple[SessionProgress, ...]

    @property
    def done(self) -> int:
        return sum(session.done for session in self.sessions)

    @property
    def total(self) -> int:
        return sum(session.total for session in self.sessions)


def leak_oracle_last(study: Study) -> LeakOracleRun | None:
    """What the leak oracle found when it was asked last; None if it never was."""
    return study.leak_oracle_runs.order_by("at", "pk").last()


def may_see_studies(user: User) -> bool:
    """Whether the coordinators' pages have anything for this person."""
    return (
        user.has_perm("cases.add_cohort")
        or Study.objects.for_role(
            user, Membership.Role.COORDINATOR, Membership.Role.STATISTICIAN
        ).exists()
    )


def study_progress(study: Study) -> list[ReaderProgress]:
    """How far each reader is in each session: counts, never a score or an arm."""
    sessions: dict[int, list[SessionProgress]] = {}
    for session in _counted(Session.objects.filter(study=study)).order_by("number"):
        sessions.setdefault(session.reader_id, []).append(_progress(session))
    readers = study.memberships.filter(role=Membership.Role.READER)
    return [
        ReaderProgress(
            code=reader.code,
            username=reader.user.get_username(),
            simulated=reader.simulated,
            sessions=tuple(sessions.get(reader.pk, ())),
        )
        for reader in readers.select_related("user").order_by("code")
    ]


@dataclass(frozen=True)
class ArmExample:
    """An arm with the image of one case in it, once that is made."""

    arm: Arm
    rendition: Rendition | None
    slices: tuple[int, ...]  # the stored slices that are shown


def arm_examples(study: Study) -> list[ArmExample]:
    """Every arm with the image of the study's first case."""
    case = next(iter(study_cases(study)), None)
    made = {r.method: r for r in case.renditions.all()} if case else {}
    first = (STORED_SLICES - SHOWN_SLICES) // 2
    shown = tuple(range(first, first + SHOWN_SLICES))
    return [ArmExample(arm, made.get(arm.method), shown) for arm in study.arms.all()]


def _counted(sessions: QuerySet[Session]) -> QuerySet[Session]:
    answered = Q(reads__submitted_at__isnull=False)
    return sessions.annotate(done=Count("reads", filter=answered))


def _progress(session: Session) -> SessionProgress:
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
    def is_due(self) -> bool:
        return (
            self.is_open
            and not self.simulated
            and self.current is not None
            and self.opens_at is None
        )


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
    held: dict[int, list[SessionProgress]] = {}
    readers = list(readers)
    training = training_states(readers)
    sessions = Session.objects.filter(reader__in=readers)
    for session in _counted(sessions).order_by("number"):
        held.setdefault(session.reader_id, []).append(_progress(session))
    return [
        ReadingState(
            slug=reader.study.slug,
            title=reader.study.title,
            is_open=reader.study.state == Study.State.OPEN,
            simulated=reader.simulated,
            sessions=tuple(held.get(reader.pk, ())),
            opens_at=_opens_at(held.get(reader.pk, []), reader.study.washout_days),
            training=training[reader.pk],
        )
        for reader in readers
    ]


def _opens_at(sessions: list[SessionProgress], washout_days: int) -> datetime | None:
    finished = [s.finished_at for s in sessions if s.finished_at]
    started = any(s.started_at and not s.finished_at for s in sessions)
    if started or not finished:
        return None
    opens_at = max(finished) + timedelta(days=washout_days)
    return opens_at if opens_at > timezone.now() else None


def shown_read(*, slug: str, token: str, user: User) -> Read:
    """The read that is before `user` now; Read.DoesNotExist for any other token."""
    return (
        Read.objects.select_related("arm", "case", "reader__study")
        .defer("reader__study__protocol")
        .get(
            token=token,
            reader__user=user,
            reader__role=Membership.Role.READER,
            reader__study__slug=slug,
            reader__study__state=Study.State.OPEN,
            first_shown_at__isnull=False,
            submitted_at__isnull=True,
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
