"""What is not a tomogram is refused with a reason of its own, without its words."""

import inspect

import numpy as np
import pydicom.uid
import pytest
from pydicom.uid import UID

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.tomogram import READERS, read_image

from .objects import as_file, nuclear_object

pytestmark = pytest.mark.pure

STORAGE = [
    one
    for _, one in inspect.getmembers(pydicom.uid)
    if isinstance(one, UID) and one.keyword.endswith("Storage")
]


def refusal(sop_class: str, kind: list[str] | None = None) -> str:
    ds = nuclear_object(np.ones((3, 4, 5), np.uint16))
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = sop_class
    if kind:
        ds.ImageType = kind
    with pytest.raises(Refused) as caught:
        read_image(as_file(ds))
    return str(caught.value)


def test_every_storage_class_of_the_standard_is_read_or_refused_with_a_reason():
    assert len(STORAGE) > 100
    for sop_class in STORAGE:
        if sop_class not in READERS:
            assert refusal(sop_class).endswith(".")


@pytest.mark.parametrize(
    ("keyword", "reason"),
    [
        ("SecondaryCaptureImageStorage", "screen capture"),
        ("MultiFrameGrayscaleWordSecondaryCaptureImageStorage", "screen capture"),
        ("BasicTextSRStorage", "report"),
        ("XRayRadiationDoseSRStorage", "report"),
        ("KeyObjectSelectionDocumentStorage", "references"),
        ("EncapsulatedPDFStorage", "document"),
        ("GrayscaleSoftcopyPresentationStateStorage", "how an image is shown"),
        ("TwelveLeadECGWaveformStorage", "curve"),
        ("SegmentationStorage", "regions"),
        ("RTStructureSetStorage", "regions"),
        ("SpatialRegistrationStorage", "lie together"),
        ("MRImageStorage", "magnetic resonance"),
        ("EnhancedMRImageStorage", "magnetic resonance"),
        ("RawDataStorage", "raw data"),
        ("UltrasoundImageStorage", "ultrasound"),
        ("ComputedRadiographyImageStorage", "Computed Radiography"),
        ("RTDoseStorage", "RT Dose"),
    ],
)
def test_each_kind_has_its_own_reason(keyword, reason):
    assert reason in refusal(getattr(pydicom.uid, keyword))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"], "raw projections"),
        (["ORIGINAL", "PRIMARY", "GATED TOMO", "EMISSION"], "gated raw projections"),
        (["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"], "planar"),
        (["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"], "whole-body"),
        (["ORIGINAL", "PRIMARY", "DYNAMIC", "EMISSION"], "dynamic"),
        (["ORIGINAL", "PRIMARY", "GATED", "EMISSION"], "gated"),
        (["DERIVED", "PRIMARY", "RECON GATED TOMO", "EMISSION"], "several phases"),
        (["DERIVED", "PRIMARY", "RECON TOMO", "TRANSMISSION"], "attenuation map"),
        (["DERIVED", "PRIMARY", "RECON TOMO", "EMISSION", "MUMAP"], "attenuation"),
    ],
)
def test_nuclear_images_that_are_not_reconstructed_say_what_they_are(kind, reason):
    assert reason in refusal(pydicom.uid.NuclearMedicineImageStorage, kind)


def test_a_reason_never_repeats_what_the_file_says():
    kind = ["ORIGINAL", "PRIMARY", "YAMADA TARO"]
    for sop_class in (*READERS, "1.2.4711.19480229", pydicom.uid.CTImageStorage):
        if sop_class in READERS and "Enhanced" in UID(sop_class).keyword:
            continue
        reason = refusal(sop_class, kind)
        assert "YAMADA" not in reason and "4711" not in reason


def test_a_file_of_an_unknown_kind_is_refused():
    assert "does not know" in refusal("1.2.4711.19480229")
