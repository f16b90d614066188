"""Maps of the stability suite as colours over an image, for coordinators.

Nothing here turns or mirrors an image: column 0, the patient's right, is drawn on the
viewer's left.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .marking import gettext_noop

Colours = NDArray[np.uint8]  # (rows, columns, 3): red, green, blue
FAINTEST = 0.35  # of a map's colour, where it begins
DIMMED = 0.75  # of the image below it
GAP = 4  # pixels between pictures that stand side by side


@dataclass(frozen=True)
class MapStyle:
    """low, high: values in `unit` at which the colour begins and is fullest. colours:
    there, after Okabe and Ito. Values below `low` leave the image as it is."""

    title: str
    unit: str
    low: float
    high: float
    colours: tuple[tuple[int, int, int], tuple[int, int, int]]


AMBER = ((230, 159, 0), (255, 244, 170))
VERMILION = ((213, 94, 0), (255, 214, 150))
BLUE = ((0, 114, 178), (150, 220, 255))

# name of a map → how it is drawn. The units are those of CaseFindings.maps.
STYLES: Mapping[str, MapStyle] = {
    "sd": MapStyle(gettext_noop("SD between repeats"), "%", 5, 50, AMBER),
    "hallucination": MapStyle(gettext_noop("invented"), "SD", 3, 9, VERMILION),
    "omission": MapStyle(gettext_noop("lost"), "SD", 3, 9, BLUE),
    "displacement": MapStyle(gettext_noop("displacement"), "mm", 1, 6, AMBER),
}


def peak_slice(values: NDArray[np.float32]) -> int:
    """Of (slices, rows, columns): where the highest value is; the middle if nowhere."""
    if not np.isfinite(values).any():
        return len(values) // 2
    return int(np.nanmax(np.nan_to_num(values, nan=-np.inf), axis=(1, 2)).argmax())


def in_grey(
    image: NDArray[np.floating], *, low: float, high: float, lut: NDArray[np.uint8]
) -> Colours:
    """One slice, (rows, columns): black at `low`, white at `high`, or as `lut` says."""
    share = (image.astype(np.float64) - low) / max(high - low, 1e-12)
    levels = np.rint(np.clip(np.nan_to_num(share), 0, 1) * 255).astype(np.uint8)
    found: Colours = lut[levels]
    return found


def overlaid(below: Colours, values: NDArray[np.floating], style: MapStyle) -> Colours:
    """`values` (rows, columns) in colour over the image, which is dimmed."""
    share = (values.astype(np.float64) - style.low) / (style.high - style.low)
    told = np.isfinite(share) & (share > 0)
    share = np.clip(np.where(told, share, 0.0), 0, 1)[..., None]
    first, last = (np.array(one, np.float64) for one in style.colours)
    colour = first + share * (last - first)
    alpha = np.where(told[..., None], FAINTEST + (1 - FAINTEST) * share, 0.0)
    mixed = DIMMED * below * (1 - alpha) + colour * alpha
    found: Colours = np.rint(mixed).clip(0, 255).astype(np.uint8)
    return found


def side_by_side_png(pictures: list[Colours], *, side: int) -> bytes:
    """Pictures of one shape in a row, each made about `side` pixels wide by a whole
    factor, or smaller where it is larger."""
    columns = pictures[0].shape[1]
    factor = max(1, side // columns)
    step = -(-columns // side) if columns > side else 1
    tiles = []
    for one in pictures:
        tile = one[::step, ::step].repeat(factor, axis=0).repeat(factor, axis=1)
        tiles += [tile, np.zeros((tile.shape[0], GAP, 3), np.uint8)]
    file = BytesIO()
    Image.fromarray(np.hstack(tiles[:-1])).save(file, "png")
    return file.getvalue()
