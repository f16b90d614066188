"""Jobs as rows: requested, claimed, put back, cancelled. Running is `running.py`."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from inference import registry
from inference.claims import is_known_dead
from inference.models import Job, Weights
from readerstudy.audit.services import event_record
from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused

# A worker says that it lives before every case; one case takes seconds.
LEASE = timedelta(minutes=5)
# A waiting job is called again after this long: its message may have been lost.
CALL_AGAIN = timedelta(minutes=1)
MAX_ATTEMPTS = 3


def job_request(
    *,
    cohort: Cohort,
    method: str,
    weights: Weights | None = None,
    user: User | None = None,
) -> Job:
    """Ask for the images of every case by `method`; the active job if there is one."""
    spec = registry.method_get(method)
    _refuse_unfit(spec, weights)
    total = cohort.cases.count()
    if not total:
        raise Refused(
            _("The cohort “%(cohort)s” has no cases.") % {"cohort": cohort.name}
        )
    name = registry.rendition_method(
        spec.key, weights_sha256=weights.sha256 if weights else None
    )
    same = Job.objects.filter(
        cohort=cohort, rendition_method=name, state__in=Job.ACTIVE
    )
    if active := same.first():
        return active
    try:
        with transaction.atomic():
            job = Job.objects.create(
                cohort=cohort,
                method=spec.key,
                weights=weights,
                rendition_method=name,
                total=total,
                requested_by=user,
                called_at=timezone.now(),
            )
            _call(job)
            _record("job.request", job, user)
    except IntegrityError:  # asked twice at once
        return same.get()
    return job


def _refuse_unfit(spec: registry.MethodSpec, weights: Weights | None) -> None:
    if spec.unavailable_reason:
        raise Refused(
            _("%(method)s cannot run here: %(reason)s")
            % {"method": _(spec.title), "reason": _(spec.unavailable_reason)}
        )
    if spec.needs_weights and (weights is None or weights.network != spec.key):
        raise Refused(_("Choose weights of %(method)s.") % {"method": spec.title})
    if not spec.needs_weights and weights is not None:
        raise Refused(
            _("%(method)s is a filter and takes no weights.")
            % {"method": _(spec.title)}
        )


def job_claim(*, job_id: int, claim: str) -> Job | None:
    """Take up a waiting job; None if it is not waiting (any more)."""
    now = timezone.now()
    taken = Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING,
        claimed_by=claim,
        heartbeat_at=now,
        attempts=F("attempts") + 1,
        started_at=Coalesce("started_at", Value(now)),
        message="",
        failures={},
    )
    if not taken:
        return None
    return Job.objects.select_related("cohort", "weights").get(pk=job_id)


@transaction.atomic
def job_cancel(*, job: Job, by: User | None = None) -> None:
    """Stop it before its next case. What is made stays."""
    stopped = Job.objects.filter(pk=job.pk, state__in=Job.ACTIVE).update(
        state=Job.State.CANCELLED,
        claimed_by="",
        finished_at=timezone.now(),
    )
    if not stopped:
        raise Refused(_("This job has already ended; there is nothing to cancel."))
    _record("job.cancel", job, by)


def job_retry(*, job: Job, by: User | None = None) -> None:
    """Do again what is missing. Cases that are done stay as they are."""
    ended = (Job.State.FAILED, Job.State.CANCELLED)
    try:
        with transaction.atomic():
            again = Job.objects.filter(pk=job.pk, state__in=ended).update(
                state=Job.State.QUEUED,
                attempts=0,
                message="",
                failures={},
                finished_at=None,
                called_at=timezone.now(),
            )
            if again:
                _call(job)
                _record("job.retry", job, by)
    except IntegrityError:
        raise Refused(_("The same job is already waiting or running.")) from None
    if not again:
        raise Refused(_("Only a job that failed or was cancelled can be tried again."))


def jobs_recover(*, call_again: timedelta = CALL_AGAIN) -> int:
    """Put back what dead workers held and call waiting jobs; how many were put back.

    A worker of this machine that has ended is noticed at once, any other when its
    last sign of life is older than the lease. May run anywhere, any number of
    times at once: every step is a conditional update.
    """
    now = timezone.now()
    put_back = 0
    for job in Job.objects.filter(state=Job.State.RUNNING):
        silent = job.heartbeat_at is None or job.heartbeat_at < now - LEASE
        if silent or is_known_dead(job.claimed_by):
            put_back += _put_back(job)
    waiting = Job.objects.filter(state=Job.State.QUEUED)
    for job in waiting:
        if job.called_at is None or job.called_at <= now - call_again:
            unchanged = waiting.filter(pk=job.pk, called_at=job.called_at)
            with transaction.atomic():
                if unchanged.update(called_at=now):
                    _call(job)
    return put_back


def _put_back(job: Job) -> int:
    held = Job.objects.filter(
        pk=job.pk, state=Job.State.RUNNING, claimed_by=job.claimed_by
    )
    if job.attempts < MAX_ATTEMPTS:
        return held.update(state=Job.State.QUEUED, claimed_by="", called_at=None)
    return held.update(
        state=Job.State.FAILED,
        claimed_by="",
        finished_at=timezone.now(),
        message=(
            f"Its worker died {job.attempts} times at this job, the last time after "
            f"{job.done} of {job.total} cases; perhaps memory was short. The log of "
            "the worker may say more."
        ),
    )


def _record(action: str, job: Job, by: User | None) -> None:
    event_record(
        action=action,
        actor=by,
        subject=("cohort", job.cohort.name),
        after={"job": job.pk, "method": job.rendition_method},
    )


def _call(job: Job) -> None:
    """Wake a worker once the row is on disk. If no message gets through, the
    sweep calls again: nothing is lost with it."""
    from inference import tasks

    def call() -> None:  # a partial would break the logging of its own failure
        tasks.run_job.delay(job.pk)

    transaction.on_commit(call, robust=True)
