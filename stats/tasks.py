"""Doors for the worker: a task takes an id and calls one service."""

import logging
from typing import Any

from celery import shared_task
from django.conf import settings

logger = logging.getLogger(__name__)


@shared_task(name="stats.freeze_report")  # type: ignore[untyped-decorator]
def freeze_report(study_id: int) -> None:
    """Lost or killed, it is made up for by whoever opens the report."""
    from readerstudy.imaging.errors import Refused
    from readerstudy.reading.models import Study

    from . import freezing, pdf

    try:
        frozen = freezing.report_work(study=Study.objects.get(pk=study_id))
        # in place of a worker somebody waits, for the report but not for its PDFs
        if frozen and not getattr(settings, "CELERY_TASK_ALWAYS_EAGER", False):
            pdf.documents_make(frozen)
    except Refused as refusal:  # the page says so, too
        logger.warning("no report could be frozen: %s", refusal)


def call(sender: Any, *, study_id: int, **kwargs: Any) -> None:
    """A study has been unblinded: wake a worker."""
    freeze_report.delay(study_id)
