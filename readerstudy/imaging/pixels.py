"""Stored pixels: which decoder reads which compression, and their rescaled values."""

from types import MappingProxyType
from typing import cast

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from . import decoders
from .dicom_file import MAX_FRAMES, MAX_VOXELS, known_name
from .errors import Refused
from .marking import gettext_noop
from .values import integer, number, text
from .volume import WHOLE_NUMBERS, Counts

# One decoder for each compression, so that a file gives the same voxels everywhere.
DECODERS = MappingProxyType(
    {
        uid.RLELossless: "pydicom",
        **dict.fromkeys(decoders.SYNTAXES, decoders.LABEL),
    }
)
# JPEG 2000 of its lossy UID may have lost nothing; then 0028,2110 says so.
LOSSY = frozenset({uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLSNearLossless})
BURNED_IN = gettext_noop(
    "It says that writing is burned into its image (Burned In Annotation): look "
    "whether the pictures name a person."
)
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")

decoders.register()


def decode_frames(dataset: Dataset) -> NDArray[np.generic]:
    """Stored pixel values (frames, rows, columns), before any rescale; to be read
    only. Refused: no image, colour, too large, damaged, unknown compression."""
    if not any(keyword in dataset for keyword in PIXELS):
        raise Refused(gettext_noop("It holds no image."))
    shape = _checked_shape(dataset)
    syntax = _transfer_syntax(dataset)
    plugin = DECODERS.get(syntax, "")
    if syntax.is_encapsulated and not _can_decode(syntax, plugin):
        raise Refused(
            gettext_noop("Its compression cannot be read here (%(name)s).")
            % {"name": syntax.name}
        )
    try:
        pixels, _ = get_decoder(syntax).as_array(
            dataset,
            raw=True,
            decoding_plugin=plugin,
            view_only=True,  # type: ignore[arg-type]
        )
        decoded: NDArray[np.generic] = pixels.reshape(shape)
    except Exception as error:  # decoders raise whatever they stumble over
        raise Refused(_damage(syntax, error)) from error
    return decoded


def _checked_shape(dataset: Dataset) -> tuple[int, int, int]:
    if (samples := integer(dataset, "SamplesPerPixel") or 1) != 1:
        raise Refused(
            gettext_noop("It is a colour image (%(samples)s values a pixel).")
            % {"samples": samples}
        )
    interpretation = text(dataset, "PhotometricInterpretation")
    if interpretation == "PALETTE COLOR":
        raise Refused(gettext_noop("It is a picture in colours of a palette."))
    if not interpretation:  # no word of the standard; of one value there is one way
        dataset.PhotometricInterpretation = "MONOCHROME2"
    _check_bits(dataset)
    frames = integer(dataset, "NumberOfFrames") or 1
    rows, columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    if not rows or not columns or min(rows, columns, frames) < 1:
        raise Refused(
            gettext_noop("It does not say how large its image is (Rows, Columns).")
        )
    if frames > MAX_FRAMES or frames * rows * columns > MAX_VOXELS:
        raise Refused(
            gettext_noop("Its image is too large (%(frames)s×%(rows)s×%(columns)s).")
            % {"frames": frames, "rows": rows, "columns": columns}
        )
    return frames, rows, columns


def _check_bits(dataset: Dataset) -> None:
    """Refused if not all bits are used and High Bit is not that of the lowest ones,
    as PS3.3 C.8.4.7 and its like ask for: decoders do not look at it."""
    allocated, stored, high = (
        integer(dataset, keyword)
        for keyword in ("BitsAllocated", "BitsStored", "HighBit")
    )
    if None in (allocated, stored, high) or stored == allocated:
        return
    if high != (stored or 0) - 1:
        raise Refused(
            gettext_noop(
                "It does not say plainly which bits of its pixels are the image (High "
                "Bit)."
            )
        )


def _transfer_syntax(dataset: Dataset) -> UID:
    syntax = UID(text(dataset.file_meta, "TransferSyntaxUID"))
    if not known_name(syntax) or not syntax.is_transfer_syntax:
        raise Refused(
            gettext_noop("It does not say how its image is encoded (Transfer Syntax).")
        )
    return syntax


def _can_decode(syntax: UID, plugin: str) -> bool:
    return bool(plugin) and plugin in get_decoder(syntax).available_plugins


def _damage(syntax: UID, error: Exception) -> str:
    if syntax.is_encapsulated:
        return gettext_noop("Its compressed image cannot be read (%(name)s).") % {
            "name": syntax.name
        }
    if "less than expected" in str(error) or "pixel data" in str(error):
        return gettext_noop("It is truncated: its image is shorter than it says.")
    return gettext_noop("Its image cannot be read.")


def doubts(dataset: Dataset) -> list[str]:
    """What the file says of its own pixels that a person should know."""
    found = []
    if text(dataset, "BurnedInAnnotation").upper() == "YES":
        found.append(BURNED_IN)
    syntax = UID(text(dataset.file_meta, "TransferSyntaxUID"))
    if syntax in LOSSY or text(dataset, "LossyImageCompression") == "01":
        found.append(
            gettext_noop(
                "Its image was compressed with loss, so its values are not those "
                "that were measured."
            )
        )
    return found


def slope_and_intercept(
    place: Dataset, warnings: list[str]
) -> tuple[float, float] | None:
    """As the place states them; None where it says nothing, 1 and 0 where nonsense."""
    if "RescaleSlope" not in place and "RescaleIntercept" not in place:
        return None
    slope = number(place, "RescaleSlope")
    if "RescaleSlope" in place and (slope is None or slope <= 0):
        warnings.append(gettext_noop("Its Rescale Slope is invalid and was ignored."))
        return 1.0, 0.0
    return slope or 1.0, number(place, "RescaleIntercept") or 0.0


def rescaled(
    frames: NDArray[np.generic], slopes: NDArray[np.float64]
) -> tuple[Counts, int]:
    """Values of the frames, and how many of them are below 0: whole numbers as they
    are stored, where nothing is to be rescaled, else float32.

    slopes: (1 or frames, 2), slope and intercept. Refused: values that are no numbers.
    """
    values: Counts
    if np.all(slopes == (1.0, 0.0)):
        whole = frames.dtype in WHOLE_NUMBERS
        values = cast(Counts, frames) if whole else frames.astype(np.float32)
        if frames.dtype.kind == "u":
            return values, 0
    else:
        slope, intercept = (slopes[:, one, None, None] for one in (0, 1))
        values = (frames.astype(np.float64) * slope + intercept).astype(np.float32)
    low, high = values.min(), values.max()  # either is no number if any value is none
    if not (np.isfinite(low) and np.isfinite(high)):
        raise Refused(gettext_noop("Its image has pixels that are not numbers."))
    return values, int(np.count_nonzero(values < 0)) if low < 0 else 0
