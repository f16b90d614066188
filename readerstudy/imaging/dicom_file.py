"""Opening DICOM files that others wrote: leniently, within bounds, without crashing.

A value that breaks the standard is treated as absent; a file that cannot be used
raises Refused with its own reason. pydicom's warnings stay inside.
"""

import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from math import isfinite
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_dataset as read_elements
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from .errors import Refused
from .marking import gettext_noop

# Far beyond any reconstructed tomogram (83×128×128 uint16 is 2.7 MB).
MAX_FILE_BYTES = 512 * 2**20
MAX_VOXELS = 2**26
MAX_FRAMES = 2048
PREAMBLE = 132


@contextmanager
def lenient() -> Iterator[None]:
    """Within it, pydicom takes values that break the standard, and is silent."""
    before = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        config.settings.reading_validation_mode = before


def read_dataset(file: Path | BinaryIO) -> Dataset:
    """The whole data set. Refused: not DICOM, a directory, truncated, damaged."""
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return read_dataset(opened)
    content = _bounded(file)
    dataset = _parse(content)
    if "DirectoryRecordSequence" in dataset:
        raise Refused(
            gettext_noop("It is a DICOMDIR, a table of contents without images.")
        )
    if not text(dataset, "SOPClassUID"):
        raise Refused(
            gettext_noop("It is a DICOM file that does not say what it holds.")
        )
    return dataset


