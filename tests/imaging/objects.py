"""Self-made NM objects: a volume whose every voxel says where in the patient it is.

They are built from the standard's clauses, not with the code under test.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRLittleEndian,
    NuclearMedicineImageStorage,
    RLELossless,
    generate_uid,
)

AXIAL = (1, 0, 0, 0, 1, 0)


def nuclear_object(
    frames: np.ndarray,
    *,
    orientation: tuple[float, ...] | None = AXIAL,
    position: tuple[float, ...] | None = (-200.0, -200.0, 100.0),
    between_mm: float | None = -3.29,
    pixel_mm: tuple[float, float] = (3.29, 3.29),
    at_root: bool = False,
    patient: str = "Yamada-4711",
    study: str = "1.2.3.4",
    series: str | None = None,
    frame_ms: int | None = 25_000,
    projections: int = 60,
) -> Dataset:
    """A reconstructed NM tomogram of `frames` (frames, rows, columns), uint16."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = NuclearMedicineImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    ds = Dataset()
    ds.file_meta = meta
    ds.SOPClassUID = NuclearMedicineImageStorage
    ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    ds.ImageType = ["DERIVED", "PRIMARY", "RECON TOMO", "EMISSION"]
    ds.Modality = "OT"  # occurs on NM objects, and must not matter
    ds.PatientName = "Yamada^Taro"
    ds.PatientID = patient
    ds.StudyInstanceUID = study
    ds.SeriesInstanceUID = series or generate_uid()
    ds.NumberOfFrames = len(frames)
    ds.NumberOfSlices = len(frames)
    ds.FrameIncrementPointer = 0x00540080
    ds.SliceVector = list(range(1, len(frames) + 1))
    ds.Rows, ds.Columns = frames.shape[1:]
    ds.PixelSpacing = list(pixel_mm)
    ds.SliceThickness = abs(between_mm or 3.29)
    if between_mm is not None:
        ds.SpacingBetweenSlices = between_mm
    place = Dataset()
    if orientation:
        place.ImageOrientationPatient = list(orientation)
    if position:
        place.ImagePositionPatient = list(position)
    if at_root:
        ds.update(place)
    else:
        ds.DetectorInformationSequence = Sequence([place])
    if frame_ms:
        rotation = Dataset()
        rotation.ActualFrameDuration = frame_ms
        rotation.NumberOfFramesInRotation = projections
        ds.RotationInformationSequence = Sequence([rotation])
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit = 15
    ds.PixelRepresentation = int(frames.dtype == np.int16)
    ds.PixelData = frames.astype("<u2" if frames.dtype != np.int16 else "<i2").tobytes()
    return ds


def as_file(ds: Dataset) -> BytesIO:
    """`ds` as a DICOM file with preamble."""
    file = BytesIO()
    ds.save_as(file, enforce_file_format=True)
    file.seek(0)
    return file


def write(ds: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_file(ds).getvalue())
    return path


def compressed(ds: Dataset) -> Dataset:
    ds.compress(RLELossless)
    return ds


def head(
    *, slices: int = 12, size: int = 72, hot_slice: int = 6, scale: float = 1.0
) -> np.ndarray:
    """Frames of a canonical head: slice 0 lowest, row 0 anterior, column 0 right.

    The hottest spot lies in `hot_slice`, left of the middle and anterior: 1000·scale.
    """
    volume = np.zeros((slices, size, size))
    row, column = np.mgrid[:size, :size] - (size - 1) / 2
    volume[:] = 100 * ((row / 25) ** 2 + (column / 20) ** 2 < 1)
    left, right = size // 2 + 8, size // 2 - 8
    front = size // 2 - 4
    for offset, strength in ((-1, 0.6), (0, 1.0), (1, 0.7)):
        volume[hot_slice + offset, front : front + 3, left : left + 3] = 900 * strength
        volume[hot_slice + offset, front : front + 3, right : right + 3] = (
            500 * strength
        )
    volume[hot_slice, front, left] = 1000
    return np.rint(volume * scale).astype(np.uint16)
