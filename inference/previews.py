"""What a network makes of one case, to look at before it is run on a cohort.

Nothing of it is stored: an image that a study could show is made by a job, which
says how it was made.
"""

from base64 import b64encode
from dataclasses import dataclass

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from inference import runtime, selectors
from inference.computing import within
from inference.exports import exports_folder
from inference.learned import learned_under
from inference.models import Weights
from inference.quality import psnr_db
from inference.trying import alone, refuse_large
from readerstudy.cases import selectors as cases
from readerstudy.cases.models import Case, Rendition
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.lut import load_lut
from readerstudy.imaging.preprocessing import (
    SHOWN_SLICES,
    STORED_SLICES,
    to_eight_bit,
)
from readerstudy.imaging.rendering import preview_png
from readerstudy.imaging.study_types import study_type_get

SCALE = 2
SHOWN = slice((STORED_SLICES - SHOWN_SLICES) // 2, (STORED_SLICES + SHOWN_SLICES) // 2)
WHOLE_STACK = gettext_noop(
    "A network is tried on DaT-SPECT cases only. Have a job make the images of the "
    "cohort, and look at them there."
)
NO_IMAGE = gettext_noop("The case has no image of its %(role)s scan.")


@dataclass(frozen=True)
class Strip:
    """The three central slices side by side, lowest first, in the study's colours.

    png: base64 of 384×128 pixels. psnr_db: against the reference; None of itself.
    """

    title: str | Promise
    png: str
    psnr_db: float | None


def preview(weights: Weights, case: Case) -> list[Strip]:
    """The short scan, what the network makes of it, and the reference.

    The network runs in a process of its own, within the limits of a probe. Refused
    where it cannot, or where the case lacks an image.
    """
    if study_type_get(case.cohort.study_type).is_stack:
        raise Refused(WHOLE_STACK)
    short, reference = _stored(case, "short"), _stored(case, "reference")
    refuse_large(weights.file, title=weights.title)
    file = selectors.network_file(weights)
    given = within(short, learned_under(weights.card).window)
    with alone():
        prepared = runtime.prepare(file, cache=exports_folder())
        with runtime.open_session(prepared, limits=runtime.PROBING) as session:
            output = to_eight_bit(session.predict(given[None])[0])
    return [
        _strip(_("short scan"), short, reference),
        _strip(_("output of the network"), output, reference),
        _strip(_("reference"), reference, None),
    ]


def _stored(case: Case, method: str) -> NDArray[np.uint8]:
    try:
        rendition = cases.rendition_get(case=case, method=method)
    except Rendition.DoesNotExist:
        raise Refused(NO_IMAGE % {"role": method}) from None
    return to_eight_bit(cases.rendition_values(rendition))


def _strip(
    title: str | Promise,
    slices: NDArray[np.uint8],
    reference: NDArray[np.uint8] | None,
) -> Strip:
    png = preview_png(np.hstack(list(slices[SHOWN])), scale=SCALE, lut=load_lut())
    quality = None
    if reference is not None:
        found = psnr_db(slices[SHOWN], reference[SHOWN], data_range=255)
        quality = float(found.mean())
    return Strip(title, b64encode(png).decode(), quality)
