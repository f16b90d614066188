"""A worker process says that it lives, from its start to its end.

Of its own thread: a worker that computes for minutes is alive all the same.
"""

import logging
import os
import threading
from typing import Any

from celery.signals import (
    beat_embedded_init,
    celeryd_init,
    worker_ready,
    worker_shutdown,
)
from django.conf import settings

from inference.claims import new_claim
from inference.devices import CPU, this_device
from inference.runtime.isolation import die_with

logger = logging.getLogger(__name__)


class Presence(threading.Thread):
    """Keeps the row of this worker fresh until it is told to end."""

    def __init__(self, queues: list[str], device: str) -> None:
        super().__init__(name="presence", daemon=True)
        self.claim, self.queues, self.device = new_claim(), queues, device
        self.ended = threading.Event()

    def run(self) -> None:
        from django.db import connections

        from inference.services import workers

        while not self.ended.wait(workers.SEEN_EVERY.total_seconds()):
            self.say()
            connections.close_all()

    def say(self) -> None:
        """It lives. A database that is away for a while is no reason to end."""
        from inference.services import workers

        try:
            if not workers.worker_seen(claim=self.claim):
                workers.worker_register(
                    claim=self.claim, queues=self.queues, device=self.device
                )
        except Exception:
            logger.exception("a sign of life could not be written")

    def end(self) -> None:
        from inference.services import workers

        self.ended.set()
        workers.worker_end(claim=self.claim)


_present: Presence | None = None


@celeryd_init.connect  # type: ignore[untyped-decorator]
def choose_queues(instance: Any, options: dict[str, Any], **kwargs: Any) -> None:
    """A worker that is told no queues listens to all, but without a GPU to none of
    the jobs that are meant for one."""
    if not options.get("queues") and this_device() == CPU:
        instance.app.amqp.queues.deselect([settings.GPU_QUEUE])


@beat_embedded_init.connect  # type: ignore[untyped-decorator]
def end_with_worker(**kwargs: Any) -> None:
    """The process that calls sweeps does not outlive a worker that was killed; the
    next worker brings its own."""
    die_with(os.getppid())


@worker_ready.connect  # type: ignore[untyped-decorator]
def begin(sender: Any, **kwargs: Any) -> None:
    from django.db import connections

    global _present
    _present = Presence(sorted(sender.app.amqp.queues.consume_from), this_device())
    _present.say()
    connections.close_all()  # later child processes must not inherit them
    _present.start()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def end(**kwargs: Any) -> None:
    if _present is None:
        return
    try:
        _present.end()
    except Exception:  # the others notice by its silence
        logger.exception("at the worker's end")
