"""Reconstructed tomograms from DICOM files, upright, with what pairing needs.

What a file is, its SOP class and Image Type say; its name and its Modality are
often wrong. So far NM Image Storage is read (PS3.3 A.5, C.8.4); another modality
is another entry of READERS.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID, NuclearMedicineImageStorage

from . import dicom_file
from .deidentification import age_years, sex
from .dicom_file import integer, items, number, numbers, text
from .errors import Refused
from .makers import known_maker
from .marking import gettext_noop
from .orientation import Geometry, upright
from .volume import Volume


@dataclass(frozen=True)
class Tomogram:
    """One reconstructed acquisition.

    modality: NM, PT or CT, by SOP class.
    age_years: completed years at the examination, at most 90; None unknown.
    sex: F, M, O or "". manufacturer: by its known name or "".
    total_counts: sum of all voxels after rescale.
    negative_voxels: how many voxels are below 0.
    duration_s: acquisition time, None where the file does not say.
    origin_mm: DICOM patient coordinates (x, y, z) of voxel 0, 0, 0; None if unknown.
    warnings: sentences on what was missing or invalid and what was assumed.
    """

    volume: Volume
    patient_id: str
    study_uid: str
    series_uid: str
    sop_uids: tuple[str, ...]
    duration_s: float | None
    total_counts: float
    description: str
    manufacturer: str
    acquired_at: datetime | None
    modality: str
    age_years: int | None
    sex: str
    frame_uid: str
    negative_voxels: int
    origin_mm: tuple[float, float, float] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoredImage:
    """One file of a tomogram, decoded but not yet put upright.

    frames: float32 (frames, rows, columns), rescaled, in the order of their slices.
    """

    frames: NDArray[np.float32] = field(repr=False)
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


def read_tomogram(file: Path | BinaryIO) -> Tomogram:
    """The tomogram that one multi-frame file holds. Refused with the reason."""
    return assemble([read_image(file)])


def read_image(file: Path | BinaryIO) -> StoredImage:
    """One file: a whole tomogram, or one slice of one. Refused with the reason."""
    with dicom_file.lenient():
        dataset = dicom_file.read_dataset(file)
        sop_class = UID(text(dataset, "SOPClassUID"))
        if sop_class not in READERS:
            raise Refused(
                gettext_noop("It is not a reconstructed tomogram but: %(name)s.")
                % {"name": sop_class.name}
            )
        return READERS[sop_class](dataset)


def assemble(images: Sequence[StoredImage]) -> Tomogram:
    """A tomogram from one multi-frame image, or from one image for each slice."""
    if len(images) == 1:
        image = images[0]
        if len(image.frames) == 1:
            raise Refused(
                gettext_noop("It is a single slice without the others of its series.")
            )
    else:
        image = _stacked(images)
    volume, origin = upright(image.frames, image.geometry)
    return Tomogram(
        volume=volume,
        patient_id=image.patient_id,
        study_uid=image.study_uid,
        series_uid=image.series_uid,
        sop_uids=tuple(one.sop_uid for one in images),
        duration_s=image.duration_s,
        total_counts=float(volume.counts.sum(dtype=np.float64)),
        description=image.description,
        manufacturer=image.manufacturer,
        acquired_at=image.acquired_at,
        modality=image.modality,
        age_years=image.age_years,
        sex=image.sex,
        frame_uid=image.frame_uid,
        negative_voxels=sum(one.negative_voxels for one in images),
        origin_mm=origin,
        warnings=tuple(dict.fromkeys(w for one in images for w in one.warnings)),
    )


def _stacked(images: Sequence[StoredImage]) -> StoredImage:
    """Single-slice images of one series as one, by their positions.

    Some systems write a file for each slice, with NumberOfFrames 1.
    """
    first = images[0]
    if any(len(image.frames) != 1 for image in images):
        raise Refused(
            gettext_noop("Its series mixes single slices with whole volumes.")
        )
    shapes = {image.frames.shape for image in images}
    layouts = {
        (image.geometry.orientation, image.geometry.row_mm, image.geometry.column_mm)
        for image in images
    }
    if len(shapes) > 1 or len(layouts) > 1:
        raise Refused(
            gettext_noop("The slices of its series differ in size or orientation.")
        )
    if any(image.geometry.position is None for image in images):
        raise Refused(
            gettext_noop(
                "The slices of its series do not say where they lie (Image "
                "Position (Patient))."
            )
        )
    normal = first.geometry.normal()
    height = np.array([normal @ np.array(image.geometry.position) for image in images])
    order = np.argsort(height)
    gaps = np.diff(height[order])
    if gaps.min() < 0.01 or gaps.max() - gaps.min() > 0.1 * gaps.max():
        raise Refused(
            gettext_noop(
                "Slices of its series are missing, doubled or unevenly spaced."
            )
        )
    lowest = images[int(order[0])]
    return replace(
        lowest,
        frames=np.concatenate([images[index].frames for index in order]),
        geometry=replace(lowest.geometry, frame_mm=float(gaps.mean())),
    )


def _read_nuclear(dataset: Dataset) -> StoredImage:
    """NM Image Storage whose Image Type value 3 is RECON TOMO (PS3.3 C.8.4.9.1.1)."""
    kind = [part.strip() for part in _image_type(dataset)]
    if len(kind) < 3 or kind[2] != "RECON TOMO":
        raise Refused(
            gettext_noop(
                "It is not a reconstructed tomogram but a nuclear medicine "
                "image of the kind %(kind)s (Image Type)."
            )
            % {"kind": kind[2] if len(kind) > 2 and kind[2] else "unknown"}
        )
    warnings: list[str] = []
    geometry = _nuclear_geometry(dataset, warnings)
    frames = _in_slice_order(dataset, dicom_file.decode_frames(dataset), warnings)
    counts = _rescaled(dataset, frames, warnings)
    return StoredImage(
        frames=counts,
        geometry=geometry,
        patient_id=text(dataset, "PatientID"),
        study_uid=text(dataset, "StudyInstanceUID"),
        series_uid=text(dataset, "SeriesInstanceUID"),
        sop_uid=text(dataset, "SOPInstanceUID"),
        duration_s=_nuclear_duration(dataset),
        description=text(dataset, "SeriesDescription"),
        manufacturer=known_maker(text(dataset, "Manufacturer")),
        acquired_at=dicom_file.moment(dataset, "AcquisitionDate", "AcquisitionTime"),
        warnings=tuple(warnings),
        modality="NM",
        age_years=age_years(dataset),
        sex=sex(dataset),
        frame_uid=text(dataset, "FrameOfReferenceUID"),
        negative_voxels=int(np.count_nonzero(counts < 0)),
    )


def _image_type(dataset: Dataset) -> list[str]:
    try:
        value = dataset.get("ImageType") or []
    except Exception:  # unreadable: then it claims to be nothing
        return []
    return [value] if isinstance(value, str) else [str(part) for part in value]


def _nuclear_geometry(dataset: Dataset, warnings: list[str]) -> Geometry:
    """Position and orientation stand at the root or with the detector (C.8.4.11)."""
    places = [dataset, *items(dataset, "DetectorInformationSequence")]
    orientation = _first(places, "ImageOrientationPatient", 6)
    if not orientation or not _orthonormal(orientation):
        raise Refused(
            gettext_noop(
                "It does not say which side of the image is the patient's left "
                "(Image Orientation (Patient) is missing or invalid)."
            )
        )
    spacing = numbers(dataset, "PixelSpacing")
    if len(spacing) != 2 or min(spacing) <= 0:
        raise Refused(
            gettext_noop("It does not say how large its pixels are (Pixel Spacing).")
        )
    # C.8.4.15: negative means that the slices follow against the normal, so with
    # an ordinary axial orientation the first frame is the highest.
    between = number(dataset, "SpacingBetweenSlices")
    if not between:
        between = number(dataset, "SliceThickness")
        warnings.append(
            gettext_noop(
                "It does not say in which direction its slices follow each other "
                "(Spacing Between Slices); the first was taken for the lowest."
            )
        )
    if not between:
        raise Refused(gettext_noop("It does not say how far apart its slices are."))
    return Geometry(
        orientation=orientation,
        row_mm=spacing[0],
        column_mm=spacing[1],
        frame_mm=between,
        position=_first(places, "ImagePositionPatient", 3),
    )


def _first(
    places: Sequence[Dataset], keyword: str, length: int
) -> tuple[float, ...] | None:
    for place in places:
        found = numbers(place, keyword)
        if len(found) == length:
            return found
    return None


def _orthonormal(orientation: tuple[float, ...]) -> bool:
    pair = np.array(orientation).reshape(2, 3)
    return bool(np.allclose(pair @ pair.T, np.eye(2), atol=1e-2))


def _in_slice_order(
    dataset: Dataset, frames: NDArray[np.generic], warnings: list[str]
) -> NDArray[np.generic]:
    """Frames by their number in Slice Vector (C.8.4.15), which may be any order."""
    count = len(frames)
    if count == 1:
        return frames  # files of one slice repeat the vector of the whole series
    slices = integer(dataset, "NumberOfSlices")
    if slices and slices != count:
        raise Refused(
            gettext_noop(
                "It holds %(count)s frames for %(slices)s slices: several "
                "phases, energy windows or detectors are not read."
            )
            % {"count": count, "slices": slices}
        )
    vector = [int(one) for one in numbers(dataset, "SliceVector")]
    if sorted(vector) == list(range(1, count + 1)):
        return frames[np.argsort(vector)]
    warnings.append(
        gettext_noop("Its Slice Vector is missing or invalid; frames stay in order.")
    )
    return frames


def _rescaled(
    dataset: Dataset, frames: NDArray[np.generic], warnings: list[str]
) -> NDArray[np.float32]:
    """Counts; an absent Rescale Slope and Intercept mean 1 and 0."""
    slope, intercept = number(dataset, "RescaleSlope"), None
    if "RescaleSlope" in dataset and (slope is None or slope <= 0):
        warnings.append(gettext_noop("Its Rescale Slope is invalid and was ignored."))
        slope = None
    else:
        intercept = number(dataset, "RescaleIntercept")
    scaled = frames.astype(np.float64) * (slope or 1.0) + (intercept or 0.0)
    counts: NDArray[np.float32] = scaled.astype(np.float32)
    if not np.all(np.isfinite(counts)):
        raise Refused(gettext_noop("Its image has pixels that are not numbers."))
    return counts


def _nuclear_duration(dataset: Dataset) -> float | None:
    """Seconds of acquisition, from the rotations that were reconstructed.

    PS3.3 C.8.4.12: Actual Frame Duration (ms) is that of one projection and Number
    of Frames in Rotation counts the projections of all detectors, which count
    together. Only comparisons between scans of one examination rest on it.
    """
    total = 0.0
    detectors = max(1, integer(dataset, "NumberOfDetectors") or 1)
    for rotation in items(dataset, "RotationInformationSequence"):
        frame_ms = number(rotation, "ActualFrameDuration")
        frames = number(rotation, "NumberOfFramesInRotation")
        if not frame_ms or not frames or frame_ms < 0 or frames < 0:
            return None
        total += frame_ms / 1000 * frames / detectors
    return total or None


# SOP class → how a file of it is read
READERS: dict[str, Callable[[Dataset], StoredImage]] = {
    NuclearMedicineImageStorage: _read_nuclear,
}
