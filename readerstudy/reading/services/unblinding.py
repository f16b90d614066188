"""Two people unblind a study; in an emergency one read's code is broken before."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..models import CodeBreak, Membership, Read, Study, UnblindingApproval
from ..recording import record_read, record_study
from ..signals import study_unblinded
from .rights import check_coordinates

APPROVING = (Membership.Role.COORDINATOR, Membership.Role.STATISTICIAN)


@transaction.atomic
def unblinding_approve(*, study: Study, by: User) -> Study:
    """Agree that scores and arms be seen together; the second agreement does it.

    One agreement is a coordinator's and one a statistician's. Nobody holds two roles
    in a study, so it takes two people.
    """
    study, role = _closed(study, by)
    if study.approvals.filter(role=role).exists():
        raise Refused(
            _("A %s has agreed already; the other one's agreement is missing.")
            % Membership.Role(role).label
        )
    UnblindingApproval.objects.create(
        study=study, user=by, role=role, at=timezone.now()
    )
    record_study("study.approve_unblinding", study=study, by=by, after={"role": role})
    if study.approvals.count() == len(APPROVING):
        _unblind(study, by)
    return study


@transaction.atomic
def unblinding_withdraw(*, study: Study, by: User) -> Study:
    """Take one's own agreement back, while the other one is missing."""
    study, role = _closed(study, by)
    approval = study.approvals.filter(user=by).first()
    if approval is None:
        raise Refused(_("You have not agreed to unblind this study."))
    approval.delete()
    record_study("study.withdraw_approval", study=study, by=by, before={"role": role})
    return study


def _closed(study: Study, by: User) -> tuple[Study, str]:
    """The study, locked, and the role in which `by` may agree to unblind it."""
    study = Study.objects.select_for_update().get(pk=study.pk)
    member = study.memberships.filter(user=by, role__in=APPROVING).first()
    if member is None:
        raise Refused(_("Only a coordinator or statistician of the study can do this."))
    if study.state != Study.State.CLOSED:
        raise Refused(_("Only a closed study can be unblinded."))
    return study, member.role


def _unblind(study: Study, by: User) -> None:
    study.state = Study.State.UNBLINDED
    study.unblinded_at = timezone.now()
    study.save(update_fields=["state", "unblinded_at"])
    record_study("study.unblind", study=study, by=by, after={"seed": study.seed})

    def tell() -> None:
        study_unblinded.send(sender=Study, study_id=study.pk)

    # robust: the study is unblinded, whatever becomes of those who are told
    transaction.on_commit(tell, robust=True)


@transaction.atomic
def code_break(
    *, study: Study, reader: str, session: int, number: int, reason: str, by: User
) -> CodeBreak:
    """Disclose one read's arm and case to the study's coordinators, for a patient.

    reader: code. number: from 1 within the session, as the reader's screen counts.
    The study stays blinded: no score is shown, and the log names neither arm nor case.
    """
    study = Study.objects.select_for_update().defer("protocol").get(pk=study.pk)
    check_coordinates(study, by)
    if study.state not in (Study.State.OPEN, Study.State.CLOSED):
        raise Refused(_("Codes are broken only while a study is open or closed."))
    reason = reason.strip()
    if not reason:
        raise Refused(_("A reason is needed."))
    read = _shown(study, reader, session, number)
    if CodeBreak.objects.filter(read=read).exists():
        raise Refused(_("The code of this read is broken already."))
    broken = CodeBreak.objects.create(
        read=read, by=by, reason=reason, at=timezone.now()
    )
    record_read(
        "read.break_code",
        study=study,
        read=read,
        reader=read.reader,
        by=by,
        reason=reason,
    )
    return broken


def _shown(study: Study, reader: str, session: int, number: int) -> Read:
    read = (
        Read.objects.select_related("reader", "session")
        .filter(
            reader__study=study,
            reader__code=reader,
            reader__role=Membership.Role.READER,
            session__number=session,
            position=F("session__first_position") + number - 1,
            first_shown_at__isnull=False,
        )
        .first()
    )
    if read is None or number > read.session.size:
        raise Refused(
            _("Reader %(reader)s was not shown read %(number)d of session %(session)d.")
            % {"reader": reader, "number": number, "session": session}
        )
    return read
