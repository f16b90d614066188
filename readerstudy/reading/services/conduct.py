"""Reading itself: what is due now, and what was answered.

Whatever a reader does takes a lock on the reader's membership first, so two tabs
or two devices take turns, and closing the study waits for an answer in flight.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..models import ArmGuess, Membership, Read, Reopening, Score, Session, Study
from ..questions import check_answers
from ..recording import record_answers, record_session
from .deviations import NOT_OBSERVED, Observed, deviations_write
from .washout import session_opens_at, washout_deviation_write

Answers = Mapping[str, Mapping[str, int]]  # question → patient's side → value
Given = list[tuple[str, str, int]]  # (question, patient's side, value)
KEY_LENGTH = 64


@dataclass(frozen=True)
class Due:
    """What a reader may do now.

    `read`: `read` is to be answered, once more if there is a `reopening`; `following`
    is the token of the read after it in a session that has begun, whose pixels may be
    fetched already. `guess`: `guess` is to be answered. `training`: the gate of the
    training set is not passed yet.
    `conditions`: the viewing conditions of `session` are asked first. `review`: all
    of `session` is answered and the reader has not ended it. `pause`: the next
    session opens at `opens_at`. `finished`: no read is left. `closed`: the study is
    not open.
    """

    state: Literal[
        "read",
        "guess",
        "training",
        "conditions",
        "review",
        "pause",
        "finished",
        "closed",
    ]
    read: Read | None = None
    reopening: Reopening | None = None
    following: str | None = None
    guess: ArmGuess | None = None
    session: Session | None = None
    opens_at: datetime | None = None


@dataclass(frozen=True)
class Submitted:
    read: Read
    version: int
    due: Due


@transaction.atomic
def read_next(*, reader: Membership) -> Due:
    """What is due now: usually the first read without an answer, marked as shown.

    Starts the next session if its washout is over; never skips a read.
    """
    reader = membership_lock(reader)
    study = Study.objects.defer("protocol").get(pk=reader.study_id)
    return due_now(study, reader, timezone.now(), may_start=True)


@transaction.atomic
def read_submit(
    *,
    token: str,
    reader: Membership,
    answers: Answers,
    key: str,
    observed: Observed = NOT_OBSERVED,
) -> Submitted:
    """Store the answer to a read that was shown; the same again is the same once.

    A reopened read gets another version, with the reopening's reason; the earlier
    ones stay as they are. Any other different answer to an answered read is refused.
    Raises Read.DoesNotExist for a token that is not this reader's or was not shown.
    """
    reader = membership_lock(reader)
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
    answer = _Answer(study, reader, read, given, key, observed, now)
    if read.submitted_at is None:
        refuse_unless_open(study)
        version = 1
        _answer_write(answer, version, "", read.first_shown_at)
        read.submitted_at = now
        read.save(update_fields=["submitted_at"])
    else:
        version = _stored_version(answer) or _answer_reopened(answer)
    return Submitted(read, version, due_after(study, reader, now))


@dataclass(frozen=True)
class _Answer:
    """An answer on its way to the rows; `reader` is locked."""

    study: Study
    reader: Membership
    read: Read
    given: Given
    key: str
    observed: Observed
    now: datetime


def _stored_version(answer: _Answer) -> int | None:
    """The version that this answer is already; None: it is to be a new one."""
    versions: dict[int, set[tuple[str, str, int]]] = {}
    keys: dict[str, int] = {}
    for score in answer.read.scores.all():
        one = (score.question, score.side, score.value)
        versions.setdefault(score.version, set()).add(one)
        keys[score.key] = score.version
    latest, given = max(versions), set(answer.given)
    if answer.key in keys:  # sent again
        if versions[keys[answer.key]] != given:
            raise Refused(_("This answer was sent before with other grades."))
        return keys[answer.key]
    if answer.read.reopenings.filter(answered_at__isnull=True).exists():
        return None
    if versions[latest] != given:
        raise Refused(
            _("This read is already answered; to change it, open it again first.")
        )
    return latest


def _answer_reopened(answer: _Answer) -> int:
    """Write the next version, even of the same grades: it was read once more."""
    read, reader = answer.read, answer.reader
    reopening = read.reopenings.filter(
        answered_at__isnull=True, first_shown_at__isnull=False
    ).first()
    if reopening is None:
        raise Read.DoesNotExist("not shown since it was opened again")
    refuse_unless_open(answer.study)
    version = 1 + read.scores.aggregate(Max("version"))["version__max"]
    _answer_write(answer, version, reopening.reason, reopening.first_shown_at)
    reopening.answered_at = answer.now
    reopening.save(update_fields=["answered_at"])
    reader.reopened -= 1
    reader.save(update_fields=["reopened"])
    return int(version)


def membership_lock(reader: Membership) -> Membership:
    """Wait for this reader's turn; read everything else only afterwards."""
    members = Membership.objects.select_for_update(of=("self",)).select_related("user")
    return members.get(pk=reader.pk, role=Membership.Role.READER)


def refuse_unless_open(study: Study) -> None:
    if study.state != Study.State.OPEN:
        raise Refused(_("The study is closed; no answer is taken any more."))


def due_after(study: Study, reader: Membership, now: datetime) -> Due:
    """What follows an answer; a further session begins when its reader asks for it."""
    due = due_now(study, reader, now, may_start=False)
    return Due("pause") if due.state == "conditions" else due


