"""Who has which part in a study."""

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..models import Membership, Read, Study
from ..preflight.checks import blinded_elsewhere
from ..protocol.frozen import study_readers
from ..recording import record_member, record_study
from .rights import check_coordinates

READER = Membership.Role.READER
COORDINATOR = Membership.Role.COORDINATOR


def member_write(
    study: Study, user: User, role: str, simulated: bool = False
) -> Membership:
    """Readers get the codes A, B, C, …; whoever reads blinded learns no arms."""
    name = user.get_username()
    if study.memberships.filter(user=user).exists():
        raise Refused(_("%s already has a role in this study.") % name)
    code = ""
    if role == READER:
        taken = set(study.memberships.filter(role=role).values_list("code", flat=True))
        code = next(
            c for c in map(_reader_code, range(len(taken) + 1)) if c not in taken
        )
    elif user.pk in blinded_elsewhere(study):
        raise Refused(
            _(
                "%s reads another study of the same cohort blinded, so can be neither "
                "coordinator nor statistician of this one yet."
            )
            % name
        )
    return Membership.objects.create(
        study=study, user=user, role=role, code=code, simulated=simulated
    )


@transaction.atomic
def member_appoint(
    *, study: Study, user: User, role: str, reason: str, by: User
) -> Membership:
    """Give a study that is open or over one more coordinator or statistician.

    Two people unblind it, and people leave. Readers cannot be added: the plan is drawn.
    """
    study = Study.objects.select_for_update().defer("protocol").get(pk=study.pk)
    check_coordinates(study, by)
    if study.state == Study.State.DRAFT:
        raise Refused(_("A draft's people are written in the draft."))
    if role == READER:
        raise Refused(_("The plan is drawn; no reader can be added."))
    if not reason.strip():
        raise Refused(_("A reason is needed."))
    member = member_write(study, user, role)
    record_membership("member.add", member, by, reason.strip())
    return member


def members_write(study: Study, users: Iterable[User], role: str) -> list[Membership]:
    return [member_write(study, user, role) for user in users]


def members_replace(
    study: Study, wanted: dict[str, Iterable[User]], by: User | None
) -> None:
    """Let these people, and no others, hold the roles in `wanted`.

    `by` stays coordinator: nobody shuts themselves out of the study.
    """
    before = list(study.memberships.select_related("user").order_by("role", "code"))
    stays = Q(role=COORDINATOR, user=by)
    study.memberships.filter(role__in=wanted).exclude(stays).delete()
    for role, users in wanted.items():
        others = (user for user in users if role != COORDINATOR or user != by)
        members_write(study, others, role)
    now = list(study.memberships.select_related("user").order_by("role", "code"))
    _record_missing("member.remove", before, now, by)
    _record_missing("member.add", now, before, by)


def _record_missing(
    action: str, some: list[Membership], others: list[Membership], by: User | None
) -> None:
    held = {(member.user_id, member.role, member.code) for member in others}
    for member in some:
        if (member.user_id, member.role, member.code) not in held:
            record_membership(action, member, by)


def record_membership(
    action: str, member: Membership, by: User | None, reason: str = ""
) -> None:
    record_member(
        action,
        study=member.study,
        user=member.user,
        role=member.role,
        code=member.code,
        by=by,
        reason=reason,
    )


def _reader_code(index: int) -> str:
    """A … Z, then AA, AB, …"""
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


@transaction.atomic
def member_mark_simulated(*, study: Study, by: User | None = None) -> list[Membership]:
    """From now on this study's readers are simulated, and everything says so.

    Refused once a person was shown a read: their reading would be called invented.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)
    # a read being shown or answered holds its reader's row: it is seen, or waits
    list(study.memberships.select_for_update().values_list("pk", flat=True))
    seen = Read.objects.filter(
        reader__study=study, reader__simulated=False, first_shown_at__isnull=False
    )
    if seen.exists():
        raise Refused(
            _("A real reader has begun to read “%s”; it cannot be simulated.")
            % study.slug
        )
    study.memberships.filter(role=READER).update(simulated=True)
    Study.objects.filter(pk=study.pk).update(simulated_readers=True)
    readers = study_readers(study)
    after = {"readers": [reader.code for reader in readers]}
    record_study("study.simulate", study=study, by=by, after=after)
    return readers
