"""Doors for workers: a task takes an id and calls one service."""

import logging
import sys
from datetime import timedelta
from functools import partial
from typing import Any

from celery import Celery, current_app, shared_task
from celery.signals import worker_ready
from django.conf import settings

from . import presence  # noqa: F401  its signals are connected with it

logger = logging.getLogger(__name__)
SWEEP_SECONDS = 30
TIDY_SECONDS = 3600
LARGE_SECONDS = 30  # before long work lets others of its queue go first


@shared_task(name="inference.run_job")  # type: ignore[untyped-decorator]
def run_job(job_id: int) -> None:
    from inference import services

    services.job_run(job_id=job_id, seconds=LARGE_SECONDS)


def _told_to_end() -> bool:
    """This worker was asked to end, but waits for its task; 0 says so, too."""
    from celery.worker import state

    return state.should_stop is not None and state.should_stop is not False


@shared_task(name="inference.run_training")  # type: ignore[untyped-decorator]
def run_training(training_id: int) -> None:
    from inference import services

    if _told_to_end():  # the next worker looks for what waits
        return
    services.training_run(training_id=training_id, should_leave=_told_to_end)
    services.sweep_points_measure(training_id=training_id)
    _end_with_torch()


@shared_task(name="inference.run_stability")  # type: ignore[untyped-decorator]
def run_stability(run_id: int) -> None:
    """For a while; then it lets others of the queue go first."""
    from inference import services

    services.stability_run(run_id=run_id, seconds=LARGE_SECONDS)
    _end_with_torch()


@shared_task(name="inference.measure_sweeps")  # type: ignore[untyped-decorator]
def measure_sweeps() -> None:
    from inference import services

    if not _told_to_end():
        services.sweep_points_measure()
        _end_with_torch()


def _end_with_torch() -> None:
    """A worker that has loaded torch ends: whoever started it starts a small one."""
    from celery.worker import state

    if settings.WORKER_ENDS_AFTER_TRAINING and "torch" in sys.modules:
        state.should_stop = 0


@shared_task(name="inference.sweep")  # type: ignore[untyped-decorator]
def sweep() -> None:
    from inference import services

    services.jobs_recover()
    services.stabilities_recover()
    services.trainings_recover()
    services.sweeps_recover()
    services.workers_forget()


@shared_task(name="inference.tidy")  # type: ignore[untyped-decorator]
def tidy() -> None:
    from inference import services

    services.files_sweep()


@current_app.on_after_finalize.connect  # type: ignore[untyped-decorator]
def schedule_sweep(sender: Celery, **kwargs: Any) -> None:
    """Ask regularly for what dead workers left. A busy worker does not collect
    sweeps: each expires before the next."""
    for seconds, task in ((SWEEP_SECONDS, sweep), (TIDY_SECONDS, tidy)):
        sender.add_periodic_task(seconds, task.s(), name=task.name, expires=seconds)


@worker_ready.connect  # type: ignore[untyped-decorator]
def take_up_what_was_left(**kwargs: Any) -> None:
    """A worker starts: nothing may wait for a message that died with another."""
    from django.db import connections

    from inference import services

    for start in (
        partial(services.jobs_recover, call_again=timedelta(0)),
        partial(services.stabilities_recover, call_again=timedelta(0)),
        partial(services.trainings_recover, call_again=timedelta(0)),
        services.weights_sync_shipped,
    ):
        try:
            start()
        except Exception:  # the worker must start; the sweep tries again
            logger.exception("at the worker's start")
    connections.close_all()  # later child processes must not inherit them
