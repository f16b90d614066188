"""The head of a DICOM file (PS3.10 7.1): which instance it is, without its data set."""

import re
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

import pydicom
from django.utils.translation import gettext_noop
from pydicom.filereader import read_dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from readerstudy.imaging.dicom_file import lenient
from readerstudy.imaging.errors import Refused

HEAD_BYTES = 64 * 2**10
BEGINNING_BYTES = 2**20
PREAMBLE = 128
META_GROUP = b"\x02\x00"
STUDY = 0x0020000D
UID_LIKE = r"[!-~]{1,64}"  # leniently: whatever can be written down


@dataclass(frozen=True)
class Head:
    sop_class: str
    sop_uid: str
    transfer_syntax: str


def read_head(file: BinaryIO) -> Head:
    """Refused if it is no DICOM file, or one that does not name its instance."""
    head = file.read(HEAD_BYTES)
    if head[PREAMBLE : PREAMBLE + 4] == b"DICM":
        head = head[PREAMBLE + 4 :]
    elif head[:2] != META_GROUP:  # pydicom writes no preamble unless it is asked to
        raise Refused(gettext_noop("It is not a DICOM file."))
    try:
        with lenient():
            meta = read_dataset(
                BytesIO(head),
                is_implicit_VR=False,
                is_little_endian=True,
                stop_when=lambda tag, vr, length: tag.group != 2,
            )
            found = Head(
                sop_class=_text(meta.get("MediaStorageSOPClassUID")),
                sop_uid=_text(meta.get("MediaStorageSOPInstanceUID")),
                transfer_syntax=_text(meta.get("TransferSyntaxUID")),
            )
    except Exception as error:  # pydicom raises whatever its parser stumbles over
        raise Refused(gettext_noop("Its head cannot be read.")) from error
    if not re.fullmatch(UID_LIKE, found.sop_uid):
        raise Refused(gettext_noop("It does not say which instance it is."))
    return found


def study_of(file: BinaryIO, head: Head) -> str | None:
    """Its StudyInstanceUID; None where that cannot be told from its beginning."""
    if head.transfer_syntax == DeflatedExplicitVRLittleEndian:
        return None
    try:
        with lenient():
            dataset = pydicom.filereader.read_partial(
                BytesIO(file.read(BEGINNING_BYTES)),
                stop_when=lambda tag, vr, length: tag > STUDY,
                specific_tags=[STUDY],
                force=True,
            )
            return _text(dataset.get("StudyInstanceUID"))
    except Exception:  # as above; its own reason is found when it is looked through
        return None


def _text(value: object) -> str:
    return str(value or "").strip("\0 ")
