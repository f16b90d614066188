"""Reconstructed tomograms from DICOM files, upright, with what pairing needs.

What a file is, its SOP class and Image Type say; its name and its Modality are
often wrong. Another kind of file is another entry of READERS.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydicom import uid
from pydicom.dataset import Dataset

from . import dicom_file
from .errors import Refused
from .kinds.enhanced import enhanced
from .kinds.nuclear import read_nuclear
from .kinds.refusals import not_a_tomogram
from .kinds.slices import read_ct, read_pet
from .kinds.stacking import check_complete, stacked
from .kinds.stored_image import StoredImage
from .marking import gettext_noop
from .orientation import ALIGNED_WITHIN_DEGREES, TILTED_WITHIN_DEGREES, upright
from .values import text
from .volume import Volume

__all__ = ["StoredImage", "Tomogram", "assemble", "read_image", "read_tomogram"]

TILTED = gettext_noop(
    "Its slices are tilted by %(degrees).0f° against the patient's axes; they are "
    "shown as they were taken."
)

# SOP class → how a file of it is read
READERS: dict[str, Callable[[Dataset], StoredImage]] = {
    uid.NuclearMedicineImageStorage: read_nuclear,
    uid.PositronEmissionTomographyImageStorage: read_pet,
    uid.CTImageStorage: read_ct,
    uid.EnhancedPETImageStorage: enhanced("PT"),
    uid.LegacyConvertedEnhancedPETImageStorage: enhanced("PT"),
    uid.EnhancedCTImageStorage: enhanced("CT"),
    uid.LegacyConvertedEnhancedCTImageStorage: enhanced("CT"),
}


@dataclass(frozen=True)
class Tomogram:
    """One reconstructed acquisition.

    modality: NM, PT or CT, by SOP class.
    age_years: completed years at the examination, at most 90; None unknown.
    sex: F, M, O or "". manufacturer: by its known name or "".
    total_counts: sum of all voxels after rescale.
    negative_voxels: how many voxels are below 0.
    exposure_mas: of CT, mean over the slices; None where the file does not say.
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
    exposure_mas: float | None = None


def read_tomogram(file: Path | BinaryIO) -> Tomogram:
    """The tomogram that one multi-frame file holds. Refused with the reason."""
    return assemble([read_image(file)])


def read_image(file: Path | BinaryIO) -> StoredImage:
    """One file: a whole tomogram, or one slice of one. Refused with the reason."""
    with dicom_file.lenient():
        dataset = dicom_file.read_dataset(file)
        sop_class = text(dataset, "SOPClassUID")
        if sop_class not in READERS:
            raise Refused(not_a_tomogram(sop_class))
        return READERS[sop_class](dataset)


def assemble(images: Sequence[StoredImage], *, single: bool = False) -> Tomogram:
    """A tomogram from one multi-frame image, or from one image for each slice.

    single: of a stack that is looked at slice by slice: one slice alone is taken too,
    and slices of a tilted gantry as they are, with a warning.
    """
    most = TILTED_WITHIN_DEGREES if single else ALIGNED_WITHIN_DEGREES
    if len(images) > 1:
        image = stacked(images, within_degrees=most)
    else:
        image = images[0]
        if len(image.frames) == 1:
            _check_single(image, single)
    volume, origin = upright(image.frames, image.geometry, within_degrees=most)
    warnings = image.warnings
    if (tilt := image.geometry.tilt_degrees) > ALIGNED_WITHIN_DEGREES:
        warnings += (TILTED % {"degrees": tilt},)
    return Tomogram(
        volume=volume,
        patient_id=image.patient_id,
        study_uid=image.study_uid,
        series_uid=image.series_uid,
        sop_uids=tuple(one.sop_uid for one in images),
        duration_s=image.duration_s,
        total_counts=float(volume.slice_sums.sum()),
        description=image.description,
        manufacturer=image.manufacturer,
        acquired_at=image.acquired_at,
        modality=image.modality,
        age_years=image.age_years,
        sex=image.sex,
        frame_uid=image.frame_uid,
        negative_voxels=image.negative_voxels,
        origin_mm=origin,
        warnings=warnings,
        exposure_mas=image.exposure_mas,
    )


def _check_single(image: StoredImage, single: bool) -> None:
    if not single:
        raise Refused(
            gettext_noop("It is a single slice without the others of its series.")
        )
    check_complete([image])
    if np.abs(image.geometry.normal()).argmax() != 2:
        raise Refused(
            gettext_noop(
                "It is a single slice that is not axial: it makes no stack of axial "
                "slices."
            )
        )
