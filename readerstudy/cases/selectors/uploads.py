"""What the pages may know of files that are not a cohort yet."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from ..models import Upload, UploadFile

# Over a weekend, if the line broke on Friday.
UNFINISHED_FOR = timedelta(days=3)
KEPT_FOR = timedelta(days=7)


def _counted(uploads: QuerySet[Upload]) -> QuerySet[Upload]:
    return uploads.annotate(
        file_count=Count("files", filter=Q(files__received=F("files__size"))),
        size=Coalesce(Sum("files__size"), 0),
        received=Coalesce(Sum("files__received"), 0),
    ).order_by("-created_at", "-pk")


def uploads_of(user: User) -> QuerySet[Upload]:
    """What `user` has sent and not imported yet.

    Each with `file_count` (whole ones), `size` and `received` (bytes).
    """
    waiting = Upload.objects.visible_to(user).exclude(state=Upload.State.DONE)
    return _counted(waiting.exclude(_expired()))


def inbox() -> QuerySet[Upload]:
    """What nodes received and nobody has taken, for every coordinator; as above."""
    whole = UploadFile.objects.filter(upload=OuterRef("pk"), received=F("size"))
    return _counted(Upload.objects.in_inbox().filter(Exists(whole)))


def unfinished_of(user: User) -> QuerySet[Upload]:
    """What `user` has begun to send with the browser, as above."""
    begun = UploadFile.objects.filter(upload=OuterRef("pk"))
    return uploads_of(user).filter(
        Exists(begun), state=Upload.State.RECEIVING, origin=Upload.Origin.BROWSER
    )


def upload_counted(upload: Upload) -> Upload:
    """The same upload with its files counted, as above."""
    return _counted(Upload.objects.all()).get(pk=upload.pk)


def upload_expires(upload: Upload) -> datetime:
    """When what was not sent to its end is forgotten."""
    return (upload.received_at or upload.created_at) + _kept(upload)


def _kept(upload: Upload) -> timedelta:
    return UNFINISHED_FOR if _is_unfinished(upload) else KEPT_FOR


def _is_unfinished(upload: Upload) -> bool:
    sent = upload.origin == Upload.Origin.BROWSER
    return sent and upload.state == Upload.State.RECEIVING


def upload_has_expired(upload: Upload) -> bool:
    return _is_unfinished(upload) and upload_expires(upload) < timezone.now()


def _expired() -> Q:
    """Unfinished, and nothing more came for too long."""
    return Q(
        state=Upload.State.RECEIVING,
        origin=Upload.Origin.BROWSER,
        created_at__lt=timezone.now() - UNFINISHED_FOR,
    ) & (Q(received_at=None) | Q(received_at__lt=timezone.now() - UNFINISHED_FOR))


def forgettable() -> QuerySet[Upload]:
    """What the sweep may take: nobody has come back to it for a week."""
    week_ago = timezone.now() - KEPT_FOR
    old = Q(created_at__lt=week_ago) & (
        Q(received_at=None) | Q(received_at__lt=week_ago)
    )
    return Upload.objects.filter(old | _expired())
