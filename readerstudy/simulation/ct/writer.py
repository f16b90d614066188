"""A stack of CT slices as DICOM CT Image Storage, one file a slice (PS3.3 A.3, C.8.2).

All identifiers and dates follow from the seed.
"""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from .chest import FIELD_MM, SLICE_MM, Chest

MANUFACTURER = "Reader study simulation"
INTERCEPT = -1024
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_OID, "readerstudy simulated CT")


def write_series(
    folder: Path,
    stack: NDArray[np.int16],
    chest: Chest,
    *,
    description: str,
    number: int,
    dose: float = 1.0,
) -> list[Path]:
    """Files of `stack` (slices, rows, columns) in HU, slice 0 the lowest.

    number: of the series within its study. dose: share of the full exposure.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for place, image in enumerate(stack):
        path = folder / f"{place + 1:04d}.dcm"
        of_slice = _slice(image, chest, description, number, place, len(stack), dose)
        of_slice.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _uid(chest: Chest, purpose: str) -> str:
    name = f"{chest.seed}/{chest.index}/{purpose}"
    return f"2.25.{uuid.uuid5(_NAMESPACE, name).int}"


def _slice(
    image: NDArray[np.int16],
    chest: Chest,
    description: str,
    number: int,
    place: int,
    of: int,
    dose: float,
) -> Dataset:
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.SOPClassUID = CTImageStorage
    data.SOPInstanceUID = _uid(chest, f"series {number} slice {place}")
    data.StudyInstanceUID = _uid(chest, "study")
    data.SeriesInstanceUID = _uid(chest, f"series {number}")
    data.FrameOfReferenceUID = _uid(chest, "frame of reference")
    data.PositionReferenceIndicator = ""
    data.Modality = "CT"
    data.Manufacturer = MANUFACTURER
    data.ManufacturerModelName = "Simulated CT"
    data.StudyDate = data.SeriesDate = data.AcquisitionDate = "20240108"
    data.StudyTime = data.SeriesTime = data.AcquisitionTime = f"09{number:02d}00"
    data.ContentDate, data.ContentTime = data.StudyDate, data.StudyTime
    data.StudyDescription = "Chest CT (simulated)"
    data.SeriesDescription = description
    data.StudyID, data.AccessionNumber, data.ReferringPhysicianName = chest.code, "", ""
    data.SeriesNumber, data.InstanceNumber, data.AcquisitionNumber = (
        number,
        place + 1,
        1,
    )
    data.PatientName, data.PatientID = f"SIM^{chest.code}", f"SIM-{chest.code}"
    data.PatientBirthDate, data.PatientSex = "19600101", "O"
    data.BodyPartExamined, data.PatientPosition = "CHEST", "HFS"
    data.KVP, data.Exposure = "120", str(max(1, round(100 * dose)))  # mAs
    data.ConvolutionKernel = "HANN"
    _add_pixels(data, image, place, of)
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return data


def _add_pixels(data: Dataset, image: NDArray[np.int16], place: int, of: int) -> None:
    rows, columns = image.shape
    pixel = FIELD_MM / columns
    corner = -(columns - 1) / 2 * pixel
    height = (place - (of - 1) / 2) * SLICE_MM
    data.Rows, data.Columns = rows, columns
    data.PixelSpacing = [f"{pixel:.6g}"] * 2
    data.SliceThickness = f"{SLICE_MM:.6g}"
    data.ImagePositionPatient = [f"{value:.6g}" for value in (corner, corner, height)]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.SliceLocation = f"{height:.6g}"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.PixelRepresentation = 0
    data.RescaleIntercept, data.RescaleSlope = INTERCEPT, 1
    data.RescaleType = "HU"
    data.WindowCenter, data.WindowWidth = -600, 1500
    data.PixelData = (image.astype(np.int32) - INTERCEPT).astype("<u2").tobytes()
    data["PixelData"].VR = "OW"
