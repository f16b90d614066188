"""One case in the reference and in an arm, as readers saw both."""

import numpy as np
from django.utils.translation import gettext as _

from readerstudy.cases.selectors import rendition_values
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.lut import load_lut
from readerstudy.imaging.preprocessing import CROP, SHOWN_SLICES
from readerstudy.imaging.rendering import preview_png, shown_pixels
from readerstudy.reading.models import Arm, Study

from ..selectors import reference_arm
from .comparisons import renditions_as_read

SCALE = 3


def pair_png(study: Study, *, arm: Arm, case: str) -> bytes:
    """Three slices, lowest first: the reference's above, the arm's below; 576×384.

    In the protocol's window and colours. Refused where one of both was never made, is
    no longer the one that was read, or is damaged.
    """
    keys = [(case, one.method) for one in (reference_arm(study), arm)]
    found = renditions_as_read(study, keys)
    if any(key not in found for key in keys):
        raise Refused(_("There is no such image, or it is not the one that was read."))
    rows = []
    for key in keys:
        pixels = shown_pixels(rendition_values(found[key]), window=study.window_rule)
        slices = np.frombuffer(pixels, np.uint8).reshape(SHOWN_SLICES, CROP, CROP)
        rows.append(np.hstack(list(slices)))
    return preview_png(np.vstack(rows), scale=SCALE, lut=load_lut())
