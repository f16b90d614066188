"""Jobs as rows: requested, claimed, put back, cancelled. Running is `running.py`."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inference import registry
from inference.models import Job, Weights
from readerstudy.audit.services import event_record
from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .runs import CALL_AGAIN, run_cancel, run_claim, run_retry, runs_recover
from .workers import queue_for_jobs

GAVE_UP = gettext_noop(
    "Its worker died %(attempts)s times at this job, the last time after %(done)s of "
    "%(total)s cases; perhaps memory was short. The log of the worker may say more."
)


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
            job_call(job)
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
    rows = Job.objects.select_related("cohort", "weights")
    return run_claim(rows, pk=job_id, claim=claim)


@transaction.atomic
def job_cancel(*, job: Job, by: User | None = None) -> None:
    """Stop it before its next cases. What is made stays."""
    if not run_cancel(job):
        raise Refused(_("This job has already ended; there is nothing to cancel."))
    _record("job.cancel", job, by)


def job_retry(*, job: Job, by: User | None = None) -> None:
    """Do again what is missing. Cases that are done stay as they are."""
    try:
        with transaction.atomic():
            again = run_retry(job, failures={})
            if again:
                job_call(job)
                _record("job.retry", job, by)
    except IntegrityError:
        raise Refused(_("The same job is already waiting or running.")) from None
    if not again:
        raise Refused(_("Only a job that failed or was cancelled can be tried again."))


def jobs_recover(*, call_again: timedelta = CALL_AGAIN) -> int:
    """Put back what dead workers held and call waiting jobs; how many were put back."""
    return runs_recover(
        Job.objects.all(), call=job_call, gave_up=_gave_up, call_again=call_again
    )


def _gave_up(job: Job) -> str:
    return GAVE_UP % {"attempts": job.attempts, "done": job.done, "total": job.total}


def _record(action: str, job: Job, by: User | None) -> None:
    event_record(
        action=action,
        actor=by,
        subject=("cohort", job.cohort.name),
        after={"job": job.pk, "method": job.rendition_method},
    )


def job_call(job: Job) -> None:
    """Wake a worker once the row is on disk. If no message gets through, or the
    queue's last worker ends, the sweep calls again: nothing is lost with it."""
    from inference import tasks

    def call() -> None:  # a partial would break the logging of its own failure
        tasks.run_job.apply_async(args=(job.pk,), queue=queue_for_jobs())

    transaction.on_commit(call, robust=True)
