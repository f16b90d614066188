"""What a system that was made again from a backup does not have."""

# Kept as it stands; the page translates it.
from django.utils.translation import gettext_noop

from ..models import Upload, UploadFile

AGAIN = gettext_noop(
    "The server was restored from a backup, in which files on their way are not; "
    "nothing was imported. Please send them again."
)


def uploads_end_unfinished() -> int:
    """Files on their way to a cohort are in no backup: end what waits for them; how
    many uploads."""
    unfinished = Upload.objects.exclude(
        state__in=[Upload.State.DONE, Upload.State.FAILED]
    )
    number = unfinished.count()
    UploadFile.objects.all().delete()
    unfinished.filter(uploaded_by=None).delete()  # nobody's, in the inbox
    unfinished.update(
        state=Upload.State.FAILED,
        error=AGAIN,
        claim="",
        heartbeat_at=None,
        attempts=0,
    )
    return number
