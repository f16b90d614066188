"""Taking an answer: stored once, however often it is sent, and never rewritten."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, Max, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.imaging.errors import Refused

from ..models import Answer, Membership, Read, Score, Study
from ..protocol.types import case_frame
from ..protocol.windows import Window, offered_windows
from ..questions import Answers, Grade, check_answers, question_set_of
from ..recording import grade_of, record_answer
from .conduct import (
    Due,
    Seat,
    due_after,
    membership_lock,
    refuse_unless_open,
    unanswered,
)
from .deviations import NOT_OBSERVED, Observed, deviations_write

KEY_LENGTH = 64
COMMENT_LENGTH = 2000


@dataclass(frozen=True)
class Submitted:
    read: Read
    version: int
    due: Due


@dataclass(frozen=True)
class _Given:
    """An answer on its way to the rows; `reader` is locked."""

    study: Study
    reader: Membership
    read: Read
    grades: list[Grade]
    comment: str
    key: str
    observed: Observed
    now: datetime


@transaction.atomic
def read_submit(
    *,
    token: str,
    reader: Membership | Seat,
    answers: Answers,
    key: str,
    comment: str = "",
    observed: Observed = NOT_OBSERVED,
) -> Submitted:
    """Store the answer to a read that was shown; the same again is the same once.

    A reopened read gets another version, with the reopening's reason; the earlier
    ones stay as they are. Any other different answer to an answered read is refused.
    Raises Read.DoesNotExist for a token that is not this reader's, or not before them,
    and Membership.DoesNotExist as membership_lock does.
    """
    reader = membership_lock(reader)
    upcoming = unanswered(reader)
    read = _read_before(reader, token, upcoming)
    study = read.session.study
    now = timezone.now()
    if read.first_shown_at:
        now = max(now, read.first_shown_at)  # the clock was set back meanwhile
    frame = study.frame and (case_frame(read.case_id) or study.frame)
    grades = check_answers(question_set_of(study), answers, frame=frame)
    comment = comment.strip()
    if not 1 <= len(key) <= KEY_LENGTH:
        raise Refused(_("The answer came without its key; load the page again."))
    if len(comment) > COMMENT_LENGTH:
        raise Refused(_("The comment is too long."))
    given = _Given(study, reader, read, grades, comment, key, observed, now)
    if read.submitted_at is None:
        refuse_unless_open(study)
        version = 1
        upcoming = [one for one in upcoming if one != read]
        _mark_answered(given, upcoming)
        _answer_write(given, version, "", read.first_shown_at)
    else:
        version = _stored_version(given) or _answer_reopened(given)
    due = due_after(study, reader, now, upcoming=upcoming)
    return Submitted(read, version, due)


def _read_before(reader: Membership, token: str, upcoming: list[Read]) -> Read:
    """The read that the reader has before them: the first of `upcoming`, usually.

    On a lost connection a reader goes on with the one read whose pixels are there
    already: the server has not shown it, but it is next in a session that has begun.
    """
    read = next((one for one in upcoming if one.token == token), None)
    if read is None:
        read = (
            Read.objects.select_related("session__study")
            .defer("session__study__protocol")
            .get(token=token, reader=reader, first_shown_at__isnull=False)
        )
    is_next = (
        read in upcoming[:1]
        and read.session.started_at is not None
        and read.session.study.guesses != Study.Guesses.AFTER_GRADE  # asked before it
    )
    if read.first_shown_at is None and not is_next:
        raise Read.DoesNotExist("not shown")
    return read


def _mark_answered(given: _Given, upcoming: list[Read]) -> None:
    """With the same statement the read after it is shown, where nothing comes between.

    upcoming: without the answered one.
    """
    read, now = given.read, given.now
    marked = [read]
    if (
        upcoming
        and upcoming[0].session_id == read.session_id
        and not given.reader.reopened
        and given.study.guesses != Study.Guesses.AFTER_GRADE
    ):
        marked.append(upcoming[0])
    Read.objects.filter(pk__in=[one.pk for one in marked]).update(
        first_shown_at=Coalesce("first_shown_at", Value(now)),
        submitted_at=Case(When(pk=read.pk, then=Value(now)), default=F("submitted_at")),
    )
    read.submitted_at = now
    for one in marked:
        one.first_shown_at = one.first_shown_at or now


def _stored_version(given: _Given) -> int | None:
    """The version that this answer is already; None: it is to be a new one."""
    stored = list(given.read.answers.prefetch_related("scores").order_by("version"))
    for answer in stored:
        if answer.key == given.key:  # sent again
            if not _is_same(answer, given):
                raise Refused(_("This answer was sent before with other grades."))
            return answer.version
    if given.read.reopenings.filter(answered_at__isnull=True).exists():
        return None
    if not _is_same(stored[-1], given):
        raise Refused(
            _("This read is already answered; to change it, open it again first.")
        )
    return stored[-1].version


def _is_same(answer: Answer, given: _Given) -> bool:
    stored = set(map(grade_of, answer.scores.all()))
    return stored == set(given.grades) and answer.comment == given.comment


def _answer_reopened(given: _Given) -> int:
    """Write the next version, even of the same grades: it was read once more."""
    read, reader = given.read, given.reader
    reopening = read.reopenings.filter(
        answered_at__isnull=True, first_shown_at__isnull=False
    ).first()
    if reopening is None:
        raise Read.DoesNotExist("not shown since it was opened again")
    refuse_unless_open(given.study)
    version = 1 + read.answers.aggregate(Max("version"))["version__max"]
    _answer_write(given, version, reopening.reason, reopening.first_shown_at)
    reopening.answered_at = given.now
    reopening.save(update_fields=["answered_at"])
    reader.reopened -= 1
    reader.save(update_fields=["reopened"])
    return int(version)


def _window_kept(study: Study, observed: Observed) -> Window | None:
    """Only what the protocol lets readers draw; None: as each read begins."""
    shown = (study.value_low, study.value_high)
    if study.window_adjustable or observed.window in offered_windows(
        study.windows, shown
    ):
        return observed.window
    return None


def _answer_write(
    given: _Given, version: int, reason: str, shown_at: datetime | None
) -> None:
    """The answer, its scores, what went wrong meanwhile, and the event of it."""
    assert shown_at is not None
    observed = given.observed
    low, high = _window_kept(given.study, observed) or (None, None)
    answer = Answer.objects.create(
        read=given.read,
        version=version,
        reason=reason,
        key=given.key,
        comment=given.comment,
        shown_at=shown_at,
        first_ms=observed.first_ms,
        spent_ms=observed.spent_ms,
        away_ms=observed.away_ms,
        held_ms=observed.held_ms,
        window_low=low,
        window_high=high,
        at=given.now,
        by_id=given.reader.user_id,
    )
    Score.objects.bulk_create(
        Score(answer=answer, **grade.as_score()) for grade in given.grades
    )
    deviations_write(
        study=given.study,
        read=given.read,
        shown_at=shown_at,
        observed=observed,
        now=given.now,
    )
    record_answer(
        study=given.study, answer=answer, grades=given.grades, reader=given.reader
    )
