"""Where the slices of a file lie, from wherever it says so.

Position, orientation and pixel size stand at the root, with the detector (nuclear
medicine, PS3.3 C.8.4.11), or in functional groups, shared or of each frame (C.7.6.16).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ..errors import Refused
from ..marking import gettext_noop
from ..values import items, number, numbers

SAME_DIRECTION = 1e-3  # direction cosines are written with few digits


@dataclass(frozen=True)
class Plane:
    """How slices are turned and how large their pixels are.

    orientation: six direction cosines, as in Geometry.
    spacing: between rows and between columns, mm.
    """

    orientation: tuple[float, ...]
    spacing: tuple[float, float]


def plane(places: Sequence[Dataset]) -> Plane:
    """From the first place that says it. Refused where none does."""
    orientation = first_of(places, "ImageOrientationPatient", 6)
    if not orientation or not _orthonormal(orientation):
        raise Refused(
            gettext_noop(
                "It does not say which side of the image is the patient's left "
                "(Image Orientation (Patient) is missing or invalid)."
            )
        )
    spacing = first_of(places, "PixelSpacing", 2)
    if not spacing or min(spacing) <= 0:
        raise Refused(
            gettext_noop("It does not say how large its pixels are (Pixel Spacing).")
        )
    return Plane(orientation, (spacing[0], spacing[1]))


def first_of(
    places: Sequence[Dataset], keyword: str, length: int
) -> tuple[float, ...] | None:
    for place in places:
        found = numbers(place, keyword)
        if len(found) == length:
            return found
    return None


def first_number(places: Sequence[Dataset], keyword: str) -> float | None:
    return next((one for p in places if (one := number(p, keyword))), None)


def _orthonormal(orientation: tuple[float, ...]) -> bool:
    pair = np.array(orientation).reshape(2, 3)
    return bool(np.allclose(pair @ pair.T, np.eye(2), atol=1e-2))


def same_plane(one: Plane, other: Plane) -> bool:
    return np.allclose(
        one.orientation, other.orientation, atol=SAME_DIRECTION
    ) and np.allclose(one.spacing, other.spacing, rtol=1e-3)


def detectors(dataset: Dataset) -> list[Dataset]:
    return items(dataset, "DetectorInformationSequence")


@dataclass(frozen=True)
class FunctionalGroups:
    """The groups that all frames share, and those of each frame."""

    shared: Sequence[Dataset]
    frames: Sequence[Sequence[Dataset]]

    def of(self, frame: int) -> list[Dataset]:
        """All places that speak of a frame, its own first."""
        return [*self.frames[frame], *self.shared]


def functional_groups(dataset: Dataset) -> FunctionalGroups | None:
    """None where the file has no groups for each of its frames."""
    frames = items(dataset, "PerFrameFunctionalGroupsSequence")
    if not frames:
        return None
    shared = items(dataset, "SharedFunctionalGroupsSequence")
    return FunctionalGroups(
        [group for item in shared for group in _groups(item)],
        [_groups(item) for item in frames],
    )


def _groups(item: Dataset) -> list[Dataset]:
    """Every functional group is a sequence of one item (C.7.6.16.1)."""
    return [
        group
        for element in item
        if element.VR == "SQ"
        for group in items(item, element.keyword)
    ]


def frame_positions(groups: FunctionalGroups, count: int) -> NDArray[np.float64] | None:
    """(frames, 3) mm; None unless each of `count` frames says where it lies."""
    if len(groups.frames) != count:
        return None
    found = [first_of(frame, "ImagePositionPatient", 3) for frame in groups.frames]
    if any(position is None for position in found):
        return None
    positions: NDArray[np.float64] = np.array(found, dtype=np.float64)
    return positions
