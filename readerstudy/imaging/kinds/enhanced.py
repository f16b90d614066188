"""Enhanced CT and PET Image Storage: a volume in one file, its geometry in the
functional groups (PS3.3 A.38, A.56, A.70, A.72, C.7.6.16)."""

from collections.abc import Callable
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ..errors import Refused
from ..marking import gettext_noop
from ..orientation import Geometry
from ..pixels import decode_frames, rescaled, slope_and_intercept
from ..values import date_and_time, number, text, texts
from ..volume import Counts
from .places import (
    FunctionalGroups,
    Plane,
    first_number,
    frame_positions,
    functional_groups,
    plane,
    same_plane,
)
from .refusals import (
    ATTENUATION_MAP,
    ENHANCED_KINDS,
    PROJECTION,
    is_attenuation,
    is_projection,
)
from .stacking import stacking_order
from .stored_image import Decoded, StoredImage, stored_image


def enhanced(modality: str) -> Callable[[Dataset], StoredImage]:
    """A reader of the enhanced objects of CT or PT."""

    def read(dataset: Dataset) -> StoredImage:
        return _read(dataset, modality)

    return read


def _read(dataset: Dataset, modality: str) -> StoredImage:
    _check_kind(dataset)
    groups = functional_groups(dataset)
    if groups is None:
        raise Refused(
            gettext_noop(
                "It does not say where its slices lie (Per-frame Functional Groups)."
            )
        )
    lying = _common_plane(groups)
    frames = decode_frames(dataset)
    positions = frame_positions(groups, len(frames))
    if positions is None:
        raise Refused(
            gettext_noop(
                "Not every frame says where it lies (Image Position (Patient))."
            )
        )
    warnings: list[str] = []
    slopes = _slopes(dataset, groups, len(frames), warnings)
    values, negative = rescaled(frames, slopes)
    values, geometry = _in_order(values, lying, groups, positions)
    acquired_at, duration_s = _acquisition(groups)
    decoded = Decoded(
        modality=modality,
        frames=values,
        negative_voxels=negative,
        geometry=geometry,
        duration_s=duration_s if modality == "PT" else None,
        acquired_at=acquired_at,
        warnings=list(dict.fromkeys(warnings)),
    )
    return stored_image(dataset, decoded)


def _check_kind(dataset: Dataset) -> None:
    kind = texts(dataset, "ImageType")
    if reason := ENHANCED_KINDS.get((*kind, "", "", "")[2]):
        raise Refused(reason)
    if is_attenuation(kind):
        raise Refused(ATTENUATION_MAP)
    if is_projection(kind):
        raise Refused(PROJECTION)
    if text(dataset, "VolumetricProperties").upper() == "DISTORTED":
        raise Refused(gettext_noop("Its slices are distorted, so they are no volume."))


def _common_plane(groups: FunctionalGroups) -> Plane:
    first = plane(groups.of(0))
    for frame in range(1, len(groups.frames)):
        if not same_plane(plane(groups.of(frame)), first):
            raise Refused(
                gettext_noop("Its slices differ in orientation or pixel size.")
            )
    return first


def _in_order(
    values: Counts,
    lying: Plane,
    groups: FunctionalGroups,
    positions: NDArray[np.float64],
) -> tuple[Counts, Geometry]:
    order = np.array([0], dtype=np.intp)
    step = first_number(groups.of(0), "SliceThickness") or 1.0
    if len(values) > 1:
        normal = Geometry(lying.orientation, *lying.spacing, 1.0).normal()
        order, step = stacking_order(positions, normal)
    position = tuple(float(one) for one in positions[order[0]])
    return values[order], Geometry(lying.orientation, *lying.spacing, step, position)


def _slopes(
    dataset: Dataset, groups: FunctionalGroups, count: int, warnings: list[str]
) -> NDArray[np.float64]:
    """(frames, 2): slope and intercept of each, its own before the shared ones."""
    found = []
    for frame in range(count):
        places = [*groups.of(frame), dataset]
        stated = (slope_and_intercept(place, warnings) for place in places)
        found.append(next((one for one in stated if one), (1.0, 0.0)))
    return np.array(found)


def _acquisition(groups: FunctionalGroups) -> tuple[datetime | None, float | None]:
    """When it began, and the seconds of all its frames, those at one time once."""
    beds: dict[datetime | None, float] = {}
    for frame in range(len(groups.frames)):
        for place in groups.of(frame):
            if "FrameAcquisitionDuration" in place:
                began = date_and_time(place, "FrameAcquisitionDateTime")
                beds[began] = number(place, "FrameAcquisitionDuration") or 0.0
                break
    moments = [began for began in beds if began]
    return min(moments, default=None), sum(beds.values()) / 1000 or None
