"""Reading itself: what is due now, and what was answered.

Whatever a reader does takes a lock on the reader's membership first, so two tabs
or two devices take turns, and closing the study waits for an answer in flight.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..models import Membership, Read, Score, Session, Study
from ..questions import check_answers
from ..recording import record_answers

Answers = Mapping[str, Mapping[str, int]]  # question → patient's side → value
Given = list[tuple[str, str, int]]  # (question, patient's side, value)
KEY_LENGTH = 64


@dataclass(frozen=True)
class Due:
    """What a reader may do now.

    `read`: `read` is to be answered. `pause`: a session is over, the next one
    opens at `opens_at`. `finished`: no read is left. `closed`: the study is not open.
    """

    state: Literal["read", "pause", "finished", "closed"]
    read: Read | None = None
    opens_at: datetime | None = None


@dataclass(frozen=True)
class Submitted:
    read: Read
    version: int
    due: Due


@transaction.atomic
def read_next(*, reader: Membership) -> Due:
    """The reader's first read without an answer, marked as shown.

    Starts the next session if its washout is over; never skips a read.
    """
    _lock(reader)
    study = Study.objects.defer("protocol").get(pk=reader.study_id)
    if study.state != Study.State.OPEN:
        return Due("closed")
    upcoming = _first_unanswered(reader)
    if upcoming is None:
        return Due("finished")
    now = timezone.now()
    session = upcoming.session
    if session.started_at is None:
        opens_at = session_opens_at(study=study, session=session)
        if opens_at and opens_at > now:
            return Due("pause", opens_at=opens_at)
        session.started_at = now
        session.save(update_fields=["started_at"])
    return Due("read", read=_mark_shown(upcoming, now))


@transaction.atomic
def read_submit(
    *, token: str, reader: Membership, answers: Answers, key: str, reason: str = ""
) -> Submitted:
    """Store the answer to a read that was shown; the same again is the same once.

    A different answer to an answered read is a change: it needs a reason, is
    possible until the session ends, and leaves the earlier version as it is.
    Raises Read.DoesNotExist for a token that is not this reader's or was not shown.
    """
    reader = _lock(reader)
    read = (
        Read.objects.select_related("session__study")
        .defer("session__study__protocol")
        .get(token=token, reader=reader, first_shown_at__isnull=False)
    )
    study = read.session.study
    given = check_answers(study.question_set, answers)
    if not 1 <= len(key) <= KEY_LENGTH:
        raise Refused(_("The answer came without its key; load the page again."))
    now = timezone.now()
    if read.submitted_at is None:
        _refuse_unless_open(study)
        version = 1
        _scores_write(study, read, reader, given, version, key, "", now)
        read.submitted_at = now
        read.save(update_fields=["submitted_at"])
    else:
        version = _change(study, read, reader, given, key, reason.strip(), now)
    return Submitted(read, version, _due_after(study, read, reader, now))


def _change(
    study: Study,
    read: Read,
    reader: Membership,
    given: Given,
    key: str,
    reason: str,
    now: datetime,
) -> int:
    """The version that holds `given`: one that is stored already, or a new one."""
    versions: dict[int, set[tuple[str, str, int]]] = {}
    keys: dict[str, int] = {}
    for score in read.scores.all():
        answer = (score.question, score.side, score.value)
        versions.setdefault(score.version, set()).add(answer)
        keys[score.key] = score.version
    latest = max(versions)
    if key in keys:  # sent again, perhaps after a later change
        if versions[keys[key]] != set(given):
            raise Refused(_("This answer was sent before with other grades."))
        return keys[key]
    if versions[latest] == set(given):
        return latest
    _refuse_unless_open(study)
    if read.session.finished_at:
        raise Refused(_("The session is over; its answers can't be changed."))
    if not reason:
        raise Refused(_("This read is already answered; a change needs a reason."))
    _scores_write(study, read, reader, given, latest + 1, key, reason, now)
    return latest + 1


def _lock(reader: Membership) -> Membership:
    """Wait for this reader's turn; read everything else only afterwards."""
    members = Membership.objects.select_for_update(of=("self",)).select_related("user")
    return members.get(pk=reader.pk, role=Membership.Role.READER)


def _refuse_unless_open(study: Study) -> None:
    if study.state != Study.State.OPEN:
        raise Refused(_("The study is closed; no answer is taken any more."))


def _first_unanswered(reader: Membership) -> Read | None:
    return (
        Read.objects.filter(reader=reader, submitted_at__isnull=True)
        .select_related("session")
        .order_by("position")
        .first()
    )


def session_opens_at(*, study: Study, session: Session) -> datetime | None:
    """When the washout since the reader's last finished session is over."""
    previous = (
        Session.objects.filter(reader=session.reader_id, number__lt=session.number)
        .order_by("-number")
        .values_list("finished_at", flat=True)
        .first()
    )
    return previous and previous + timedelta(days=study.washout_days)


def _mark_shown(read: Read, now: datetime) -> Read:
    if read.first_shown_at is None:
        read.first_shown_at = now
        read.save(update_fields=["first_shown_at"])
    return read


def _scores_write(
    study: Study,
    read: Read,
    reader: Membership,
    given: Given,
    version: int,
    key: str,
    reason: str,
    now: datetime,
) -> None:
    Score.objects.bulk_create(
        Score(
            read=read,
            question=question,
            side=side,
            value=value,
            version=version,
            key=key,
            reason=reason,
            scored_at=now,
            scored_by_id=reader.user_id,
        )
        for question, side, value in given
    )
    record_answers(
        study=study,
        read=read,
        reader=reader,
        version=version,
        given=given,
        reason=reason,
    )


def _due_after(study: Study, read: Read, reader: Membership, now: datetime) -> Due:
    """What follows an answered read; the session ends with its last read."""
    if study.state != Study.State.OPEN:
        return Due("closed")
    upcoming = _first_unanswered(reader)
    if upcoming and upcoming.session.started_at:
        return Due("read", read=_mark_shown(upcoming, now))
    if read.session.finished_at is None:
        read.session.finished_at = now
        read.session.save(update_fields=["finished_at"])
    return Due("pause" if upcoming else "finished")
