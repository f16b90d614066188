"""A tomogram as it is kept: on the grid of its study type, its voxels as small as they
can be."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .central_slice import MIDDLE, slice_candidates
from .resampling import INTERPOLATION, on_study_grid
from .study_types import DAT_SPECT, STUDY_TYPES
from .tomogram import Tomogram
from .volume import WHOLE_NUMBERS, Counts, Volume


@dataclass(frozen=True)
class Scan:
    """A tomogram with all that pairing needs. Identifiers included: for memory only.

    voxels: (slices, rows, columns), upright; on the study's grid, a stack on its own.
        float32 or, where that loses nothing, whole numbers.
    content: SHA-256 of them. unit: theirs, by the study type.
    candidates: as `slice_candidates` gives them; of a stack the middle alone.
    resampled_from: shape and spacing_mm that the file has, where they are others.
    The rest is as in Tomogram.
    """

    voxels: Counts = field(repr=False)
    content: str
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float] | None
    patient_id: str
    study_uid: str
    series_uid: str
    sop_uids: tuple[str, ...]
    frame_uid: str
    modality: str
    duration_s: float | None
    total_counts: float
    negative_voxels: int
    candidates: dict[str, int]
    description: str
    manufacturer: str
    acquired_at: datetime | None
    age_years: int | None
    sex: str
    resampled_from: dict[str, Any] | None
    warnings: tuple[str, ...]
    unit: str = "counts"
    exposure_mas: float | None = None


def prepared(tomogram: Tomogram, *, study_type: str = DAT_SPECT) -> Scan:
    """Refused if it holds no counts, or would be too large on the study's grid."""
    kind = STUDY_TYPES[study_type]
    volume = tomogram.volume if kind.is_stack else on_study_grid(tomogram.volume)
    voxels = whole_numbers(volume.counts)
    return Scan(
        voxels=voxels,
        content=sha256_of(voxels),
        spacing_mm=volume.spacing_mm,
        origin_mm=tomogram.origin_mm,
        patient_id=tomogram.patient_id,
        study_uid=tomogram.study_uid,
        series_uid=tomogram.series_uid,
        sop_uids=tomogram.sop_uids,
        frame_uid=tomogram.frame_uid,
        modality=tomogram.modality,
        duration_s=tomogram.duration_s,
        total_counts=tomogram.total_counts,
        negative_voxels=tomogram.negative_voxels,
        candidates=(
            {MIDDLE: len(voxels) // 2} if kind.is_stack else slice_candidates(volume)
        ),
        description=tomogram.description,
        manufacturer=tomogram.manufacturer,
        acquired_at=tomogram.acquired_at,
        age_years=tomogram.age_years,
        sex=tomogram.sex,
        resampled_from=_before(tomogram.volume, volume),
        warnings=tomogram.warnings,
        unit=kind.units[tomogram.modality],
        exposure_mas=tomogram.exposure_mas,
    )


def sha256_of(voxels: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(voxels).data).hexdigest()


def _before(stored: Volume, kept: Volume) -> dict[str, Any] | None:
    if kept is stored:
        return None
    return {
        "shape": list(stored.counts.shape),
        "spacing_mm": list(stored.spacing_mm),
        "interpolation": INTERPOLATION,
    }


def whole_numbers(counts: Counts) -> Counts:
    """The same values in half the bytes where they are counts; else as they are.

    Of the types that lose nothing the first is taken.
    """
    if counts.dtype == WHOLE_NUMBERS[0]:
        return counts
    least, most = counts.min(), counts.max()
    for kind in WHOLE_NUMBERS:
        limits = np.iinfo(kind)
        if limits.min <= least and most <= limits.max:
            whole: Counts = counts.astype(kind)
            if np.array_equal(whole, counts):
                return whole
    return counts
