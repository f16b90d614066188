"""What pages and other apps may read of studies: people, arms, progress."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import QuerySet

from readerstudy.cases.models import Rendition
from readerstudy.cases.selectors import stored_slices
from readerstudy.imaging.preprocessing import SHOWN_SLICES

from ..models import Arm, LeakOracleRun, Membership, Session, Study
from ..protocol.frozen import study_cases
from .room import SessionProgress, session_progress, sessions_counted


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


def roles_in_studies(user: User) -> set[str]:
    """The roles that this person has in any study."""
    roles = Membership.objects.filter(user=user).order_by().values_list("role")
    return {role for (role,) in roles.distinct()}


def own_readings(user: User) -> QuerySet[Membership]:
    """Fetching is authorising: by which `user` reads studies, once they were opened."""
    return (
        Membership.objects.filter(user=user, role=Membership.Role.READER)
        .exclude(study__state=Study.State.DRAFT)
        .select_related("study")
        .defer("study__protocol")
    )


def unblinded_people(study: Study) -> list[Membership]:
    """Coordinators and statisticians, each with their user."""
    people = study.memberships.exclude(role=Membership.Role.READER)
    return list(people.select_related("user").order_by("role", "pk"))


def study_progress(study: Study) -> list[ReaderProgress]:
    """How far each reader is in each session: counts, never a score or an arm."""
    sessions: dict[int, list[SessionProgress]] = {}
    counted = sessions_counted(Session.objects.filter(study=study))
    for session in counted.order_by("number"):
        sessions.setdefault(session.reader_id, []).append(session_progress(session))
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
    slices: tuple[int, ...]  # of the stored ones, the middle ones


def arm_examples(study: Study) -> list[ArmExample]:
    """Every arm with the image of the study's first case."""
    case = next(iter(study_cases(study)), None)
    made = {r.method: r for r in case.renditions.all()} if case else {}
    stored = [index for index, _number in stored_slices(case)] if case else []
    first = max((len(stored) - SHOWN_SLICES) // 2, 0)
    shown = tuple(stored[first : first + SHOWN_SLICES])
    return [ArmExample(arm, made.get(arm.method), shown) for arm in study.arms.all()]
