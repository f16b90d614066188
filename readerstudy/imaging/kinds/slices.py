"""PET and CT Image Storage: one file a slice (PS3.3 A.21 and C.8.9, A.3 and C.8.2)."""

import numpy as np
from pydicom.dataset import Dataset

from ..errors import Refused
from ..marking import gettext_noop
from ..orientation import Geometry
from ..pixels import decode_frames, rescaled, slope_and_intercept
from ..values import number, text, texts
from .places import first_number, first_of, plane
from .refusals import (
    ATTENUATION_MAP,
    CT_KINDS,
    CT_UNKNOWN,
    PET_SERIES,
    PROJECTION,
    is_attenuation,
    is_projection,
)
from .stored_image import Decoded, StoredImage, stated_slices, stored_image

CT_VOLUMES = ("AXIAL", "REFORMATTED", "MPR", "VOLUME")


def read_ct(dataset: Dataset) -> StoredImage:
    kind = texts(dataset, "ImageType")
    third = (*kind, "", "", "")[2]
    if third not in CT_VOLUMES:
        raise Refused(CT_KINDS.get(third, CT_UNKNOWN))
    _check_content(kind)
    return _read(dataset, "CT", duration_s=None)


def read_pet(dataset: Dataset) -> StoredImage:
    """Image Type says little of a PET slice, so Series Type (C.8.9.1) decides too.

    Number of Time Slices does not: GE writes the number of beds into it. Several
    times in one series are known by their positions, which are then the same.
    """
    for part in texts(dataset, "SeriesType"):
        if reason := PET_SERIES.get(part.upper()):
            raise Refused(reason)
    _check_content(texts(dataset, "ImageType"))
    if text(dataset, "Units").upper() == "1CM":  # linear attenuation coefficients
        raise Refused(ATTENUATION_MAP)
    frame_ms = number(dataset, "ActualFrameDuration")
    return _read(
        dataset,
        "PT",
        duration_s=frame_ms / 1000 if frame_ms and frame_ms > 0 else None,
        slices_stated=stated_slices(dataset),
    )


def _check_content(kind: tuple[str, ...]) -> None:
    if is_attenuation(kind):
        raise Refused(ATTENUATION_MAP)
    if is_projection(kind):
        raise Refused(PROJECTION)


def _read(
    dataset: Dataset,
    modality: str,
    *,
    duration_s: float | None,
    slices_stated: int | None = None,
) -> StoredImage:
    warnings: list[str] = []
    lying = plane([dataset])
    frames = decode_frames(dataset)
    if len(frames) > 1:
        raise Refused(
            gettext_noop(
                "It holds %(count)s frames where its kind of file holds one slice."
            )
            % {"count": len(frames)}
        )
    slope = slope_and_intercept(dataset, warnings) or (1.0, 0.0)
    values, negative = rescaled(frames, np.array([slope]))
    decoded = Decoded(
        modality=modality,
        frames=values,
        negative_voxels=negative,
        geometry=Geometry(
            lying.orientation,
            *lying.spacing,
            first_number([dataset], "SliceThickness") or 1.0,  # its neighbours tell
            first_of([dataset], "ImagePositionPatient", 3),
        ),
        duration_s=duration_s,
        warnings=warnings,
        slices_stated=slices_stated,
    )
    return stored_image(dataset, decoded)
