"""The washout between two sessions of a reader."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..models import Deviation, Membership, Session, Study
from ..recording import record_session
from .rights import check_coordinates


def washout_over_at(*, study: Study, session: Session) -> datetime | None:
    """When the washout since the session before is over; None: no such one ended."""
    previous = (
        Session.objects.filter(reader=session.reader_id, number=session.number - 1)
        .values_list("finished_at", flat=True)
        .first()
    )
    return previous and previous + timedelta(days=study.washout_days)


def session_opens_at(*, study: Study, session: Session) -> datetime | None:
    """When the session may begin; None: at once."""
    return None if session.waived_at else washout_over_at(study=study, session=session)


def washout_deviation_write(*, study: Study, session: Session, now: datetime) -> None:
    """A session begins early, as a coordinator allowed; nothing if it is not early."""
    over_at = washout_over_at(study=study, session=session)
    if over_at and over_at > now:
        Deviation.objects.create(
            reader_id=session.reader_id,
            session=session,
            kind=Deviation.Kind.WASHOUT,
            amount=int((over_at - now).total_seconds() // 3600),
            at=now,
        )


@transaction.atomic
def washout_waive(
    *, study: Study, reader: str, session: int, reason: str, by: User
) -> Session:
    """Let a reader (by code) begin their next session before its washout is over.

    Beginning it then is a deviation, and the report says so.
    """
    check_coordinates(study, by)
    member = (
        Membership.objects.select_for_update(of=("self",))
        .filter(study=study, role=Membership.Role.READER, code=reader)
        .first()
    )
    if member is None:
        raise Refused(_("The study has no reader %s.") % reader)
    study = Study.objects.defer("protocol").get(pk=study.pk)
    if study.state != Study.State.OPEN:
        raise Refused(_("The study is not open."))
    reason = reason.strip()
    if not reason:
        raise Refused(_("A reason is needed."))
    awaited = Session.objects.filter(reader=member, number=session).first()
    if awaited is None:
        raise Refused(
            _("Reader %(reader)s has no session %(session)d.")
            % {"reader": reader, "session": session}
        )
    now = timezone.now()
    _refuse_unless_awaited(study, awaited, now)
    awaited.waived_at, awaited.waived_by, awaited.waived_reason = now, by, reason
    awaited.save(update_fields=["waived_at", "waived_by", "waived_reason"])
    record_session(
        "session.waive", session=awaited, reader=member, by=by, reason=reason
    )
    return awaited


def _refuse_unless_awaited(study: Study, session: Session, now: datetime) -> None:
    """There is nothing to waive but a washout that is running now."""
    number = {"session": session.number}
    if session.started_at:
        raise Refused(_("Session %(session)d has begun already.") % number)
    if session.waived_at:
        raise Refused(
            _("The washout of session %(session)d is waived already.") % number
        )
    previous = Session.objects.filter(
        reader=session.reader_id, number=session.number - 1
    ).first()
    if previous is None or previous.finished_at is None:
        raise Refused(
            _("The session before session %(session)d is not finished yet.") % number
        )
    over_at = washout_over_at(study=study, session=session)
    if over_at is None or over_at <= now:
        raise Refused(_("The washout of session %(session)d is over.") % number)
