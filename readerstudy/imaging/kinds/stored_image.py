"""One file of a tomogram, decoded but not yet put upright."""

from dataclasses import dataclass, field
from datetime import datetime

from pydicom.dataset import Dataset

from ..orientation import Geometry
from ..pixels import doubts
from ..values import date_and_time, integer, moment, number, text
from ..volume import Counts


@dataclass(frozen=True)
class StoredImage:
    """The frames of one file and what pairing needs.

    frames: (frames, rows, columns), rescaled, in the order of their slices.
    modality: NM, PT or CT, by SOP class.
    age_years: completed years at the examination, at most 90; None unknown.
    sex: F, M, O or "". manufacturer: by its known name or "".
    negative_voxels: how many voxels are below 0.
    slices_stated: how many slices its series has in all, as it says; None: it does not.
    exposure_mas: of a CT; None where the file does not say.
    """

    frames: Counts = field(repr=False)
    geometry: Geometry
    patient_id: str
    study_uid: str
    series_uid: str
    sop_uid: str
    duration_s: float | None
    description: str
    manufacturer: str
    acquired_at: datetime | None
    warnings: tuple[str, ...]
    modality: str
    age_years: int | None
    sex: str
    frame_uid: str
    negative_voxels: int
    slices_stated: int | None = None
    exposure_mas: float | None = None


@dataclass(frozen=True)
class Decoded:
    """What differs from one kind of file to another."""

    modality: str
    frames: Counts = field(repr=False)
    negative_voxels: int
    geometry: Geometry
    duration_s: float | None
    warnings: list[str]
    acquired_at: datetime | None = None
    slices_stated: int | None = None


def stored_image(dataset: Dataset, decoded: Decoded) -> StoredImage:
    """`decoded` with what stands in the same place in files of all kinds."""
    return StoredImage(
        frames=decoded.frames,
        geometry=decoded.geometry,
        patient_id=text(dataset, "PatientID"),
        study_uid=text(dataset, "StudyInstanceUID"),
        series_uid=text(dataset, "SeriesInstanceUID"),
        sop_uid=text(dataset, "SOPInstanceUID"),
        duration_s=decoded.duration_s,
        description=text(dataset, "SeriesDescription"),
        manufacturer=text(dataset, "Manufacturer"),
        acquired_at=decoded.acquired_at or _acquired_at(dataset),
        warnings=(*decoded.warnings, *doubts(dataset)),
        modality=decoded.modality,
        age_years=_years(text(dataset, "PatientAge")),
        sex=text(dataset, "PatientSex"),
        frame_uid=text(dataset, "FrameOfReferenceUID"),
        negative_voxels=decoded.negative_voxels,
        slices_stated=decoded.slices_stated,
        exposure_mas=_exposure(dataset) if decoded.modality == "CT" else None,
    )


def _exposure(dataset: Dataset) -> float | None:
    """Exposure (0018,1152) in mAs: dose follows it, all else being equal."""
    stated = number(dataset, "Exposure")
    return stated if stated and stated > 0 else None


def _years(age: str) -> int | None:
    """Years, as `deidentification` writes them: 063Y."""
    return int(age[:3]) if age else None


def _acquired_at(dataset: Dataset) -> datetime | None:
    whole = date_and_time(dataset, "AcquisitionDateTime")
    return whole or moment(dataset, "AcquisitionDate", "AcquisitionTime")


def stated_slices(dataset: Dataset) -> int | None:
    """Number of Slices (0054,0081): in NM and PET objects, of the whole series."""
    stated = integer(dataset, "NumberOfSlices")
    return stated if stated and stated > 0 else None
