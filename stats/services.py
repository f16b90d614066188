"""The acts of this app: measuring image quality and keeping what was measured, and
giving out the files of a study."""

from collections.abc import Sequence
from time import monotonic

from django.contrib.auth.models import User
from django.db import transaction

from readerstudy.audit.services import event_record
from readerstudy.cases.models import Rendition
from readerstudy.reading.models import Study

from .models import ImageQuality, StackQuality, StriatalUptake
from .reporting.measuring import measured_rows
from .reporting.stack_measuring import measured_slices
from .reporting.study_images import ImagePairs, StackSet, study_images


@transaction.atomic
def export_record(*, study: Study, by: User | None, excel: bool) -> None:
    """Somebody gets the files now; their anchor includes this event.

    by: None for the command line.
    """
    event_record(
        action="study.export",
        actor=by,
        subject=("study", study.slug),
        study=study.slug,
        after={"excel": excel},
    )


def image_quality_measure(*, study: Study, seconds: float | None = None) -> bool:
    """Measure what has not been measured yet: a case, and more for about `seconds`.

    The first case loads libraries, which takes long once and is not what is counted.
    True when nothing is left to do. Saved case by case, and the same again changes
    nothing: it may be stopped, run twice, or run by two processes at once. An image
    whose file is damaged stays unmeasured, and the report names it.
    """
    until = None
    images = study_images(study)
    waiting = list(images.waiting())
    for number, (reference, renditions) in enumerate(waiting, start=1):
        _measure(images, reference, renditions)
        if seconds is not None and until is None:
            until = monotonic() + seconds
        if until is not None and monotonic() >= until and number < len(waiting):
            return False
    return True


def _measure(
    images: ImagePairs, reference: Rendition, renditions: Sequence[Rendition]
) -> None:
    """One case: of central slices in one go, of whole stacks one after the other."""
    if isinstance(images, StackSet):
        for slices in measured_slices(reference, renditions, images.scale):
            StackQuality.objects.bulk_create(slices, ignore_conflicts=True)
        return
    qualities, uptakes = measured_rows(reference, renditions)
    with transaction.atomic():
        ImageQuality.objects.bulk_create(qualities, ignore_conflicts=True)
        StriatalUptake.objects.bulk_create(uptakes, ignore_conflicts=True)
