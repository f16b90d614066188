"""What is so at this moment: parts, work that waits, workers, room on the disk.

Sums over all studies and cohorts; names are those of states and queues.
"""

import logging
import shutil
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Min, Model
from django.utils import timezone
from kombu.connection import Connection
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from inference.devices import kind_of
from inference.living import living_workers
from inference.models import Job, Training
from readerstudy.cases.models import Upload
from readerstudy.reading.models import Study

from .health import BROKER_PATIENCE_S, health

logger = logging.getLogger(__name__)
STATES: dict[str, tuple[type[Model], Any]] = {
    "jobs": (Job, Job.State),
    "trainings": (Training, Training.State),
    "uploads": (Upload, Upload.State),
    "studies": (Study, Study.State),
}


class Now(Collector):
    """Asked for at every reading of /metrics; what cannot be told is left out."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found = health()
        up = GaugeMetricFamily(
            "readerstudy_part_up", "1 where it works", labels=["part"]
        )
        for part in found.parts:
            up.add_metric([part.name], 0.0 if part.trouble else 1.0)
        yield up
        yield from _disk()
        down = {part.name for part in found.parts if part.trouble}
        if not down & {"database", "migrations"}:
            try:
                yield from [*_states(), *_waiting(), *_workers()]
            except DatabaseError as error:
                logger.error("no numbers of rows: %s", type(error).__name__)
        if "broker" not in down:
            yield from _queues()


def _states() -> Iterator[GaugeMetricFamily]:
    for name, (model, states) in STATES.items():
        family = GaugeMetricFamily(
            f"readerstudy_{name}", f"{name} by their state", labels=["state"]
        )
        rows = model._default_manager.order_by().values_list("state")
        counts = dict(rows.annotate(Count("pk")))
        for state in states.values:
            family.add_metric([state], counts.get(state, 0))
        yield family


def _waiting() -> Iterator[GaugeMetricFamily]:
    """How long the oldest has waited: what tells that workers are missing."""
    family = GaugeMetricFamily(
        "readerstudy_waiting_seconds", "Age of the oldest that waits", labels=["kind"]
    )
    for name, model in (("jobs", Job), ("trainings", Training)):
        waiting = model._default_manager.filter(state="queued")
        oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"]
        age = (timezone.now() - oldest).total_seconds() if oldest else 0.0
        family.add_metric([name], max(0.0, age))
    yield family


def _workers() -> Iterator[GaugeMetricFamily]:
    family = GaugeMetricFamily(
        "readerstudy_workers",
        "Workers seen lately that listen to a queue",
        labels=["queue", "device"],
    )
    counts: Counter[tuple[str, str]] = Counter()
    for queue in settings.CELERY_TASK_QUEUES:
        counts[queue, "cpu"] += 0
    for worker in living_workers():
        for queue in worker.queues:
            counts[queue, kind_of(worker.device)] += 1
    for (queue, device), count in sorted(counts.items()):
        family.add_metric([queue, device], count)
    yield family


def _queues() -> Iterator[GaugeMetricFamily]:
    """Messages that no worker has taken yet; only Redis can be asked."""
    if not settings.CELERY_BROKER_URL.startswith(("redis", "rediss", "unix")):
        return
    family = GaugeMetricFamily(
        "readerstudy_queue_messages", "Messages that wait", labels=["queue"]
    )
    try:
        with Connection(  # type: ignore[no-untyped-call]
            settings.CELERY_BROKER_URL, connect_timeout=BROKER_PATIENCE_S
        ) as connection:
            client = connection.default_channel.client
            for queue in settings.CELERY_TASK_QUEUES:
                family.add_metric([queue], client.llen(queue))
    except Exception as error:  # whatever Redis says: it is left out
        logger.error("no numbers of messages: %s", type(error).__name__)
        return
    yield family


def _disk() -> Iterator[GaugeMetricFamily]:
    family = GaugeMetricFamily(
        "readerstudy_disk_bytes", "Of the disk that var/ lies on", labels=["kind"]
    )
    try:
        usage = shutil.disk_usage(settings.VAR_DIR)
    except OSError:
        return
    family.add_metric(["total"], usage.total)
    family.add_metric(["free"], usage.free)
    yield family
