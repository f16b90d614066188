"""Answering a read once more, and ending a session."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.blinding import tokens
from readerstudy.imaging.errors import Refused

from ..models import Answer, CodeBreak, Membership, Read, Reopening, Session, Study
from ..recording import record_read
from .conduct import (
    Due,
    due_now,
    membership_lock,
    refuse_unless_open,
    session_end,
)
from .rights import check_coordinates

REASON_LENGTH = 1000


@transaction.atomic
def session_finish(*, reader: Membership) -> Session | None:
    """End the session whose reads are all answered; None if there is none such."""
    reader = membership_lock(reader)
    study = Study.objects.defer("protocol").get(pk=reader.study_id)
    refuse_unless_open(study)
    if reader.reopened:
        raise Refused(_("A read was opened again and waits for your answer."))
    session = (
        Session.objects.filter(
            reader=reader, started_at__isnull=False, finished_at__isnull=True
        )
        .order_by("number")
        .first()
    )
    if session is None:
        return None
    if session.reads.filter(submitted_at__isnull=True).exists():
        raise Refused(_("The session has reads that are not answered yet."))
    session_end(study, reader, session)
    return session


@transaction.atomic
def read_reopen(
    *, study: Study, reader: str, session: int, number: int, reason: str, by: User
) -> Reopening:
    """A coordinator has a reader (by code) answer a read once more, with a reason.

    number: from 1 within the session, as the reader's screen counts. The reader is
    not shown the reason, which could tell an arm.
    """
    check_coordinates(study, by)
    member = Membership.objects.filter(
        study=study, role=Membership.Role.READER, code=reader
    ).first()
    if member is None:
        raise Refused(_("The study has no reader %s.") % reader)
    member = membership_lock(member)
    read = _answered(member, session, number)
    if CodeBreak.objects.filter(read=read).exists():
        raise Refused(
            _("The code of this read is broken: who knows its arm can't open it again.")
        )
    return _reopen(read, member, reason, by)


@transaction.atomic
def read_revisit(
    *, reader: Membership, session: int, number: int, reason: str
) -> Reopening:
    """A reader changes an earlier answer, as far as the protocol allows."""
    reader = membership_lock(reader)
    read = _answered(reader, session, number)
    _refuse_unless_changeable(reader, read)
    return _reopen(read, reader, reason, reader.user)


@transaction.atomic
def read_undo(*, reader: Membership) -> Due:
    """A reader takes the answer given last back; the read is due again at once.

    The same again changes nothing, and never reaches the answer before it. Where a
    coordinator opened that read, or another, before, that comes first as always.
    """
    reader = membership_lock(reader)
    last = (
        Answer.objects.filter(read__reader=reader)
        .select_related("read__session")
        .order_by("-at", "-pk")
        .first()
    )
    if last is None:
        raise Refused(_("There is no answer to take back yet."))
    _refuse_unless_changeable(reader, last.read)
    if not last.read.reopenings.filter(answered_at__isnull=True).exists():
        _reopen(last.read, reader, Reopening.UNDONE, reader.user)
    study = Study.objects.defer("protocol").get(pk=reader.study_id)
    return due_now(study, reader, timezone.now(), may_start=False)


def _refuse_unless_changeable(reader: Membership, read: Read) -> None:
    """As far as the protocol lets readers change their answers."""
    study = Study.objects.defer("protocol").get(pk=reader.study_id)
    rule = study.answer_changes
    if rule == Study.AnswerChanges.NEVER:
        raise Refused(_("This study's answers can't be changed."))
    if rule == Study.AnswerChanges.SESSION and read.session.finished_at:
        raise Refused(_("The session is over; its answers can't be changed."))


def _answered(reader: Membership, session: int, number: int) -> Read:
    held = Session.objects.filter(reader=reader, number=session).first()
    read = None
    if held and 1 <= number <= held.size:
        read = (
            Read.objects.select_related("session")
            .filter(
                session=held,
                position=held.first_position + number - 1,
                submitted_at__isnull=False,
            )
            .first()
        )
    if read is None:
        raise Refused(
            _("Read %(number)d of session %(session)d is not answered yet.")
            % {"number": number, "session": session}
        )
    return read


def _reopen(read: Read, reader: Membership, reason: str, by: User) -> Reopening:
    study = Study.objects.defer("protocol").get(pk=reader.study_id)
    refuse_unless_open(study)
    reason = reason.strip()
    if not reason:
        raise Refused(_("A reason is needed."))
    if len(reason) > REASON_LENGTH:
        raise Refused(_("The reason is too long."))
    if read.reopenings.filter(answered_at__isnull=True).exists():
        raise Refused(_("This read is open again already."))
    guess = getattr(read, "arm_guess", None)
    if guess and guess.guessed_at:
        raise Refused(_("The grade is locked: a guess of the arm was given after it."))
    read.token = tokens.new_token()
    read.save(update_fields=["token"])
    reader.reopened += 1
    reader.save(update_fields=["reopened"])
    reopening = Reopening.objects.create(
        read=read,
        by=by,
        by_reader=by.pk == reader.user_id,
        reason=reason,
        at=timezone.now(),
    )
    record_read(
        "read.reopen", study=study, read=read, reader=reader, by=by, reason=reason
    )
    return reopening
