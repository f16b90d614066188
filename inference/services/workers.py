"""Workers as rows: each process says that it lives, so that others know where jobs
can be sent. Which queues it listens to and what it computes on stand there."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from inference.claims import is_known_dead
from inference.devices import kind_of
from inference.living import is_heard, living_workers
from inference.models import Worker

SEEN_EVERY = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(hours=1)


def worker_register(*, claim: str, queues: Sequence[str], device: str) -> Worker:
    """A worker has started and listens; what ended without a word is forgotten."""
    workers_forget()
    now = timezone.now()
    worker, _ = Worker.objects.update_or_create(
        claim=claim,
        defaults={"queues": sorted(queues), "device": device, "seen_at": now},
        create_defaults={
            "queues": sorted(queues),
            "device": device,
            "started_at": now,
            "seen_at": now,
        },
    )
    return worker


def worker_seen(*, claim: str) -> bool:
    """It still lives; False where its row is gone, and it must register again."""
    seen = Worker.objects.filter(claim=claim).update(seen_at=timezone.now())
    return bool(seen)


def worker_end(*, claim: str) -> None:
    Worker.objects.filter(claim=claim).delete()


def workers_forget() -> int:
    """Remove the rows of workers that died without a word; how many."""
    late = timezone.now() - FORGOTTEN_AFTER
    dead = [
        worker.pk
        for worker in Worker.objects.all()
        if worker.seen_at < late or is_known_dead(worker.claim)
    ]
    return Worker.objects.filter(pk__in=dead).delete()[0] if dead else 0


def gpu_listens(queue: str) -> bool:
    """Whether a worker with a GPU lives that takes what is sent to `queue`."""
    return any(
        kind_of(worker.device) == "cuda" and queue in worker.queues
        for worker in living_workers()
    )


def queue_for_jobs() -> str:
    """Where a job is called: to a worker with a GPU where one listens, else to any."""
    gpu, default = settings.GPU_QUEUE, settings.CELERY_TASK_DEFAULT_QUEUE
    return str(gpu if gpu_listens(gpu) else default)


def queue_for_long_work() -> str:
    """Where work of minutes is called that imports must not wait behind: to the worker
    of trainings where one listens, else to any. Never to one for the GPU alone.
    """
    training, default = settings.TRAINING_QUEUE, settings.CELERY_TASK_DEFAULT_QUEUE
    return str(training if is_heard(training) else default)
