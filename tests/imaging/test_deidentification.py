"""Only what is named passes the door, whatever a hospital wrote into its files."""

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.datadict import DicomDictionary, keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from readerstudy.imaging import deidentification, dicom_file
from readerstudy.imaging.deidentification import KEPT, LINKS, deidentified
from readerstudy.imaging.makers import MAKERS, known_maker
from readerstudy.imaging.tomogram import assemble, read_image, read_tomogram

from .objects import as_file, nuclear_object
from .volumes import enhanced, slices

pytestmark = pytest.mark.pure

CANARY = "CANARY^TARO"
TEXTS = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"}
BYTES = {"OB", "UN"}
OLD_BIRTHDAY = "19290314"
# What may still hold it: keyed digests are made of the links, and a description is
# shown to the person who pairs.
STILL_THERE = {*LINKS, "SeriesDescription"}
STRUCTURE = {"SpecificCharacterSet", "ImageType", "SOPClassUID"}
NEEDED = {"SeriesType", "VolumetricProperties", "PhotometricInterpretation"}


def everywhere(ds: Dataset) -> Dataset:
    """The canary in every text of the dictionary, in private groups and nested."""
    inner = {"SOPInstanceUID", "TransferSyntaxUID"}
    with dicom_file.lenient():
        for tag, (vr, *_, keyword) in DicomDictionary.items():
            if tag < 0x00080000 or keyword in STRUCTURE | inner or not keyword:
                continue
            if vr in TEXTS and (keyword not in ds or keyword not in NEEDED):
                setattr(ds, keyword, CANARY)
            elif vr in BYTES and keyword not in ds and "Pixel" not in keyword:
                setattr(ds, keyword, CANARY.encode() + b" ")
        ds.PatientID = ds.SeriesDescription = CANARY
        ds.Manufacturer = ds.PatientSex = CANARY
        ds.PatientBirthDate, ds.StudyDate = OLD_BIRTHDAY, "20240102"
        ds.StudyInstanceUID = "1.2.3.4"
        for group in (0x0009, 0x0011, 0x0099):
            ds.private_block(group, CANARY, create=True).add_new(1, "LO", CANARY)
        nested = Dataset()
        nested.PatientName = nested.TextValue = CANARY
        nested.private_block(0x0009, CANARY, create=True).add_new(1, "PN", CANARY)
        ds.RequestAttributesSequence = Sequence([nested])
        ds.ReferencedPatientSequence = Sequence([nested])
        for keyword in KEPT:
            for item in ds.get(keyword) or [] if KEPT[keyword] is not None else []:
                item.update(nested)
    return ds


def written(ds: Dataset) -> Iterator[tuple[str, str]]:
    """Every value that is left, with the name of its element."""
    for element in [*ds, *ds.file_meta] if hasattr(ds, "file_meta") else ds:
        if element.VR == "SQ":
            yield from (one for item in element.value for one in written(item))
        else:
            yield element.keyword or str(element.tag), repr(element.value)


def kinds() -> list[Dataset]:
    frames = np.random.default_rng(1).integers(0, 99, (3, 4, 5)).astype(np.uint16)
    return [
        nuclear_object(frames),
        enhanced(frames),
        enhanced(frames, modality="PT"),
        *slices(frames)[:1],
    ]


@pytest.mark.parametrize("ds", kinds(), ids=["NM", "CT", "PT", "slice"])
def test_a_name_in_every_text_of_a_file_passes_only_where_it_is_named(ds):
    ds = everywhere(ds)
    file = as_file(ds)
    assert file.getvalue().count(CANARY.encode()) > 1000
    with dicom_file.lenient():
        left = list(written(dicom_file.read_dataset(file)))
    assert {name for name, value in left if "CANARY" in value} <= STILL_THERE
    assert not [name for name, value in left if OLD_BIRTHDAY in value]


def test_a_tomogram_holds_a_name_only_in_what_links_and_describes():
    ds = everywhere(kinds()[0])
    tomogram = read_tomogram(as_file(ds))
    held = {
        field.name
        for field in dataclasses.fields(tomogram)
        if "CANARY" in repr(getattr(tomogram, field.name))
    }
    assert held == {"patient_id", "description"}
    assert tomogram.age_years == 90  # born in 1929, seen in 2024
    assert (tomogram.sex, tomogram.manufacturer) == ("", "")


def test_no_private_group_passes():
    ds = everywhere(kinds()[0])
    with dicom_file.lenient():
        kept = dicom_file.read_dataset(as_file(ds))
        whole = pydicom.dcmread(as_file(ds), force=True)
        assert any(element.tag.is_private for element in whole)
        assert not any(tag.is_private for tag in kept.keys())  # noqa: SIM118
        for keyword, inside in KEPT.items():
            for item in kept.get(keyword, []) if inside is not None else []:
                assert {one.keyword for one in item} <= set(inside)
        # as much if the data set was read by somebody else, whole
        assert not any(tag.is_private for tag in deidentified(whole).keys())  # noqa: SIM118


def named(kept: dict) -> Iterator[str]:
    for keyword, inside in kept.items():
        yield keyword
        yield from named(inside or {})


