"""Opening DICOM files that others wrote: leniently, within bounds, without crashing.

A value that breaks the standard is treated as absent; a file that cannot be used
raises Refused with its own reason. pydicom's warnings stay inside.
"""

import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_dataset as read_elements
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from .deidentification import PARSED, deidentified
from .errors import Refused
from .marking import gettext_noop
from .values import text

# Far beyond any reconstructed tomogram (83×128×128 uint16 is 2.7 MB).
MAX_FILE_BYTES = 512 * 2**20
MAX_VOXELS = 2**26
MAX_FRAMES = 2048
PREAMBLE = 132
NOT_DICOM = gettext_noop("It is not a DICOM file.")

# Its messages quote values of files, and these may name a patient.
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
# Also outside of `lenient`, and where another thread has just left it.
warnings.filterwarnings("ignore", module=r"pydicom\b")


@contextmanager
def lenient() -> Iterator[None]:
    """Within it, pydicom takes values that break the standard, and is silent."""
    settings = config.settings
    before = settings.reading_validation_mode, settings.writing_validation_mode
    settings.reading_validation_mode = config.IGNORE
    settings.writing_validation_mode = config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        settings.reading_validation_mode, settings.writing_validation_mode = before


def read_dataset(file: Path | BinaryIO) -> Dataset:
    """What `deidentification` lets pass of the data set.

    Refused: not DICOM, a directory, truncated, damaged.
    """
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return read_dataset(opened)
    content = whole_file(file)
    dataset = deidentified(_parse(content))
    if "DirectoryRecordSequence" in dataset:
        raise Refused(
            gettext_noop("It is a DICOMDIR, a table of contents without images.")
        )
    if not text(dataset, "SOPClassUID"):
        raise Refused(
            gettext_noop("It is a DICOM file that does not say what it holds.")
        )
    return dataset


def whole_file(file: BinaryIO) -> bytes:
    """Refused: empty, too large, or at first sight not DICOM."""
    head = file.read(PREAMBLE)
    if not head:
        raise Refused(gettext_noop("It is empty."))
    if not _looks_like_dicom(head):
        raise Refused(NOT_DICOM)
    if isinstance(file, BytesIO):  # in memory already
        content = file.getvalue()
    else:
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
        dataset = pydicom.dcmread(BytesIO(content), force=True, specific_tags=PARSED)
    except InvalidDicomError as error:
        raise Refused(NOT_DICOM) from error
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
        held = known_name(text(meta, "MediaStorageSOPClassUID"))
    except Exception:  # not even that can be read
        held = ""
    if not held:
        return gettext_noop("It is truncated, damaged or of an unusual structure.")
    return gettext_noop(
        "It is truncated, damaged or of an unusual structure. "
        "It says it holds: %(held)s."
    ) % {"held": held}


def known_name(uid: str) -> str:
    """What the standard calls it; "" for any other UID, which may lead to a person."""
    known = UID(uid)
    return known.name if known.type else ""
