"""Slices of stacks as pictures: in the window in which every read began, with marks."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from readerstudy.cases.models import Rendition
from readerstudy.cases.selectors import rendition_values
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.lut import load_lut
from readerstudy.reading.models import Answer, Arm, Score, Study

from ..selectors import reference_arm
from .comparisons import renditions_as_read
from .stack_images import Scale, scale
from .whole_answers import Mark

LONGEST = 512  # pixels of a slice's longer side in a picture
GAP = 4  # pixels between two slices
RING = (255, 176, 0)  # red, green, blue: seen on grey and beside it


def slice_of(rendition: Rendition, place: int | None) -> tuple[NDArray[Any], int]:
    """(rows, columns) in the unit, and which slice it is; None: the middle one.

    Refused for a stack that is damaged or has no such slice.
    """
    stack = rendition_values(rendition)
    chosen = len(stack) // 2 if place is None else place
    if stack.ndim != 3 or not 0 <= chosen < len(stack):
        raise Refused(_("This image has no such slice."))
    return stack[chosen], chosen


def coloured_slice(
    values: NDArray[Any], of: Scale, *, lut: str, longest: int = LONGEST
) -> NDArray[np.uint8]:
    """(rows, columns, 3), enlarged by a whole number or made smaller.

    As on the readers' screens the scalar is interpolated and the colour looked up
    then.
    """
    low, high = of.first
    cut = np.clip(np.nan_to_num(values.astype(np.float64), nan=low), low, high)
    grey = np.rint((cut - low) * 255 / (high - low)).astype(np.uint8)
    factor = enlarged(grey.shape, longest)
    size = (round(grey.shape[1] * factor), round(grey.shape[0] * factor))
    resized = Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC)
    found: NDArray[np.uint8] = load_lut(lut)[np.asarray(resized)]
    return found


def enlarged(shape: Sequence[int], longest: int) -> float:
    """By how much a slice is drawn larger."""
    longer = max(shape[:2])
    return max(1, longest // longer) if longer <= longest else longest / longer


def stack_pair_png(
    study: Study, *, arm: Arm, case: str, place: int | None, question: str
) -> bytes:
    """One slice: the reference's on the left, the arm's on the right.

    question: key of one whose marks on this image are drawn as rings; empty: none.

    Refused where one of both images was never made, is no longer the one that was
    read, or is damaged.
    """
    keys = [(case, one.method) for one in (reference_arm(study), arm)]
    found = renditions_as_read(study, keys)
    if any(key not in found for key in keys):
        raise Refused(_("There is no such image, or it is not the one that was read."))
    of = scale(study)
    reference, chosen = slice_of(found[keys[0]], place)
    other, _same = slice_of(found[keys[1]], chosen)
    left, right = (coloured_slice(one, of, lut=study.lut) for one in (reference, other))
    marks = marks_of(study, arm, case, question) if question else []
    marked = ringed(
        right,
        [one for one in marks if one.slice == chosen],
        factor=enlarged(other.shape, LONGEST),
    )
    gap = np.zeros((len(left), GAP, 3), np.uint8)
    file = BytesIO()
    Image.fromarray(np.hstack([left, gap, marked])).save(file, "png", optimize=True)
    return file.getvalue()


def ringed(
    picture: NDArray[np.uint8], marks: Sequence[Mark], *, factor: float
) -> NDArray[np.uint8]:
    """The same with a ring around each mark. factor: pixels of the picture a voxel."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    radius = max(6.0, len(picture) / 32)
    for mark in marks:
        x, y = (mark.column + 0.5) * factor, (mark.row + 0.5) * factor
        box = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(box, outline=RING, width=2)
    return np.asarray(image)


def marks_of(study: Study, arm: Arm, case: str, question: str) -> list[Mark]:
    """What all readers marked on one image, latest versions of first readings."""
    answers = Answer.objects.filter(
        read__session__study=study,
        read__arm=arm,
        read__case__code=case,
        read__repeat=0,
        read__second_arm__isnull=True,
    )
    latest = {one.read_id: one.pk for one in answers.order_by("version")}
    scores = Score.objects.filter(answer__in=latest.values(), question=question)
    return [
        Mark(one["slice"], one["row"], one["column"])
        for marks in scores.order_by("answer").values_list("marks", flat=True)
        for one in marks
    ]
