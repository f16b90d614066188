"""What jobs and trainings share as rows: taken up, kept alive, ended, put back.

Every step is a conditional update of the row, so any of them may happen anywhere,
any number of times at once.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from inference.claims import is_known_dead
from inference.models import Run

# A worker says that it lives each time it got further. That takes seconds; the export
# of a network before its first run may take five minutes.
LEASE = timedelta(minutes=7)
# Within one large case, whose parts take seconds.
SIGN_EVERY_S = 10.0
# A waiting run is called again after this long: its message may have been lost.
CALL_AGAIN = timedelta(minutes=1)
MAX_ATTEMPTS = 3
ENDED_EARLY = (Run.State.FAILED, Run.State.CANCELLED)

# The database is away, its disk full: this passes, and so is no fault of the run.
DATABASE_TROUBLES = (OperationalError, InterfaceError)
LOOK_AGAIN_S = 2.0

AnyRun = TypeVar("AnyRun", bound=Run)
logger = logging.getLogger(__name__)


class ClaimLostError(Exception):
    """The run was cancelled, or another worker has taken it over."""


def run_claim(rows: QuerySet[AnyRun], *, pk: int, claim: str) -> AnyRun | None:
    """Take up a waiting run; None if it is not waiting (any more)."""
    now = timezone.now()
    taken = rows.filter(pk=pk, state=Run.State.QUEUED).update(
        state=Run.State.RUNNING,
        claimed_by=claim,
        heartbeat_at=now,
        attempts=F("attempts") + 1,
        started_at=Coalesce("started_at", Value(now)),
        message="",
    )
    return rows.get(pk=pk) if taken else None


def run_report(run: Run, claim: str, *, further: bool, **changes: object) -> None:
    """Sign of life, and `changes` to the row; ClaimLostError when it is not ours.

    further: whether it brought something new. Only attempts that bring nothing
        count towards giving up: a long run outlives any number of stops.
    """
    if further:
        changes["attempts"] = 1
    if not _held(run, claim).update(heartbeat_at=timezone.now(), **changes):
        raise ClaimLostError


def run_end(
    run: Run, claim: str, state: Run.State, *, message: str = "", **changes: object
) -> bool:
    """Done or failed, if it is still ours; whether it was."""
    ended = _held(run, claim).update(
        state=state,
        message=message,
        claimed_by="",
        finished_at=timezone.now(),
        **changes,
    )
    return bool(ended)


def run_put_back(
    run: Run, claim: str, *, message: str, patience: timedelta = LEASE
) -> None:
    """Something failed that may be over by the next attempt: it waits for that, or
    is given up with `message` after too many.

    Where the database is what failed, this waits for it: its worker lives, so nobody
    else would notice that nothing is done about the run. After the lease they do.
    """
    until = time.monotonic() + patience.total_seconds()
    while True:
        try:
            return _put_back(run, claim, message)
        except DATABASE_TROUBLES:
            if time.monotonic() > until:
                raise
            logger.warning("the database cannot be written; trying again")
            connection.close()
            time.sleep(LOOK_AGAIN_S)


def _put_back(run: Run, claim: str, message: str) -> None:
    attempts = _held(run, claim).values_list("attempts", flat=True).first()
    if attempts is None:
        return
    if attempts >= MAX_ATTEMPTS:
        run_end(run, claim, Run.State.FAILED, message=message)
        return
    # called only now and not before long: what failed needs a moment
    _held(run, claim).update(
        state=Run.State.QUEUED, claimed_by="", called_at=timezone.now()
    )


@transaction.atomic
def run_leave(run: AnyRun, claim: str, call: Callable[[AnyRun], None]) -> None:
    """Others first: it waits again, and a worker is called. This attempt brought
    something, and so does not count."""
    left = _held(run, claim).update(
        state=Run.State.QUEUED, claimed_by="", attempts=F("attempts") - 1
    )
    if left:
        call(run)


def run_cancel(run: Run) -> bool:
    """Stop it at its next sign of life, what is made stays; whether it was active."""
    stopped = _rows(run).filter(state__in=Run.ACTIVE)
    return bool(
        stopped.update(
            state=Run.State.CANCELLED, claimed_by="", finished_at=timezone.now()
        )
    )


def run_retry(run: Run, **changes: object) -> bool:
    """Let one that ended early wait again; whether it had. Within a transaction, in
    which the caller calls a worker."""
    again = _rows(run).filter(state__in=ENDED_EARLY)
    return bool(
        again.update(
            state=Run.State.QUEUED,
            attempts=0,
            message="",
            finished_at=None,
            called_at=timezone.now(),
            **changes,
        )
    )


def runs_recover(
    rows: QuerySet[AnyRun],
    *,
    call: Callable[[AnyRun], None],
    gave_up: Callable[[AnyRun], str],
    call_again: timedelta = CALL_AGAIN,
    lease: timedelta = LEASE,
) -> int:
    """Put back what dead workers held and call waiting runs; how many were put back.

    call: wakes a worker once the transaction it is called in is committed.
    gave_up: the sentence for a run whose worker died too often.

    A worker of this machine that has ended is noticed at once, any other when its
    last sign of life is older than the lease.
    """
    now = timezone.now()
    put_back = 0
    for run in rows.filter(state=Run.State.RUNNING):
        silent = run.heartbeat_at is None or run.heartbeat_at < now - lease
        if silent or is_known_dead(run.claimed_by):
            put_back += _take_away(run, gave_up)
    waiting = rows.filter(state=Run.State.QUEUED)
    for run in waiting:
        if run.called_at is None or run.called_at <= now - call_again:
            unchanged = waiting.filter(pk=run.pk, called_at=run.called_at)
            with transaction.atomic():
                if unchanged.update(called_at=now):
                    call(run)
    return put_back


def _take_away(run: AnyRun, gave_up: Callable[[AnyRun], str]) -> bool:
    """From a worker that died; too many deaths end the run."""
    # unchanged also in its sign of life: it may have spoken just now
    held = _held(run, run.claimed_by).filter(heartbeat_at=run.heartbeat_at)
    if run.attempts < MAX_ATTEMPTS:
        back = held.update(state=Run.State.QUEUED, claimed_by="", called_at=None)
    else:
        back = held.update(
            state=Run.State.FAILED,
            claimed_by="",
            finished_at=timezone.now(),
            message=gave_up(run),
        )
    return bool(back)


def _rows(run: Run) -> QuerySet[Run]:
    return type(run)._default_manager.filter(pk=run.pk)


def _held(run: Run, claim: str) -> QuerySet[Run]:
    return _rows(run).filter(state=Run.State.RUNNING, claimed_by=claim)
