"""A study's life: draft, open, closed, unblinded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Unpack

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.blinding import seeds
from readerstudy.cases import services as cases
from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused

from ..models import Arm, Membership, Read, Study
from ..preflight.checks import preflight
from ..protocol.frozen import (
    describe_study,
    image_hashes,
    protocol_sha256,
    study_cases,
)
from ..protocol.rules import arm_code
from ..protocol.types import blank_study, frame_of
from ..recording import draft_summary, record_study
from .members import (
    member_write,
    members_replace,
    members_write,
    record_membership,
)
from .planning import plan_write
from .rights import check_coordinates
from .settings import (
    FOLLOWING,
    SETTINGS,
    Settings,
    TrainingChoice,
    settings_assign,
    training_freeze,
    training_write,
)

RESERVED_SLUGS = frozenset({"new"})


@dataclass(frozen=True)
class ArmChoice:
    """An arm as a coordinator chose it; its code comes from the method unless given."""

    method: str
    title: str
    role: str = Arm.Role.COMPARISON
    repeated: bool = False
    code: str = ""


def slug_problem(slug: str) -> str:
    """Why no new study can have this short name; empty: it can."""
    if slug in RESERVED_SLUGS:
        return _("The short name “%s” is a word of this site; choose another.") % slug
    if Study.objects.filter(slug=slug).exists():
        return _("The short name “%s” is already taken.") % slug
    return ""


@transaction.atomic
def study_create(
    *,
    slug: str,
    cohort: Cohort,
    coordinator: User,
    arms: Sequence[ArmChoice] = (),
    training: Sequence[TrainingChoice] = (),
    readers: Iterable[User] = (),
    statisticians: Iterable[User] = (),
    coordinators: Iterable[User] = (),
    **settings: Unpack[Settings],
) -> Study:
    """A draft that `coordinator`, who must coordinate the cohort, looks after.

    coordinators: further ones, who need not coordinate the cohort.
    """
    if not cohort.coordinators.filter(pk=coordinator.pk).exists():
        raise Refused(_("Only a coordinator of the cohort can make a study of it."))
    if told := slug_problem(slug):
        raise Refused(told)
    study = blank_study(cohort)
    study.slug = slug
    settings_assign(study, settings)
    study.save(force_insert=True)
    _arms_write(study, arms)
    training_write(study, training)
    further = [user for user in coordinators if user != coordinator]
    added = [
        *members_write(study, [coordinator, *further], Membership.Role.COORDINATOR),
        *members_write(study, readers, Membership.Role.READER),
        *members_write(study, statisticians, Membership.Role.STATISTICIAN),
    ]
    after = draft_summary(study)
    record_study("study.create", study=study, by=coordinator, after=after)
    for member in added:
        record_membership("member.add", member, coordinator)
    return study


@transaction.atomic
def study_update(
    *,
    study: Study,
    arms: Sequence[ArmChoice],
    readers: Iterable[User],
    training: Sequence[TrainingChoice] | None = None,
    statisticians: Iterable[User] | None = None,
    coordinators: Iterable[User] | None = None,
    by: User | None = None,
    **settings: Unpack[Settings],
) -> Study:
    """Write a draft anew, with these arms and readers only.

    training, statisticians, coordinators: likewise, unless None, which leaves them
    as they are; so do settings that are not given. `by` stays coordinator without
    being named.
    """
    study = _draft(study)
    before = draft_summary(study)
    settings_assign(study, settings)
    study.save(update_fields=[*SETTINGS, *FOLLOWING])
    study.arms.all().delete()
    _arms_write(study, arms)
    if training is not None:
        study.training.all().delete()
        training_write(study, training)
    after = draft_summary(study)
    record_study("study.update", study=study, by=by, before=before, after=after)
    wanted: dict[str, Iterable[User]] = {Membership.Role.READER: readers}
    if statisticians is not None:
        wanted[Membership.Role.STATISTICIAN] = statisticians
    if coordinators is not None:
        wanted[Membership.Role.COORDINATOR] = coordinators
    members_replace(study, wanted, by)
    return study


def _arms_write(study: Study, arms: Sequence[ArmChoice]) -> None:
    for arm in arms:
        _arm_write(study, arm)


def _draft(study: Study) -> Study:
    """The study, locked, and refused once its protocol is frozen."""
    locked = Study.objects.select_for_update().get(pk=study.pk)
    if locked.state != Study.State.DRAFT:
        raise Refused(_("The study is open; its protocol can no longer be changed."))
    return locked


@transaction.atomic
def arm_add(
    *,
    study: Study,
    method: str,
    title: str,
    role: str = Arm.Role.COMPARISON,
    repeated: bool = False,
    code: str = "",
    by: User | None = None,
) -> Arm:
    """Add an arm after the others; its code comes from the method unless given."""
    study = _draft(study)
    before = draft_summary(study)
    arm = _arm_write(study, ArmChoice(method, title, role, repeated, code))
    after = draft_summary(study)
    record_study("study.update", study=study, by=by, before=before, after=after)
    return arm


def _arm_write(study: Study, arm: ArmChoice) -> Arm:
    taken = set(study.arms.values_list("code", flat=True))
    reference = Arm.Role.REFERENCE
    if arm.role == reference and study.arms.filter(role=reference).exists():
        raise Refused(_("A study has one reference arm only."))
    return Arm.objects.create(
        study=study,
        position=len(taken) + 1,
        code=arm_code(arm.method, taken, arm.code),
        title=arm.title,
        method=arm.method,
        role=arm.role,
        repeated=arm.repeated,
    )


@transaction.atomic
def member_add(
    *,
    study: Study,
    user: User,
    role: str,
    simulated: bool = False,
    by: User | None = None,
) -> Membership:
    """Give a person one role in the study; readers get the codes A, B, C, …"""
    member = member_write(_draft(study), user, role, simulated)
    record_membership("member.add", member, by)
    return member


@transaction.atomic
def study_open(*, study: Study, by: User) -> Study:
    """Freeze the protocol, draw the plan and store every read of it.

    Refused, with all reasons, where the preflight finds any.
    """
    study = _draft(study)
    check_coordinates(study, by)
    # first, or a division or an image could change after the preflight looked
    cases.cohort_freeze(cohort=study.cohort)
    findings = preflight(study)
    if findings:
        raise Refused("\n".join(finding.message for finding in findings))
    chosen = study_cases(study)
    images = image_hashes(study, chosen)
    training_freeze(study)
    study.frame = frame_of(study, chosen)
    study.protocol = describe_study(study, chosen, images)
    study.protocol_sha256 = protocol_sha256(study.protocol)
    study.seed = seeds.new_seed()
    study.seed_sha256 = seeds.commitment(study.seed)
    study.state = Study.State.OPEN
    study.opened_at = timezone.now()
    study.save()
    planned = plan_write(study, chosen, images)
    after = {
        "protocol_sha256": study.protocol_sha256,
        "seed_sha256": study.seed_sha256,
        "reads": planned,
    }
    record_study("study.open", study=study, by=by, after=after)
    return study


@transaction.atomic
def study_close(*, study: Study, by: User) -> Study:
    """No read is shown or answered from now on."""
    study = Study.objects.select_for_update().get(pk=study.pk)
    check_coordinates(study, by)
    if study.state != Study.State.OPEN:
        raise Refused(_("Only an open study can be closed."))
    # an answer in flight holds its reader's row: it is stored before, or not at all
    list(study.memberships.select_for_update().values_list("pk", flat=True))
    study.state = Study.State.CLOSED
    study.closed_at = timezone.now()
    study.save(update_fields=["state", "closed_at"])
    given = Read.objects.filter(session__study=study, submitted_at__isnull=False)
    after = {"reads_submitted": given.count()}
    record_study("study.close", study=study, by=by, after=after)
    return study
