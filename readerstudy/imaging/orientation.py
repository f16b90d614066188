"""From the orientation a file states to the one orientation of a Volume.

DICOM patient coordinates (PS3.3 C.7.6.2.1.1) grow to the patient's left (x), to
the back (y) and to the head (z). A Volume's columns, rows and slices grow the same
ways, so putting it upright is a choice of axes and flips: no voxel changes value.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import Refused
from .marking import gettext_noop
from .volume import Counts, Volume

# Turned by less than this, an axis counts as aligned; the rest is not resampled.
ALIGNED_WITHIN_DEGREES = 2.0
# The most that slices of a stack may be turned: a CT's gantry tilts no further.
TILTED_WITHIN_DEGREES = 30.0


@dataclass(frozen=True)
class Geometry:
    """Where stored frames lie in the patient.

    orientation: Image Orientation (Patient), six direction cosines: of growing
        column index, then of growing row index.
    row_mm, column_mm: distance between neighbouring rows, columns; > 0.
    frame_mm: signed distance from one frame to the next along the normal
        (row direction × column direction).
    position: Image Position (Patient) of the first frame, mm; None if not stated.
    """

    orientation: tuple[float, ...]
    row_mm: float
    column_mm: float
    frame_mm: float
    position: tuple[float, ...] | None = None

    @property
    def tilt_degrees(self) -> float:
        """The largest angle between a stored axis and the patient's nearest one."""
        axes = np.vstack([np.reshape(self.orientation, (2, 3)), self.normal()])
        cosines = np.abs(axes).max(axis=1) / np.linalg.norm(axes, axis=1)
        return float(np.degrees(np.arccos(np.clip(cosines.min(), -1, 1))))

    def normal(self) -> NDArray[np.float64]:
        along_columns, along_rows = np.array(self.orientation).reshape(2, 3)
        normal: NDArray[np.float64] = np.cross(along_columns, along_rows)
        return normal


def upright(
    frames: Counts,
    geometry: Geometry,
    *,
    within_degrees: float = ALIGNED_WITHIN_DEGREES,
) -> tuple[Volume, tuple[float, float, float] | None]:
    """The volume, and the position (x, y, z mm) of its voxel 0, 0, 0 if known.

    frames: (frames, rows, columns) as stored. Refused if an axis is turned by more
    than that: the nearest ones are then not sure to be the patient's.
    """
    along_columns, along_rows = np.array(geometry.orientation).reshape(2, 3)
    steps = np.stack(  # mm moved by one step along each stored axis; (3 axes, xyz)
        [
            geometry.normal() * geometry.frame_mm,
            along_rows * geometry.row_mm,
            along_columns * geometry.column_mm,
        ]
    )
    lengths = np.linalg.norm(steps, axis=1)
    axis_of = np.abs(steps).argmax(axis=1)  # 0 = x, 1 = y, 2 = z, per stored axis
    if sorted(axis_of) != [0, 1, 2] or geometry.tilt_degrees > within_degrees:
        raise Refused(
            gettext_noop(
                "Its slices are oblique: they do not lie along the patient's "
                "axes (Image Orientation (Patient))."
            )
        )
    order = [int(np.flatnonzero(axis_of == axis)[0]) for axis in (2, 1, 0)]
    flipped = [bool(steps[axis, axis_of[axis]] < 0) for axis in order]
    counts = frames.transpose(order)[
        tuple(slice(None, None, -1 if flip else 1) for flip in flipped)
    ]
    spacing = tuple(float(lengths[axis]) for axis in order)
    volume = Volume(np.ascontiguousarray(counts), (spacing[0], spacing[1], spacing[2]))
    if geometry.position is None:
        return volume, None
    corner = np.array(geometry.position)
    for axis, flip in zip(order, flipped, strict=True):
        if flip:
            corner = corner + steps[axis] * (frames.shape[axis] - 1)
    return volume, (float(corner[0]), float(corner[1]), float(corner[2]))
