"""The images that a point of a sweep learns from, by its conditions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

Images = NDArray[np.uint8]  # (cases, slices, H, W)

GONE = gettext_noop(
    "These cases, which this training learns from, are no longer training cases of "
    "the cohort: %(codes)s"
)


def chosen_cases(codes: Sequence[str], conditions: Mapping[str, Any]) -> list[int]:
    """Places among `codes` (all training cases) of what is learned from, in the order
    in which they are shown; several times where there are fewer than are shown.

    Every level of a sweep shows as many images an epoch, so that it is the cases that
    differ and not how long was trained.
    """
    if "cases" not in conditions:
        return list(range(len(codes)))
    places = {code: place for place, code in enumerate(codes)}
    if missing := [code for code in conditions["cases"] if code not in places]:
        raise Refused(GONE % {"codes": ", ".join(missing[:10])})
    chosen = [places[code] for code in conditions["cases"]]
    shown = max(len(chosen), int(conditions.get("shown_cases", 0)))
    return [int(place) for place in np.resize(chosen, shown)]


def conditioned(
    short: Images, reference: Images, conditions: Mapping[str, Any], *, part: int
) -> Images:
    """The short images as the conditions have them; themselves where they say nothing.

    part: tells the noise of training, validation and test images apart.
    """
    if (fraction := conditions.get("count_fraction")) is not None:
        from .thinning import thinned  # scipy.ndimage, which no page needs

        seed = [int(conditions.get("noise_seed", 0)), part]
        short = thinned(short, reference, fraction=float(fraction), seed=seed)
    if (top := conditions.get("window")) is not None:
        short = windowed(short, top=float(top))
    return short


def windowed(images: Images, *, top: float) -> Images:
    """What is brighter than `top`, a share of the range, is cut off; the rest fills
    the 8 bits."""
    scaled = np.minimum(images / (255 * top), 1) * 255
    found: Images = np.rint(scaled).astype(np.uint8)
    return found
