"""NM Image Storage whose Image Type value 3 is RECON TOMO (PS3.3 A.5, C.8.4)."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ..errors import Refused
from ..marking import gettext_noop
from ..orientation import Geometry
from ..pixels import decode_frames, rescaled, slope_and_intercept
from ..values import integer, items, number, numbers, texts
from .places import (
    Plane,
    detectors,
    first_number,
    first_of,
    frame_positions,
    functional_groups,
    plane,
)
from .refusals import ATTENUATION_MAP, NUCLEAR_KINDS, NUCLEAR_UNKNOWN, is_attenuation
from .stacking import stacking_order
from .stored_image import Decoded, StoredImage, stated_slices, stored_image


def read_nuclear(dataset: Dataset) -> StoredImage:
    kind = texts(dataset, "ImageType")
    if len(kind) < 3 or kind[2] != "RECON TOMO":
        raise Refused(NUCLEAR_KINDS.get((*kind, "", "", "")[2], NUCLEAR_UNKNOWN))
    if is_attenuation(kind):
        raise Refused(ATTENUATION_MAP)
    warnings: list[str] = []
    places = [dataset, *detectors(dataset)]
    groups = functional_groups(dataset)
    if groups:
        places += groups.of(0)
    lying = plane(places)
    frames = decode_frames(dataset)
    _check_count(dataset, len(frames))
    positions = frame_positions(groups, len(frames)) if groups else None
    if positions is not None and len(frames) > 1:
        frames, geometry = _by_position(frames, lying, positions)
    else:
        geometry = _geometry(lying, places, len(frames), warnings)
        frames = _in_slice_order(dataset, frames, warnings)
    slope = slope_and_intercept(dataset, warnings) or (1.0, 0.0)
    values, negative = rescaled(frames, np.array([slope]))
    decoded = Decoded(
        modality="NM",
        frames=values,
        negative_voxels=negative,
        geometry=geometry,
        duration_s=_duration(dataset),
        warnings=warnings,
        slices_stated=stated_slices(dataset),
    )
    return stored_image(dataset, decoded)


def _by_position(
    frames: NDArray[np.generic], lying: Plane, positions: NDArray[np.float64]
) -> tuple[NDArray[np.generic], Geometry]:
    geometry = Geometry(lying.orientation, *lying.spacing, 1.0)
    order, step = stacking_order(positions, geometry.normal())
    position = tuple(float(one) for one in positions[order[0]])
    return frames[order], Geometry(lying.orientation, *lying.spacing, step, position)


def _geometry(
    lying: Plane, places: list[Dataset], count: int, warnings: list[str]
) -> Geometry:
    # C.8.4.15: negative means that the slices follow against the normal, so with
    # an ordinary axial orientation the first frame is the highest.
    between = first_number(places, "SpacingBetweenSlices")
    if not between:
        between = first_number(places, "SliceThickness")
        if count > 1:
            warnings.append(
                gettext_noop(
                    "It does not say in which direction its slices follow each other "
                    "(Spacing Between Slices); the first was taken for the lowest."
                )
            )
    if not between and count > 1:
        raise Refused(gettext_noop("It does not say how far apart its slices are."))
    return Geometry(
        lying.orientation,
        *lying.spacing,
        between or 1.0,  # of a single slice, whose neighbours tell
        first_of(places, "ImagePositionPatient", 3),
    )


def _check_count(dataset: Dataset, count: int) -> None:
    """Refused unless there is one frame for each slice; in a file of one slice, Number
    of Slices is that of the whole series."""
    slices = integer(dataset, "NumberOfSlices")
    if count > 1 and slices and slices != count:
        raise Refused(
            gettext_noop(
                "It holds %(count)s frames for %(slices)s slices: several "
                "phases, energy windows or detectors are not read."
            )
            % {"count": count, "slices": slices}
        )


def _in_slice_order(
    dataset: Dataset, frames: NDArray[np.generic], warnings: list[str]
) -> NDArray[np.generic]:
    """Frames by their number in Slice Vector (C.8.4.8.1.8), which may be any order."""
    count = len(frames)
    if count == 1:
        return frames  # files of one slice repeat the vector of the whole series
    vector = [int(one) for one in numbers(dataset, "SliceVector")]
    if vector == list(range(1, count + 1)):
        return frames
    if sorted(vector) == list(range(1, count + 1)):
        return frames[np.argsort(vector)]
    warnings.append(
        gettext_noop("Its Slice Vector is missing or invalid; frames stay in order.")
    )
    return frames


def _duration(dataset: Dataset) -> float | None:
    """Seconds of acquisition, from the rotations that were reconstructed.

    PS3.3 C.8.4.12: Actual Frame Duration (ms) is that of one angular position, and
    Number of Frames in Rotation counts these. Number of Detectors does not come in:
    it "does not necessarily represent the actual number" and is 1 here (C.8.4.8.1.3);
    a file that repeats its projections' 2 counts the positions of each. So heads whose
    projections are counted together make this longer than the clock says, in both
    scans alike: only comparisons between scans of one examination rest on it.
    """
    total = 0.0
    for rotation in items(dataset, "RotationInformationSequence"):
        frame_ms = number(rotation, "ActualFrameDuration")
        frames = number(rotation, "NumberOfFramesInRotation")
        if not frame_ms or not frames or frame_ms < 0 or frames < 0:
            return None
        total += frame_ms / 1000 * frames
    return total or None
