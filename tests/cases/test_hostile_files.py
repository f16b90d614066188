"""Two thousand files that nobody would send: each is read or refused, none hurts.

Real files and made ones, with bytes changed, cut out, doubled or cut off, and with
elements that say something they may not.
"""

import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from math import isfinite
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from readerstudy.cases import services
from readerstudy.cases.models import Case, Cohort, Rendition, Series
from readerstudy.imaging.decoding import LIMIT_S, decoders
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.scans import Scan
from readerstudy.imaging.tomogram import StoredImage
from tests.imaging.objects import as_file, compressed, head, nuclear_object
from tests.imaging.test_tomogram import DATA, single_slices

from .conftest import stored_files, write_pair

MUTATED, ODD_VALUES, TRUNCATED = 1000, 500, 500
SMALL = 200_000  # bytes: larger real files take longer without telling more
NUMBERS = st.one_of(
    st.integers(-(2**31), 2**31 - 1), st.sampled_from([0, 1, -1, 2**16 - 1])
)


@cache
def seeds() -> list[bytes]:
    """Files of every kind that is read, and real ones of kinds that are not."""
    frames = head(slices=6, size=24, hot_slice=3)[::-1]
    made = [nuclear_object(frames), single_slices(frames)[0]]
    made += [compressed(nuclear_object(frames))]
    for syntax in (
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ):
        ds = nuclear_object(frames)
        ds.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            ds.PixelData = frames.astype(">u2").tobytes()
            ds["PixelData"].VR = "OW"
        made.append(ds)
    found = [as_file(ds).getvalue() for ds in made]
    names = ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "JPEG2000.dcm", "DICOMDIR")
    paths = [get_testdata_file(name) for name in names]
    paths += sorted(path for path in DATA.rglob("*") if path.is_file())
    for path in paths:
        content = Path(path).read_bytes() if path else b""
        if 0 < len(content) < SMALL:
            found.append(content)
    return found


def fuzz(examples: int) -> Callable[..., object]:
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def read() -> Iterator[Callable[[bytes], object]]:
    """What becomes of a file: a scan, a slice, or the words it is refused with."""
    slowest = 0.0
    with decoders(1) as (decoder,):
        with suppress(Refused):
            decoder.read(b"")  # to be started, for which it has more time

        def read(content: bytes) -> object:
            nonlocal slowest
            start = time.monotonic()
            try:
                found: object = decoder.read(content)
            except Refused as error:
                found = str(error)
            slowest = max(slowest, time.monotonic() - start)
            check(found)
            return found

        yield read
    assert slowest < LIMIT_S


