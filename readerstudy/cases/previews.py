"""Pictures for coordinators. Readers get bytes of one length from elsewhere."""

from functools import cache

import numpy as np

from readerstudy.imaging.lut import load_lut
from readerstudy.imaging.preprocessing import (
    STORED_SLICES,
    prepare_stack,
    to_eight_bit,
)
from readerstudy.imaging.rendering import preview_png
from readerstudy.imaging.volume import Volume

from .models import Rendition
from .plan import CohortPlan, scan_path
from .selectors import rendition_values

SCALE = 3


def rendition_png(rendition: Rendition, *, slice_index: int) -> bytes:
    """One stored slice in the study's colours, 192×192."""
    image = to_eight_bit(rendition_values(rendition))[slice_index]
    return preview_png(image, scale=SCALE, lut=load_lut())


def planned_png(plan: CohortPlan, *, code: str, role: str) -> bytes:
    """The slice that a case would be read at, 128×128. LookupError: no such case."""
    pair = next((one for one in plan.pairs if one.code == code), None)
    if pair is None or role not in ("reference", "short"):
        raise LookupError(code)
    scan = pair.reference if role == "reference" else pair.short
    try:
        voxels = np.load(
            scan_path(plan.folder, scan.number), mmap_mode="r", allow_pickle=False
        )
    except (OSError, ValueError) as error:
        raise LookupError(code) from error
    first = pair.central_slice - STORED_SLICES // 2
    few = voxels[max(first, 0) : first + STORED_SLICES].astype(np.float32)
    stack = prepare_stack(
        Volume(few, scan.spacing_mm), central_slice=pair.central_slice - max(first, 0)
    )
    middle = to_eight_bit(stack.values)[STORED_SLICES // 2]
    return preview_png(middle, scale=2, lut=load_lut())


@cache
def colour_bar_png() -> bytes:
    """256 × 12 pixels: every value of the table, lowest on the left."""
    ramp = np.tile(np.arange(256, dtype=np.uint8), (12, 1))
    return preview_png(ramp, scale=1, lut=load_lut())
