"""The Celery application; started with `celery -A readerstudy.config.celery`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readerstudy.config.settings.embedded")

app = Celery("readerstudy")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect  # type: ignore[untyped-decorator]
def log_as_configured(**kwargs: Any) -> None:
    """The worker's lines go the way of all others (`log_lines`): Celery sets up a
    log of its own only where nobody listens to this."""
