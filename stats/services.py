"""The acts of this app: measuring image quality and keeping what was measured, and
giving out the files of a study."""

from time import monotonic

from django.contrib.auth.models import User
from django.db import transaction

from readerstudy.audit.services import event_record
from readerstudy.cases import selectors as cases
from readerstudy.cases.models import Rendition
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.reading.models import Study

from .image_quality.similarity import mean_squared_errors, structural_similarities
from .models import ImageQuality
from .reporting.images import CALCULATION, SSIM_RANGES, image_set


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
    """Measure what has not been measured yet, for about `seconds`, at least a case.

    True when nothing is left to do. Saved case by case, and the same again changes
    nothing: it may be stopped, run twice, or run by two processes at once. An image
    whose file is damaged stays unmeasured, and the report names it.
    """
    until = None if seconds is None else monotonic() + seconds
    waiting = list(image_set(study).waiting())
    for number, (reference, renditions) in enumerate(waiting, start=1):
        ImageQuality.objects.bulk_create(
            _measure(reference, renditions), ignore_conflicts=True
        )
        if until is not None and monotonic() >= until and number < len(waiting):
            return False
    return True


def _measure(reference: Rendition, renditions: list[Rendition]) -> list[ImageQuality]:
    rows: list[ImageQuality] = []
    try:
        standard = to_eight_bit(cases.rendition_values(reference))
    except Refused:
        return rows
    for rendition in renditions:
        try:
            images = to_eight_bit(cases.rendition_values(rendition))
        except Refused:
            continue
        errors = mean_squared_errors(standard, images)
        ssim_255, ssim_1 = structural_similarities(
            standard, images, data_ranges=SSIM_RANGES
        )
        rows += [
            ImageQuality(
                reference_sha256=reference.sha256,
                rendition_sha256=rendition.sha256,
                slice=index,
                calculation=CALCULATION,
                mean_squared_error=error,
                ssim_range_255=ssim_255[index],
                ssim_range_1=ssim_1[index],
            )
            for index, error in enumerate(errors)
        ]
    return rows