def check(found: object) -> None:
    """Whatever comes out can be stored and shown."""
    if isinstance(found, Scan):
        assert found.voxels.ndim == 3
        assert np.all(np.isfinite(found.voxels))
        assert min(found.spacing_mm) > 0
        assert found.age_years is None or 0 <= found.age_years <= 90
        assert isfinite(found.total_counts)
        assert isfinite(found.duration_s or 0)
        found.description.encode()
        assert found.sex in ("", "F", "M", "O")
        assert all(0 <= at < len(found.voxels) for at in found.candidates.values())
    elif isinstance(found, StoredImage):
        assert np.all(np.isfinite(found.frames))
    else:
        assert found not in ("", "It could not be read within 10 seconds.")
        assert "not foreseen" not in str(found)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A file some of whose bytes are others, gone, or there twice."""
    content = bytearray(draw(st.sampled_from(seeds())))
    random = Random(draw(st.integers(0, 2**32)))
    header = min(len(content), 2000)
    for _ in range(random.randint(1, 8)):
        at = random.randrange(max(1, header if random.random() < 0.8 else len(content)))
        length = random.choice([1, 1, 1, 2, 4, 30])
        change = random.randrange(4)
        if change == 0:
            content[at : at + length] = random.randbytes(length)
        elif change == 1:
            del content[at : at + length]
        elif change == 2:
            content[at:at] = content[at : at + length]
        else:
            content[at : at + length] = random.choice([b"\0", b"\xff"]) * length
    return bytes(content)


@pytest.mark.pure
@fuzz(MUTATED)
@given(mutated())
def test_changed_bytes_are_read_or_refused(read, content):
    read(content)


@st.composite
def truncated(draw: st.DrawFn) -> bytes:
    content = draw(st.sampled_from(seeds()))
    return content[: draw(st.integers(0, len(content) - 1))]


@pytest.mark.pure
@fuzz(TRUNCATED)
@given(truncated())
def test_cut_off_files_are_read_or_refused(read, content):
    read(content)


KEYWORDS = (
    *("Rows", "Columns", "NumberOfFrames", "NumberOfSlices", "BitsAllocated"),
    *("BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel"),
    *("PixelSpacing", "SpacingBetweenSlices", "SliceThickness", "SliceVector"),
    *("RescaleSlope", "RescaleIntercept", "ImageType", "PatientAge", "PatientID"),
    *("ImageOrientationPatient", "ImagePositionPatient", "SOPClassUID"),
    *("DetectorInformationSequence", "RotationInformationSequence", "PatientSex"),
    *("AcquisitionDate", "AcquisitionTime", "PatientBirthDate", "StudyInstanceUID"),
    *("SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "PixelData"),
    *(
        "Manufacturer",
        "SeriesDescription",
        "SpecificCharacterSet",
        "BurnedInAnnotation",
    ),
)
VALUES = st.one_of(
    NUMBERS.map(str),
    st.sampled_from(
        ["", " ", "nan", "inf", "-0", "1e400", "1\\2", "0\\0", "00000000", "999Y", "é"]
    ),
    st.sampled_from(["1\\0\\0\\0\\1\\0", "1\\2\\3", "RECON TOMO", "STATIC", "1.2.3"]),
    st.text(max_size=40),
)


@st.composite
def odd_values(draw: st.DrawFn) -> bytes:
    """A well-formed file whose elements say what they may not, or nothing."""
    ds = nuclear_object(head(slices=6, size=24, hot_slice=3)[::-1])
    ds["PixelData"].VR = "OW"
    elements = {int(element.tag): _encoded(element) for element in ds}
    for keyword in draw(st.lists(st.sampled_from(KEYWORDS), min_size=1, max_size=4)):
        if draw(st.integers(0, 3)) == 0:
            elements.pop(tag_for_keyword(keyword), None)
            continue
        vr = draw(st.sampled_from(("UN", dictionary_VR(keyword)[:2])))
        value = draw(VALUES).encode("utf-8", "replace")
        elements[tag_for_keyword(keyword)] = _element(keyword, vr, value)
    empty = Dataset()
    empty.file_meta = ds.file_meta
    return as_file(empty).getvalue() + b"".join(
        elements[tag] for tag in sorted(elements)
    )


def _encoded(element: DataElement) -> bytes:
    file = DicomBytesIO()
    file.is_implicit_VR, file.is_little_endian = False, True
    write_data_element(file, element)
    return file.getvalue()


def _element(keyword: str, vr: str, value: bytes) -> bytes:
    """Explicit little endian, as PS3.5 7.1.2 has it, whatever the value is."""
    tag = tag_for_keyword(keyword)
    value += b" " * (len(value) % 2)
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    long = vr in ("OB", "OW", "SQ", "UN")
    return (
        head + struct.pack("<HI" if long else "<H", *([0] * long), len(value)) + value
    )


@pytest.mark.pure
@fuzz(ODD_VALUES)
@given(odd_values())
def test_odd_values_are_read_or_refused(read, content):
    read(content)


@pytest.mark.pure
def test_there_are_two_thousand():
    assert MUTATED + ODD_VALUES + TRUNCATED == 2000


@pytest.mark.django_db
def test_a_hundred_such_files_disturb_no_cohort(tmp_path, coordinator):
    """Two good pairs among them are found, shown first, and imported alone."""
    random = Random(5)
    for patient in ("Abe-1", "Baba-2"):
        write_pair(tmp_path / "sent", patient)
    for number in range(100):
        content = bytearray(random.choice(seeds()))
        for _ in range(6):
            at = random.randrange(min(2000, len(content)))
            content[at] = random.randrange(256)
        (tmp_path / "sent" / f"{number:03}").write_bytes(content)
    plan = services.cohort_scan(tmp_path / "sent")
    assert not any(m.objects.exists() for m in (Cohort, Case, Series, Rendition))
    assert stored_files() == []
    named = {name for scan in plan.scans for name in scan.files}
    assert named | {one.name for one in plan.left_out} == {
        str(path.relative_to(tmp_path / "sent"))
        for path in (tmp_path / "sent").rglob("*")
        if path.is_file()
    }
    assert {pair.reference.name for pair in plan.pairs} == {"Abe-1/A", "Baba-2/A"}
    cohort = services.cohort_import(plan=plan, name="Among them", coordinators=[])
    assert cohort.cases.count() == 2
    assert len(stored_files()) == 8
