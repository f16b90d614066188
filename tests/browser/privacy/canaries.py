"""Patients who do not exist, named in everything that can hold a text.

Whatever finds one of these marks outside of what is sent has found a leak.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from hashlib import md5, sha1, sha256
from pathlib import Path

import numpy as np
from pydicom.datadict import DicomDictionary, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from tests.imaging.objects import as_file, head, nuclear_object

MARK = "QZ7KANARIE"  # in capitals: some attributes know no other letters
KANJI = "金糸雀"
UMLAUT = "Überkänarie"
BORN, DONE = "18990131", "19170223"  # of nobody who is alive, examined never
AT = "031415.926535"
AGE = "094Y"
UID_ROOT = "2.25.7707770777"
NUMBER = "734512875"
VALUES = {
    **dict.fromkeys(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"), MARK),
    "AS": AGE,
    "DA": DONE,
    "DS": "73.4512875",
    "DT": f"{DONE}{AT}",
    "IS": NUMBER,
    "TM": AT,
    "UR": f"http://{MARK}/",
    "OB": MARK.encode(),
    "UN": MARK.encode(),
}
# what the pixels of an object are, its directory, and where this one would be another
OTHERS = (0x0000, 0x0002, 0x0004, 0xFFFE, 0x7FE0)
FRAMES = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
PRIVATE_INSIDE = ("RadiopharmaceuticalInformationSequence", "ReferencedImageSequence")
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "shift-jis", "iso2022_jp")


def patient_id(number: int) -> str:
    return f"{MARK}-{number}"


def uid(number: int) -> str:
    return f"{UID_ROOT}{number:09}"


def mark_all(ds: Dataset) -> None:
    """A mark in every attribute that the standard has and the object has not."""
    for element in all_marks():
        if element.tag not in ds:
            ds[element.tag] = element


@cache
def all_marks() -> Dataset:
    ds = Dataset()
    for number, (vr, *_) in DicomDictionary.items():
        tag = Tag(number)
        if tag.group in OTHERS or keyword_for_tag(tag) in FRAMES:
            continue
        if (element := marked(tag, vr)) is not None:
            ds.add(element)
    mark_private(ds)
    ds.add_new(0x60004000, "LT", MARK)  # OverlayComments
    return ds


def marked(tag: BaseTag, vr: str) -> DataElement | None:
    if vr == "UI":
        return DataElement(tag, vr, uid(int(tag) % 10**9))
    if vr == "SQ":
        item = Dataset()
        item.PatientName, item.PatientID = f"{MARK}^NESTED", f"{MARK}-NESTED"
        item.PatientComments = f"{MARK} COMMENT"
        item.ReferencedSOPInstanceUID = uid(int(tag) % 10**9)
        if keyword_for_tag(tag) in PRIVATE_INSIDE:
            mark_private(item)
        return DataElement(tag, vr, Sequence([item]))
    value = VALUES.get(vr)
    return None if value is None else DataElement(tag, vr, value)


def mark_private(ds: Dataset) -> None:
    """As cameras do: the patient's name in group 0009, and deeper."""
    for group in (0x0009, 0x0033, 0x7FE1):
        block = ds.private_block(group, f"{MARK} {group:04X}", create=True)
        block.add_new(1, "LO", f"{MARK}^PRIVATE")
        block.add_new(2, "UN", f"{MARK} {BORN}".encode())
        deeper = Dataset()
        deeper.PatientName = f"{MARK}^DEEPER"
        block.add_new(3, "SQ", Sequence([deeper]))


def scans(number: int) -> Iterator[Dataset]:
    """The reference and the short scan of a patient, in two alphabets."""
    for role, (frame_ms, scale) in enumerate(((25_000, 5.0), (5_000, 1.0))):
        frames = head(hot_slice=4 + number % 4, scale=scale)
        frames[:, 0, 0] = 10 * number + role  # no two are alike
        ds = nuclear_object(
            frames[::-1],
            patient=patient_id(number),
            study=uid(100 + number),
            series=uid(1000 + 10 * number + role),
            frame_ms=frame_ms,
        )
        ds.SpecificCharacterSet = ("ISO_IR 192", "ISO_IR 100")[number % 2]
        ds.PatientName = f"{MARK}^{(KANJI, UMLAUT)[number % 2]}"
        ds.SOPInstanceUID = uid(10_000 + 10 * number + role)
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.file_meta.SourceApplicationEntityTitle = MARK
        ds.FrameOfReferenceUID = uid(200 + number)
        ds.PatientBirthDate, ds.PatientAge, ds.PatientSex = BORN, AGE, "F"
        ds.SeriesDescription = f"{MARK} {('25', '5')[role]} MIN"
        ds.AcquisitionDate, ds.AcquisitionTime = DONE, AT
        mark_all(ds)
        yield ds


def oddities(number: int) -> dict[str, bytes]:
    """What is left out or read leniently, by name. Errors like to repeat it."""
    whole = next(scans(number))
    whole.SOPInstanceUID = uid(90_000 + number)
    whole.PatientID = patient_id(90 + number)
    other_head = np.random.default_rng(number).integers(0, 900, (12, 72, 72))
    whole.PixelData = other_head.astype("<u2").tobytes()
    content = as_file(whole).getvalue()
    broken = content.replace(DONE.encode(), f"{MARK[:6]}??".encode())
    return {
        f"{MARK}-cut.dcm": content[: len(content) // 2],
        f"{MARK}-wrong-dates.dcm": broken,
        f"{MARK}-letter.txt": f"Dear {MARK}, born {BORN}".encode(),
        f"{MARK}-empty.dcm": b"",
    }


def write_patient(folder: Path, number: int) -> list[Path]:
    """Both scans, in folders and files that are named after the patient."""
    files = []
    for role, ds in enumerate(scans(number)):
        path = folder / f"{MARK}_{KANJI}_{BORN}" / f"{MARK}-{number}-{role}.dcm"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = as_file(ds).getvalue()
        preamble = f"{MARK} in the preamble".encode().ljust(128, b"\0")
        path.write_bytes(preamble + content[128:])
        files.append(path)
    return files


def write_oddities(folder: Path, number: int) -> list[Path]:
    files = []
    for name, content in oddities(number).items():
        (folder / name).write_bytes(content)
        files.append(folder / name)
    return files


def traces() -> list[bytes]:
    """What each mark looks like wherever bytes are written, and unkeyed hashes of it;
    in small letters."""
    day = datetime.strptime(DONE, "%Y%m%d").replace(tzinfo=UTC)
    born = datetime.strptime(BORN, "%Y%m%d").replace(tzinfo=UTC)
    words = {
        *(MARK, KANJI, UMLAUT, UID_ROOT, NUMBER, "73.4512875", BORN, DONE, AT),
        *(f"{one:%Y-%m-%d}" for one in (day, born)),
        *(KANJI.encode("unicode_escape").decode(), "%".join(("", *_hex(KANJI)))),
        *("03:14:15.926535", UMLAUT.encode("unicode_escape").decode()),
    }
    named = [patient_id(number) for number in range(10)]
    named += [uid(100 + number) for number in range(10)]
    for hashed in (md5, sha1, sha256):
        words |= {hashed(name.encode()).hexdigest() for name in named}
    return sorted({spelt.lower() for word in words for spelt in _spellings(word)})


def _hex(word: str) -> list[str]:
    return [f"{byte:02X}" for byte in word.encode()]


def _spellings(word: str) -> Iterator[bytes]:
    for encoding in ENCODINGS:
        try:
            yield word.encode(encoding)
        except UnicodeEncodeError:
            continue
