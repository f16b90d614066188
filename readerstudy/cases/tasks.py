"""Doors for the worker; the Upload row is the truth."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from celery import Celery, current_app, shared_task
from celery.signals import worker_ready

from . import services
from .services import pulling

logger = logging.getLogger(__name__)
RECOVER_SECONDS = 30
TIDY_SECONDS = 3600


@shared_task(name="cases.scan_upload")  # type: ignore[untyped-decorator]
def scan_upload(upload_id: int) -> None:
    services.upload_scan(upload_id=upload_id)


@shared_task(name="cases.import_upload")  # type: ignore[untyped-decorator]
def import_upload(upload_id: int) -> None:
    services.upload_import(upload_id=upload_id)


@shared_task(name="cases.pull_upload")  # type: ignore[untyped-decorator]
def pull_upload(upload_id: int) -> None:
    pulling.upload_pull(upload_id=upload_id)


@shared_task(name="cases.recover")  # type: ignore[untyped-decorator]
def recover() -> None:
    _each(services.uploads_recover, pulling.pulls_recover)


@shared_task(name="cases.tidy")  # type: ignore[untyped-decorator]
def tidy() -> None:
    """Files of patients do not lie about for longer than is said."""
    _each(services.uploads_sweep, services.files_sweep)


def _each(*steps: Callable[[], int]) -> None:
    """One that fails keeps no other from its turn; the next sweep tries again."""
    for step in steps:
        try:
            step()
        except Exception:
            logger.exception("in a sweep of uploads")


@current_app.on_after_finalize.connect  # type: ignore[untyped-decorator]
def schedule_sweeps(sender: Celery, **kwargs: Any) -> None:
    """A busy worker does not collect sweeps: each expires before the next."""
    for seconds, task in ((RECOVER_SECONDS, recover), (TIDY_SECONDS, tidy)):
        sender.add_periodic_task(seconds, task.s(), name=task.name, expires=seconds)


@worker_ready.connect  # type: ignore[untyped-decorator]
def take_up_what_was_left(**kwargs: Any) -> None:
    """A worker starts: no upload may wait for a message that died with another."""
    from django.db import connections

    _each(
        partial(services.uploads_recover, call_again=timedelta(0)),
        partial(pulling.pulls_recover, call_again=timedelta(0)),
        services.uploads_sweep,
        services.files_sweep,
    )
    connections.close_all()  # later child processes must not inherit them
