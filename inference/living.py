"""Which worker processes live, and which still hold what they were told to leave."""

from datetime import timedelta

from django.utils import timezone

from inference.claims import is_known_dead
from inference.models import Training, Worker

# Longer without a sign: it does not count as alive.
SEEN_WITHIN = timedelta(minutes=2)


def living_workers() -> list[Worker]:
    """Those that have been seen lately and are not known to have ended."""
    lately = Worker.objects.filter(seen_at__gte=timezone.now() - SEEN_WITHIN)
    return [worker for worker in lately if not is_known_dead(worker.claim)]


def is_ending(training: Training) -> bool:
    """It was stopped, and its worker is about to lay down what was learned. Not for
    long: a worker that died does not give its claim back."""
    return (
        training.state == Training.State.CANCELLED
        and bool(training.claimed_by)
        and not is_known_dead(training.claimed_by)
        and training.finished_at is not None
        and training.finished_at > timezone.now() - SEEN_WITHIN
    )


def is_heard(queue: str) -> bool:
    """Whether a worker lives that takes what is called on `queue`."""
    return any(queue in worker.queues for worker in living_workers())
