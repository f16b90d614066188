"""Which worker processes live, as their rows tell it."""

from datetime import timedelta

from django.utils import timezone

from inference.claims import is_known_dead
from inference.models import Worker

# Longer without a sign: it does not count as alive.
SEEN_WITHIN = timedelta(minutes=2)


def living_workers() -> list[Worker]:
    """Those that have been seen lately and are not known to have ended."""
    lately = Worker.objects.filter(seen_at__gte=timezone.now() - SEEN_WITHIN)
    return [worker for worker in lately if not is_known_dead(worker.claim)]