def _bounded(file: BinaryIO) -> bytes:
    head = file.read(PREAMBLE)
    if not head:
        raise Refused(gettext_noop("It is empty."))
    if not _looks_like_dicom(head):
        raise Refused(gettext_noop("It is not a DICOM file."))
    content = head + file.read(MAX_FILE_BYTES + 1 - len(head))
    if len(content) > MAX_FILE_BYTES:
        raise Refused(
            gettext_noop("It is larger than %(megabytes)s MB.")
            % {"megabytes": MAX_FILE_BYTES // 2**20}
        )
    return content


def _looks_like_dicom(head: bytes) -> bool:
    """PS3.10 7.1: "DICM" after 128 bytes. Old files lack that preamble, but they
    begin with an element of group 0002 or 0008 all the same."""
    return head[128:] == b"DICM" or head[:2] in (b"\x02\x00", b"\x08\x00")


def _parse(content: bytes) -> Dataset:
    _check_deflated(content)
    try:
        dataset = pydicom.dcmread(BytesIO(content), force=True)
    except InvalidDicomError as error:
        raise Refused(gettext_noop("It is not a DICOM file.")) from error
    except Exception as error:  # pydicom raises whatever its parser stumbles over
        raise Refused(_damage(content)) from error
    if "TransferSyntaxUID" not in dataset.file_meta:  # as pydicom found it to be
        implicit, little = dataset.original_encoding
        if little:
            dataset.file_meta.TransferSyntaxUID = (
                ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
            )
    return dataset


def _check_deflated(content: bytes) -> None:
    """A deflated data set is expanded whole by pydicom, so measure it first.

    DICOM PS3.5 A.5: all after the file meta information is one raw deflate stream.
    """
    try:
        meta, start = _meta_information(content)
        deflated = meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian
    except Exception:  # no usable meta information: then pydicom inflates nothing
        return
    if not deflated:
        return
    try:
        expanded = zlib.decompressobj(-zlib.MAX_WBITS).decompress(
            content[start:], MAX_FILE_BYTES + 1
        )
    except zlib.error as error:
        raise Refused(gettext_noop("It is truncated or damaged.")) from error
    if len(expanded) > MAX_FILE_BYTES:
        raise Refused(
            gettext_noop("It expands to more than %(megabytes)s MB.")
            % {"megabytes": MAX_FILE_BYTES // 2**20}
        )


def _meta_information(content: bytes) -> tuple[Dataset, int]:
    """Group 0002, which is never compressed, and where the data set begins."""
    file = BytesIO(content)
    file.seek(PREAMBLE)
    meta = read_elements(
        file,
        is_implicit_VR=False,
        is_little_endian=True,
        stop_when=lambda tag, _vr, _length: tag.group != 2,
    )
    return meta, file.tell()


def _damage(content: bytes) -> str:
    """Why a file that calls itself DICOM could not be parsed, as far as it tells."""
    try:
        meta, _ = _meta_information(content)
        held = UID(str(meta.MediaStorageSOPClassUID)).name
    except Exception:  # not even that can be read
        return gettext_noop("It is truncated, damaged or of an unusual structure.")
    return gettext_noop(
        "It is truncated, damaged or of an unusual structure. "
        "It says it holds: %(held)s."
    ) % {"held": held}


def decode_frames(dataset: Dataset) -> NDArray[np.generic]:
    """Stored pixel values (frames, rows, columns), before any rescale."""
    if "PixelData" not in dataset and "FloatPixelData" not in dataset:
        raise Refused(gettext_noop("It holds no image."))
    if (samples := integer(dataset, "SamplesPerPixel") or 1) != 1:
        raise Refused(
            gettext_noop("It is a colour image (%(samples)s values a pixel).")
            % {"samples": samples}
        )
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
    _check_compression(dataset)
    try:
        pixels: NDArray[np.generic] = dataset.pixel_array
        return pixels.reshape(frames, rows, columns)
    except Exception as error:  # decoders raise whatever they stumble over
        raise Refused(_pixel_damage(dataset, error)) from error


def _transfer_syntax(dataset: Dataset) -> UID:
    meta = getattr(dataset, "file_meta", None)
    syntax = UID(text(meta, "TransferSyntaxUID") if meta else "")
    if not syntax.is_transfer_syntax:
        raise Refused(
            gettext_noop("It does not say how its image is encoded (Transfer Syntax).")
        )
    return syntax


def _check_compression(dataset: Dataset) -> None:
    if not (syntax := _transfer_syntax(dataset)).is_compressed:
        return
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError:
        available = False
    if not available:
        raise Refused(
            gettext_noop("Its compression cannot be read here (%(name)s).")
            % {"name": syntax.name}
        )


def _pixel_damage(dataset: Dataset, error: Exception) -> str:
    if (syntax := _transfer_syntax(dataset)).is_compressed:
        return gettext_noop("Its compressed image cannot be read (%(name)s).") % {
            "name": syntax.name
        }
    if "less than expected" in str(error) or "pixel data" in str(error):
        return gettext_noop("It is truncated: its image is shorter than it says.")
    return gettext_noop("Its image cannot be read.")


def text(dataset: Dataset, keyword: str) -> str:
    """The element as text without padding; "" where absent or unreadable."""
    try:
        value = dataset.get(keyword)
    except Exception:  # a value that cannot be converted is as good as absent
        return ""
    return "" if value is None else str(value).strip(" \0")


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Its values as finite floats; () where absent or any of them is no number."""
    try:
        value = dataset.get(keyword)
        if value is None or isinstance(value, (str, bytes)):
            return ()
        values = value if hasattr(value, "__iter__") else [value]
        found = tuple(float(one) for one in values)
    except Exception:  # a value that cannot be converted is as good as absent
        return ()
    return found if all(isfinite(one) for one in found) else ()


def number(dataset: Dataset, keyword: str) -> float | None:
    found = numbers(dataset, keyword)
    return found[0] if len(found) == 1 else None


def integer(dataset: Dataset, keyword: str) -> int | None:
    found = number(dataset, keyword)
    return int(found) if found is not None and found == int(found) else None


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none where it is absent or unreadable."""
    try:
        value = dataset.get(keyword)
    except Exception:  # as above
        return []
    return list(value) if isinstance(value, pydicom.Sequence) else []


def moment(dataset: Dataset, date: str, time: str) -> datetime | None:
    """Date and time elements (DA, TM) together; None unless both can be read."""
    digits = text(dataset, date).replace(".", "").replace("-", "")
    clock = text(dataset, time).replace(":", "").split(".")[0]
    try:
        return datetime.strptime(digits + clock[:6].ljust(6, "0"), "%Y%m%d%H%M%S")
    except ValueError:
        return None
