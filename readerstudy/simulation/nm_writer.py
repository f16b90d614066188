"""Reconstructed tomograms as DICOM Nuclear Medicine Image Storage.

One multi-frame object for each scan, laid out as real systems lay it out (DICOM
PS3.3 A.5, C.8.4): ImageType DERIVED\\PRIMARY\\RECON TOMO\\EMISSION, frames
counted by the slice vector, position and orientation inside the detector
information sequence only, SpacingBetweenSlices negative because the first frame
is the highest slice. All identifiers and dates follow from the seed.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, NuclearMedicineImageStorage

from readerstudy.imaging.volume import Volume

from .camera import Camera
from .patient import Patient

MANUFACTURER = "Reader study simulation"
MODEL = "Simulated SPECT"
# UUID version 5 of names below this namespace, as 2.25.<integer> (PS3.5 B.2).
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_OID, "readerstudy simulated cohort")


@dataclass(frozen=True)
class Scan:
    """One reconstructed scan of a patient; `number` 1 is the reference."""

    volume: Volume
    patient: Patient
    lowest_mm: float
    duration_s: float
    photopeak_counts: int  # gamma events, not the sum of the volume
    number: int


def write_scan(path: Path, scan: Scan) -> None:
    """Write one NM object; the same scan gives the same bytes."""
    image = Dataset()
    _add_identity(image, scan)
    _add_image(image, scan)
    _add_nuclear_medicine(image, scan)
    image.file_meta = FileMetaDataset()
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.save_as(path, enforce_file_format=True)


def uid(patient: Patient, purpose: str) -> str:
    """A UID that depends on seed, case and purpose only."""
    name = f"{patient.seed}/{patient.index}/{purpose}"
    return f"2.25.{uuid.uuid5(_NAMESPACE, name).int}"


def _add_identity(image: Dataset, scan: Scan) -> None:
    patient = scan.patient
    start = datetime.datetime(2024, 1, 8, 9, 0) + datetime.timedelta(
        days=patient.index % 700
    )
    minutes = round(scan.duration_s / 60)
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = NuclearMedicineImageStorage
    image.SOPInstanceUID = uid(patient, f"image {scan.number}")
    image.StudyInstanceUID = uid(patient, "study")
    image.SeriesInstanceUID = uid(patient, f"series {scan.number}")
    image.FrameOfReferenceUID = uid(patient, "frame of reference")
    image.PositionReferenceIndicator = ""
    for name in ("Study", "Series", "Acquisition", "Content"):
        setattr(image, f"{name}Date", start.strftime("%Y%m%d"))
        setattr(image, f"{name}Time", start.strftime("%H%M%S"))
    image.Modality = "NM"
    image.Manufacturer = MANUFACTURER
    image.ManufacturerModelName = MODEL
    image.SoftwareVersions = "1"
    image.StudyDescription = "DaT SPECT (simulated)"
    image.SeriesDescription = f"Brain {minutes} min OSEM AC SC"
    image.StudyID = patient.code
    image.SeriesNumber = scan.number
    image.InstanceNumber = 1
    image.AccessionNumber = ""
    image.ReferringPhysicianName = ""
    image.PatientName = f"SIM^{patient.code}"
    image.PatientID = patient.patient_id
    image.PatientBirthDate = f"{start.year - patient.age_years:04d}0101"
    image.PatientAge = f"{patient.age_years:03d}Y"
    image.PatientSex = patient.sex
    image.BodyPartExamined = "BRAIN"


def _add_image(image: Dataset, scan: Scan) -> None:
    volume = scan.volume
    slices, rows, columns = volume.counts.shape
    thickness, row_mm, column_mm = volume.spacing_mm
    image.ImageType = ["DERIVED", "PRIMARY", "RECON TOMO", "EMISSION"]
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows = rows
    image.Columns = columns
    image.NumberOfFrames = slices
    image.FrameIncrementPointer = 0x00540080  # slice vector
    image.SliceVector = list(range(1, slices + 1))
    image.NumberOfSlices = slices
    image.PixelSpacing = [_decimal(row_mm), _decimal(column_mm)]
    image.SliceThickness = _decimal(thickness)
    image.SpacingBetweenSlices = _decimal(-thickness)
    image.BitsAllocated = 16
    image.BitsStored = 16
    image.HighBit = 15
    image.PixelRepresentation = 0
    frames = np.round(volume.counts[::-1]).astype("<u2")
    image.PixelData = frames.tobytes()
    image["PixelData"].VR = "OW"
    image.CountsAccumulated = scan.photopeak_counts
    image.LossyImageCompression = "00"


def _add_nuclear_medicine(image: Dataset, scan: Scan) -> None:
    camera = Camera()
    image.NumberOfEnergyWindows = 1
    limits = Dataset()
    limits.EnergyWindowLowerLimit, limits.EnergyWindowUpperLimit = (
        _decimal(limit) for limit in camera.window_kev
    )
    window = Dataset()
    window.EnergyWindowName = "I-123 159 keV"
    window.EnergyWindowRangeSequence = Sequence([limits])
    image.EnergyWindowInformationSequence = Sequence([window])
    image.RadiopharmaceuticalInformationSequence = Sequence([_ioflupane()])
    image.NumberOfDetectors = 1
    image.DetectorInformationSequence = Sequence([_detector(scan, camera)])
    image.NumberOfRotations = 1
    image.RotationInformationSequence = Sequence([_rotation(scan, camera)])
    image.TypeOfDetectorMotion = "STEP AND SHOOT"
    supine = _code("102538003", "SCT", "recumbent")
    supine.PatientOrientationModifierCodeSequence = Sequence(
        [_code("40199007", "SCT", "supine")]
    )
    image.PatientOrientationCodeSequence = Sequence([supine])
    image.PatientGantryRelationshipCodeSequence = Sequence(
        [_code("102540008", "SCT", "headfirst")]
    )


def _detector(scan: Scan, camera: Camera) -> Dataset:
    slices, rows, columns = scan.volume.counts.shape
    thickness, row_mm, column_mm = scan.volume.spacing_mm
    highest = scan.lowest_mm + (slices - 1) * thickness
    detector = Dataset()
    detector.CollimatorGridName = "LEHR"
    detector.CollimatorType = "PARA"
    detector.FocalDistance = 0
    # Centre of the first pixel of the first frame, the highest slice.
    detector.ImagePositionPatient = [
        _decimal(-(columns - 1) / 2 * column_mm),
        _decimal(-(rows - 1) / 2 * row_mm),
        _decimal(highest),
    ]
    detector.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    return detector


def _rotation(scan: Scan, camera: Camera) -> Dataset:
    rotation = Dataset()
    # Degrees grow from the patient's back (0) to the left side (90), PS3.3 C.8.4.11-12;
    # the camera starts before the face and goes to the left ear, so they decrease.
    rotation.RotationDirection = "CW"
    rotation.RadialPosition = _decimal(camera.radius_mm)
    rotation.ScanArc = 360
    rotation.StartAngle = 180
    rotation.AngularStep = _decimal(360 / camera.views)
    rotation.NumberOfFramesInRotation = camera.views
    # Milliseconds for each of the projections (PS3.3 C.8.4.12).
    rotation.ActualFrameDuration = round(scan.duration_s / camera.views * 1000)
    return rotation


def _ioflupane() -> Dataset:
    drug = Dataset()
    drug.Radiopharmaceutical = "Ioflupane I-123"
    drug.RadionuclideTotalDose = 185  # MBq in NM objects (PS3.3 C.8.4.10)
    drug.RadionuclideCodeSequence = Sequence([_code("21572004", "SCT", "^123^Iodine")])
    drug.RadiopharmaceuticalCodeSequence = Sequence(
        [_code("429296007", "SCT", "Ioflupane I^123^")]
    )
    return drug


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue = value
    code.CodingSchemeDesignator = scheme
    code.CodeMeaning = meaning
    return code


def _decimal(value: float) -> str:
    """A DICOM decimal string of at most 16 characters."""
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"
