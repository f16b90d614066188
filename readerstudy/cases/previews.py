"""Pictures for coordinators. Readers get bytes of one length from elsewhere."""

from functools import cache

import numpy as np

from readerstudy.imaging.lut import load_lut
from readerstudy.imaging.preprocessing import to_eight_bit
from readerstudy.imaging.rendering import preview_png

from .models import Rendition
from .selectors import rendition_values

SCALE = 3


def rendition_png(rendition: Rendition, *, slice_index: int) -> bytes:
    """One stored slice in the study's colours, 192×192."""
    image = to_eight_bit(rendition_values(rendition))[slice_index]
    return preview_png(image, scale=SCALE, lut=load_lut())


@cache
def colour_bar_png() -> bytes:
    """256 × 12 pixels: every value of the table, lowest on the left."""
    ramp = np.tile(np.arange(256, dtype=np.uint8), (12, 1))
    return preview_png(ramp, scale=1, lut=load_lut())