def test_every_name_on_the_list_is_one_of_the_standard():
    for keyword in (*named(KEPT), *deidentification._TURNED):
        assert tag_for_keyword(keyword), keyword
        assert keyword_for_tag(tag_for_keyword(keyword)) == keyword


def test_nothing_is_read_that_does_not_pass():
    """A reader that asks for an element which the list drops would never get it."""
    known = {*named(KEPT), *deidentification._META, *deidentification.WORDS}
    known |= {"Manufacturer", "PatientAge"}
    folder = Path(deidentification.__file__).parent
    files = [*folder.glob("kinds/*.py"), folder / "pixels.py", folder / "dicom_file.py"]
    asked = {
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value.isidentifier() and tag_for_keyword(node.value)
    }
    assert len(asked) > 20
    assert asked <= known


@pytest.mark.parametrize(
    ("stated", "born", "seen", "years"),
    [
        ("063Y", None, None, 63),
        ("090Y", None, None, 90),
        ("104Y", None, None, 90),
        ("018M", None, None, 1),
        ("006W", None, None, 0),
        ("63", "19600310", "20240309", 63),  # not in the form of the standard
        (None, "19600310", "20240309", 63),
        (None, "19600310", "20240310", 64),
        (None, "19200101", "20240102", 90),
        (None, "00000000", "20240102", None),
        (None, "19600310", None, None),
        (None, "20250101", "20240102", None),
        (None, "17500101", "20240102", None),
        ("000Y", "19600310", "20240310", 64),
        ("000Y", None, None, None),
        ("001Y", "19600310", "20240310", 1),
        ("089Y", None, None, 89),
        ("125Y", None, None, 90),
        ("126Y", None, None, None),
        (None, "19600320", "20240405", 64),  # a later day, but of an earlier month
        (None, "19600305", "20240210", 63),
        (None, "19600229", "20240228", 63),
        (None, "19600229", "20240301", 64),
        (None, "20240102", "20240102", 0),
        ("999Y", None, None, None),
        ("old", None, None, None),
    ],
)
def test_age_is_told_in_years_and_never_above_ninety(stated, born, seen, years):
    ds = kinds()[0]
    with dicom_file.lenient():
        ds.PatientAge, ds.PatientBirthDate, ds.StudyDate = stated, born, seen
        file = as_file(ds)
    assert read_tomogram(file).age_years == years


@pytest.mark.parametrize(
    ("stated", "sex"), [("F", "F"), ("m", "M"), ("O", "O"), ("TARO", ""), (None, "")]
)
def test_sex_is_one_of_three_letters_or_nothing(stated, sex):
    ds = kinds()[0]
    with dicom_file.lenient():
        ds.PatientSex = stated
        file = as_file(ds)
    assert read_tomogram(file).sex == sex


@pytest.mark.parametrize(
    ("stated", "maker"),
    [
        ("SIEMENS NM", "Siemens"),
        ("GE MEDICAL SYSTEMS", "GE"),
        ("GEMS", "GE"),
        ("ADAC", "Philips"),
        ("Philips Medical Systems", "Philips"),
        ("TOSHIBA_MEC", "Canon"),
        ("Mediso", "Mediso"),
        ("Gerhard Yamada", ""),
        ("Yamada, measured on a SIEMENS", ""),
        ("", ""),
    ],
)
def test_a_maker_is_known_or_is_not_told(stated, maker):
    assert known_maker(stated) == maker
    assert max(map(len, MAKERS.values())) <= 32


def test_a_picture_with_writing_burned_in_is_flagged():
    ds = kinds()[0]
    ds.BurnedInAnnotation = "YES"
    tomogram = read_tomogram(as_file(ds))
    assert any("Burned In Annotation" in one for one in tomogram.warnings)
    files = slices(np.ones((3, 4, 5), np.uint16))
    files[1].BurnedInAnnotation = "YES"
    tomogram = assemble([read_image(as_file(one)) for one in files])
    assert sum("Burned In Annotation" in one for one in tomogram.warnings) == 1
    ds.BurnedInAnnotation = "NO"
    assert read_tomogram(as_file(ds)).warnings == ()


def test_a_patient_id_is_the_same_whatever_the_alphabet_of_the_file():
    """Links are compared as text, so they must not depend on how it is encoded."""
    ids = []
    for charset in ("ISO_IR 192", "ISO_IR 100", "ISO_IR 101"):
        ds = kinds()[0]
        ds.SpecificCharacterSet = charset
        ds.PatientID = "Müller-1"
        ids.append(read_tomogram(as_file(ds)).patient_id)
    assert ids == ["Müller-1"] * 3


def test_nothing_that_pydicom_says_of_a_value_is_logged(caplog, capfd):
    ds = everywhere(kinds()[0])
    with dicom_file.lenient():
        ds.Rows = 4
        ds.add_new(0x00080018, "UI", CANARY)
        ds.add_new(0x00101010, "AS", CANARY)
        file = as_file(ds)
    read_tomogram(file)
    assert "CANARY" not in caplog.text
    assert "CANARY" not in "".join(capfd.readouterr())
