"""Rows of the image quality of whole stacks, from the stacks themselves."""

from collections.abc import Iterator, Sequence
from typing import Any

from numpy.typing import NDArray

from readerstudy.cases.models import Rendition
from readerstudy.cases.selectors import rendition_values
from readerstudy.imaging.errors import Refused

from ..image_quality import WANG_2004, stack_differences
from ..models import StackQuality
from .stack_images import Scale


def measured_slices(
    reference: Rendition, renditions: Sequence[Rendition], scale: Scale
) -> Iterator[list[StackQuality]]:
    """Stack by stack the rows of its slices, not yet saved; two stacks in memory.

    A stack whose file is damaged, or that cannot be laid upon the reference, has none.
    """
    standard = _stack(reference)
    if standard is None or min(standard.shape[1:]) < WANG_2004.size:
        return
    for rendition in renditions:
        stack = _stack(rendition)
        if stack is None or stack.shape != standard.shape:
            continue
        found = stack_differences(
            standard,
            stack,
            low=scale.low,
            high=scale.high,
            within=(scale.shown_low, scale.shown_high),
        )
        yield [
            StackQuality(
                reference_sha256=reference.sha256,
                rendition_sha256=rendition.sha256,
                slice=place,
                calculation=scale.calculation,
                mean_absolute_error=one.mean_absolute_error,
                mean_error=one.mean_error,
                windowed_squared_error=one.windowed_squared_error,
                ssim=one.similarity,
            )
            for place, one in enumerate(found)
        ]


def _stack(rendition: Rendition) -> NDArray[Any] | None:
    try:
        values: NDArray[Any] = rendition_values(rendition)
    except Refused:
        return None
    return values if values.ndim == 3 else None
