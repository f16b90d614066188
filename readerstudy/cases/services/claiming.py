"""One worker at a time for each upload: claimed by a conditional update of its row.

A worker that dies leaves an old heartbeat, and its upload is called for again.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ..models import Upload

# A living worker says so every second; a slow disk may hold it up for some.
STALE_AFTER = timedelta(seconds=60)
MAX_ATTEMPTS = 3


class ClaimLostError(Exception):
    """The upload was discarded, or another worker has taken it over."""


def claim(rows: QuerySet[Upload], pk: int, **changes: object) -> Upload | None:
    """The upload, if it is among `rows` and no living worker is at it.

    A worker whose machine does not hold the files leaves it to one that does: it is
    called for again.
    """
    if not settings.KEEPS_UPLOADS:
        return None
    claimed = rows.filter(_silent(), pk=pk).update(
        claim=(ours := secrets.token_hex(16)),
        heartbeat_at=timezone.now(),
        attempts=F("attempts") + 1,
        **changes,
    )
    return Upload.objects.filter(pk=pk, claim=ours).first() if claimed else None


def is_stale(upload: Upload) -> bool:
    """Whether the worker that took it up, or should have, is to be given up."""
    last = upload.heartbeat_at or upload.called_at or upload.created_at
    return timezone.now() - last > STALE_AFTER


def recover(
    rows: QuerySet[Upload],
    *,
    call: Callable[[Upload], None],
    give_up: Callable[[Upload, QuerySet[Upload]], None],
    call_again: timedelta,
) -> int:
    """Call again for each of `rows` that no living worker is at; how many.

    give_up: told the upload, and its row as long as that is unchanged.
    """
    now = timezone.now()
    uncalled = Q(called_at=None) | Q(called_at__lte=now - call_again)
    called = 0
    for upload in rows.filter(_silent(), uncalled):
        unchanged = rows.filter(
            pk=upload.pk,
            state=upload.state,
            called_at=upload.called_at,
            heartbeat_at=upload.heartbeat_at,
        )
        if upload.attempts >= MAX_ATTEMPTS:
            give_up(upload, unchanged)
            continue
        with transaction.atomic():
            if unchanged.update(called_at=now):
                call(upload)
                called += 1
    return called


def _silent() -> Q:
    return Q(heartbeat_at=None) | Q(heartbeat_at__lt=timezone.now() - STALE_AFTER)
