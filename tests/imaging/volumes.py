"""Self-made PET and CT objects, one file a slice and enhanced, by the standard."""

from collections.abc import Sequence as Items

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    EnhancedPETImageStorage,
    ExplicitVRLittleEndian,
    PositronEmissionTomographyImageStorage,
    generate_uid,
)

from .objects import AXIAL

CORNER = (-200.0, -180.0, 100.0)


def normal(orientation: tuple[float, ...]) -> np.ndarray:
    along_columns, along_rows = np.array(orientation, float).reshape(2, 3)
    return np.cross(along_columns, along_rows)


def _plain(sop_class: str, pixels: np.ndarray) -> Dataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    ds = Dataset()
    ds.file_meta = meta
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    ds.PatientName = "Yamada^Taro"
    ds.PatientID = "Yamada-4711"
    ds.StudyInstanceUID = "1.2.3.4"
    ds.FrameOfReferenceUID = "1.2.3.5"
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = pixels.shape[-2:]
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit = 15
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    ds.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    return ds


def slices(
    frames: np.ndarray,
    *,
    sop_class: str = PositronEmissionTomographyImageStorage,
    orientation: tuple[float, ...] = AXIAL,
    step_mm: float = 3.0,
    pixel_mm: tuple[float, float] = (2.0, 2.5),
    slopes: Items[float] | None = None,
    series: str = "1.2.3.9",
) -> list[Dataset]:
    """One file for each of `frames`, which follow each other along the normal.

    Instance numbers run against the positions, as some systems write them.
    """
    found = []
    for index, frame in enumerate(frames):
        ds = _plain(sop_class, frame)
        ds.SeriesInstanceUID = series
        ds.InstanceNumber = len(frames) - index
        ds.ImageType = ["ORIGINAL", "PRIMARY"]
        ds.PixelSpacing = list(pixel_mm)
        ds.SliceThickness = 5.0  # slices overlap: it tells no distance
        ds.ImageOrientationPatient = list(orientation)
        ds.ImagePositionPatient = [
            round(float(one), 4)
            for one in np.array(CORNER) + index * step_mm * normal(orientation)
        ]
        ds.RescaleIntercept = 0
        ds.RescaleSlope = slopes[index] if slopes else 1
        ds.AcquisitionDate, ds.AcquisitionTime = "20240102", "101500"
        if sop_class == CTImageStorage:
            ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
            ds.RescaleIntercept = -1024
            ds.Modality = "CT"
        else:
            ds.Modality = "PT"
            ds.SeriesType = ["STATIC", "IMAGE"]
            ds.Units = "BQML"
            ds.NumberOfSlices = len(frames)
            ds.ActualFrameDuration = 600_000
        found.append(ds)
    return found


def enhanced(
    frames: np.ndarray,
    *,
    modality: str = "CT",
    orientation: tuple[float, ...] = AXIAL,
    step_mm: float = 3.0,
    pixel_mm: tuple[float, float] = (2.0, 2.5),
    stored: Items[int] | None = None,
    slopes: Items[float] | None = None,
) -> Dataset:
    """One file of `frames` along the normal, stored in the order of `stored`."""
    order = list(stored) if stored is not None else list(range(len(frames)))
    sop_class = EnhancedCTImageStorage if modality == "CT" else EnhancedPETImageStorage
    ds = _plain(sop_class, frames[order])
    ds.SeriesInstanceUID = generate_uid()
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    ds.Modality = {"CT": "CT", "PT": "PT"}[modality]
    ds.VolumetricProperties = "VOLUME"
    ds.NumberOfFrames = len(frames)
    shared = Dataset()
    shared.PixelMeasuresSequence = _one(
        PixelSpacing=list(pixel_mm), SliceThickness=abs(step_mm)
    )
    shared.PlaneOrientationSequence = _one(ImageOrientationPatient=list(orientation))
    if slopes is None:
        shared.PixelValueTransformationSequence = _one(
            RescaleSlope=1, RescaleIntercept=-1024 if modality == "CT" else 0
        )
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    frames_of = []
    for index in order:
        item = Dataset()
        position = np.array(CORNER) + index * step_mm * normal(orientation)
        item.PlanePositionSequence = _one(
            ImagePositionPatient=[round(float(one), 4) for one in position]
        )
        item.FrameContentSequence = _one(
            FrameAcquisitionDateTime="20240102101500.25",
            FrameAcquisitionDuration=600_000.0,
        )
        if slopes is not None:
            item.PixelValueTransformationSequence = _one(
                RescaleSlope=slopes[index], RescaleIntercept=0
            )
        frames_of.append(item)
    ds.PerFrameFunctionalGroupsSequence = Sequence(frames_of)
    return ds


def _one(**values: object) -> Sequence:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return Sequence([item])