def due_now(study: Study, reader: Membership, now: datetime, *, may_start: bool) -> Due:
    """What comes next; reads become due in the order of the plan only.

    may_start: a session; only where its reader has asked for it.
    """
    if study.state != Study.State.OPEN:
        return Due("closed")
    upcoming = _unanswered(reader)
    if reader.reopened:
        return _due_reopened(reader, upcoming, now)
    if study.guesses == Study.Guesses.AFTER_GRADE and (guess := _guess(reader, now)):
        return Due("guess", guess=guess)
    if not upcoming:
        return _due_at_end(study, reader, now)
    read, session = upcoming[0], upcoming[0].session
    if session.started_at is None:
        hindrance = _before_session(study, reader, session, now)
        if hindrance or not may_start:
            return hindrance or Due("pause")
        _session_start(study, session, now)
    mark_shown(read, now)
    tokens = [r.token for r in upcoming[1:] if r.session_id == session.pk]
    return Due("read", read=read, following=tokens[0] if tokens else None)


def _unanswered(reader: Membership) -> list[Read]:
    """The first two reads without an answer."""
    return list(
        Read.objects.filter(reader=reader, submitted_at__isnull=True)
        .select_related("session")
        .order_by("position")[:2]
    )


def _due_reopened(reader: Membership, upcoming: list[Read], now: datetime) -> Due:
    """The read that was opened again first; reading goes on after the last of them."""
    goes_on = reader.reopened == 1 and upcoming and upcoming[0].session.started_at
    reopening = (
        Reopening.objects.filter(read__reader=reader, answered_at__isnull=True)
        .select_related("read__session")
        .order_by("at", "pk")[0]
    )
    mark_shown(reopening, now)
    return Due(
        "read",
        read=reopening.read,
        reopening=reopening,
        following=upcoming[0].token if goes_on else None,
    )


def _guess(reader: Membership, now: datetime) -> ArmGuess | None:
    """The reader's first guess that is due, marked as shown."""
    guess = (
        ArmGuess.objects.filter(
            read__reader=reader, read__submitted_at__isnull=False, guess=""
        )
        .select_related("read__session")
        .order_by("read__position")
        .first()
    )
    return guess and mark_shown(guess, now)


def _due_at_end(study: Study, reader: Membership, now: datetime) -> Due:
    last = Session.objects.filter(reader=reader).order_by("-number").first()
    if last and last.finished_at is None and not _end_or_review(study, reader, last):
        return Due("review", session=last)
    if study.guesses == Study.Guesses.AT_END and (guess := _guess(reader, now)):
        return Due("guess", guess=guess)
    return Due("finished")


def _before_session(
    study: Study, reader: Membership, session: Session, now: datetime
) -> Due | None:
    """What has to happen before a session can start, if anything has."""
    previous = Session.objects.filter(reader=reader, number=session.number - 1).first()
    if previous is None:
        # reached: by a gate; without one whoever goes through the training passes
        passed = reader.attempts.filter(passed=True, reached__isnull=False)
        if study.gate and not (passed.exists() or reader.simulated):
            return Due("training")
    elif previous.finished_at is None and not _end_or_review(study, reader, previous):
        return Due("review", session=previous)
    opens_at = session_opens_at(study=study, session=session)
    if opens_at and opens_at > now:
        return Due("pause", opens_at=opens_at)
    if study.asks_conditions and not reader.simulated:
        check = session.checks.filter(passed=True).order_by("answered_at").last()
        if check is None:
            return Due("conditions", session=session)
        session.device = check.device
    return None


def _end_or_review(study: Study, reader: Membership, session: Session) -> bool:
    """End an answered session, unless its reader may still change its answers."""
    if study.answer_changes == Study.AnswerChanges.SESSION:
        return False
    session_end(study, reader, session)
    return True


def session_end(study: Study, reader: Membership, session: Session) -> None:
    """Its washout counts from its last answer, however late it is ended."""
    session.finished_at = (
        Score.objects.filter(read__session=session)
        .order_by("-scored_at")
        .values_list("scored_at", flat=True)[0]
    )
    session.save(update_fields=["finished_at"])
    session.study = study
    record_session("session.finish", session=session, reader=reader, by=reader.user)


def _session_start(study: Study, session: Session, now: datetime) -> None:
    session.started_at = now
    session.save(update_fields=["started_at", "device"])
    if session.waived_at:
        washout_deviation_write(study=study, session=session, now=now)


Shown = TypeVar("Shown", Read, Reopening, ArmGuess)


def mark_shown(shown: Shown, now: datetime) -> Shown:
    if shown.first_shown_at is None:
        shown.first_shown_at = now
        shown.save(update_fields=["first_shown_at"])
    return shown


def _answer_write(
    answer: _Answer, version: int, reason: str, shown_at: datetime | None
) -> None:
    """Scores, what went wrong meanwhile, and the event of it."""
    Score.objects.bulk_create(
        Score(
            read=answer.read,
            question=question,
            side=side,
            value=value,
            version=version,
            key=answer.key,
            reason=reason,
            scored_at=answer.now,
            scored_by_id=answer.reader.user_id,
        )
        for question, side, value in answer.given
    )
    deviations_write(
        study=answer.study,
        read=answer.read,
        shown_at=shown_at,
        observed=answer.observed,
        now=answer.now,
    )
    record_answers(
        study=answer.study,
        read=answer.read,
        reader=answer.reader,
        version=version,
        given=answer.given,
        reason=reason,
    )
