"""Runs of the stability suite as rows: requested, cancelled, put back.

Running is `stability_running.py`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inference.models import StabilityRun
from inference.stability_runs.methods import subject_get
from inference.stability_runs.settings import Chosen
from readerstudy.audit.services import event_record
from readerstudy.cases.models import Cohort
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from .runs import CALL_AGAIN, run_cancel, run_retry, runs_recover
from .workers import queue_for_long_work

GAVE_UP = gettext_noop(
    "Its worker died %(attempts)s times at this run, the last time after %(done)s of "
    "%(total)s cases; perhaps memory was short. The log of the worker may say more."
)


def stability_request(
    *,
    cohort: Cohort,
    method: str,
    chosen: Mapping[str, Any] | None = None,
    user: User | None = None,
    call: bool = True,
) -> StabilityRun:
    """Ask what `method` does to the cohort's images; the active run if there is one.

    chosen: fields of stability.Settings that are to be other than usual; of a simulated
        cohort also `simulation_seed` and `rescan`.
    call: wake a worker; False where the caller runs it at once.
    """
    subject = subject_get(cohort, method)
    settled = Chosen.of_people(chosen or {}, cohort=cohort)
    same = StabilityRun.objects.filter(
        cohort=cohort, rendition_method=method, state__in=StabilityRun.ACTIVE
    )
    if active := same.first():
        return active
    try:
        with transaction.atomic():
            run = StabilityRun.objects.create(
                cohort=cohort,
                rendition_method=method,
                method=subject.spec.key if subject.spec else "",
                weights=subject.weights,
                settings=settled.to_json(),
                total=subject.images,
                requested_by=user,
                called_at=timezone.now(),
            )
            if call:
                stability_call(run)
            _record("stability.request", run, user)
    except IntegrityError:  # asked twice at once
        return same.get()
    return run


@transaction.atomic
def stability_cancel(*, run: StabilityRun, by: User | None = None) -> None:
    """Stop it before its next case. What was found of the method before stays."""
    if not run_cancel(run):
        raise Refused(_("This run has already ended; there is nothing to cancel."))
    _record("stability.cancel", run, by)


def stability_retry(*, run: StabilityRun, by: User | None = None) -> None:
    """Go on with the cases that are missing."""
    try:
        with transaction.atomic():
            again = run_retry(run, failures={})
            if again:
                stability_call(run)
                _record("stability.retry", run, by)
    except IntegrityError:
        raise Refused(_("The same run is already waiting or running.")) from None
    if not again:
        raise Refused(_("Only a run that failed or was cancelled can be tried again."))


def stabilities_recover(*, call_again: timedelta = CALL_AGAIN) -> int:
    """Put back what dead workers held and call waiting runs; how many were put back."""
    return runs_recover(
        StabilityRun.objects.all(),
        call=stability_call,
        gave_up=_gave_up,
        call_again=call_again,
    )


def _gave_up(run: StabilityRun) -> str:
    return GAVE_UP % {"attempts": run.attempts, "done": run.done, "total": run.total}


def _record(action: str, run: StabilityRun, by: User | None) -> None:
    event_record(
        action=action,
        actor=by,
        subject=("cohort", run.cohort.name),
        after={"run": run.pk, "method": run.rendition_method},
    )


def stability_call(run: StabilityRun) -> None:
    """Wake a worker once the row is on disk; the sweep calls again if need be.

    Files that somebody has sent must not wait behind several runs of minutes each.
    Patients are scanned again by torch, which only workers of trainings load.
    """
    from inference import tasks

    def call() -> None:  # a partial would break the logging of its own failure
        rescans = Chosen.from_json(run.settings).rescan
        queue = settings.TRAINING_QUEUE if rescans else queue_for_long_work()
        tasks.run_stability.apply_async(args=(run.pk,), queue=queue)

    transaction.on_commit(call, robust=True)
