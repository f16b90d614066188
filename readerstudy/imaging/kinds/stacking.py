"""Slices in the order in which they lie in the patient, none missing, none doubled.

Positions decide, never the order of files, frames or instance numbers.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import radians, tan

import numpy as np
from numpy.typing import NDArray

from ..errors import Refused
from ..marking import gettext_noop
from ..orientation import ALIGNED_WITHIN_DEGREES, Geometry
from ..volume import Counts
from .places import Plane, same_plane
from .stored_image import StoredImage

SAME_PLACE_MM = 0.01
# Steps that differ by so much are even: positions are written with few digits.
EVEN_WITHIN = 0.1
EVEN_WITHIN_MM = 0.06
SHIFTED_MM = 0.5
SHIFTED = gettext_noop(
    "Its slices are shifted against each other by up to %(mm).0f mm; they are shown as "
    "they were taken."
)
FEW_MOMENTS = 20  # more moments of acquisition in a series than any camera has beds


def stacking_order(
    positions: NDArray[np.float64],
    normal: NDArray[np.float64],
    *,
    within_degrees: float = ALIGNED_WITHIN_DEGREES,
) -> tuple[NDArray[np.intp], float]:
    """The order in which slices follow along `normal`, and their distance, mm.

    positions: (slices, 3), Image Position (Patient). Refused: slices missing,
    doubled, unevenly spaced, or shifted within their planes further than a gantry
    leaves them that is tilted by so much.
    """
    # told to people as the patient's coordinate, which grows the way the axis does
    sign = 1.0 if normal[np.abs(normal).argmax()] > 0 else -1.0
    height = positions @ normal * sign
    order = np.argsort(height, kind="stable")
    step = _even_step(height[order])
    _check_upright(positions[order], normal, within_degrees)
    return (order if sign > 0 else order[::-1]), step


def _even_step(height: NDArray[np.float64]) -> float:
    gaps = np.diff(height)
    _check_single(height, gaps)
    typical = _typical(gaps)
    allowed = max(EVEN_WITHIN * typical, EVEN_WITHIN_MM)
    slots = np.rint(gaps / typical).astype(int)
    if np.any(np.abs(gaps - np.maximum(slots, 1) * typical) > allowed):
        raise Refused(_uneven(height, gaps))
    if np.any(slots > 1):
        raise Refused(_missing(height, slots))
    return float(height[-1] - height[0]) / len(gaps)


def _typical(gaps: NDArray[np.float64]) -> float:
    """The lower median: of few gaps, the one that is no hole."""
    return float(np.sort(gaps)[(len(gaps) - 1) // 2])


def _check_single(height: NDArray[np.float64], gaps: NDArray[np.float64]) -> None:
    """Refused if several slices lie at one place."""
    starts = np.flatnonzero(np.concatenate([[True], gaps > SAME_PLACE_MM]))
    times = np.diff(np.append(starts, len(height)))
    if times.max() == 1:
        return
    if times.min() == times.max():
        raise Refused(
            gettext_noop(
                "It holds %(times)s images of every slice: several phases, gates or "
                "reconstructions together are not read."
            )
            % {"times": int(times.max())}
        )
    first = int(np.flatnonzero(times > 1)[0])
    raise Refused(
        gettext_noop(
            "Slice %(number)s of its series is there %(times)s times, at %(at).1f mm."
        )
        % {
            "number": first + 1,
            "times": int(times[first]),
            "at": float(height[starts[first]]),
        }
    )


def _missing(height: NDArray[np.float64], slots: NDArray[np.int_]) -> str:
    """Which slices are missing, counted from the lowest, and between which."""
    before = int(np.flatnonzero(slots > 1)[0])
    number = int(slots[:before].sum()) + 2
    last = number + int(slots[before]) - 2
    missing = int((slots - 1).sum())
    between = {"below": float(height[before]), "above": float(height[before + 1])}
    if missing == 1:
        return gettext_noop(
            "Slice %(number)s of its series is missing, between %(below).1f and "
            "%(above).1f mm."
        ) % {"number": number, **between}
    if missing == last - number + 1:
        return gettext_noop(
            "Slices %(number)s to %(last)s of its series are missing, between "
            "%(below).1f and %(above).1f mm."
        ) % {"number": number, "last": last, **between}
    return gettext_noop(
        "%(missing)s slices of its series are missing, the first of them slice "
        "%(number)s, between %(below).1f and %(above).1f mm."
    ) % {"missing": missing, "number": number, **between}


def _uneven(height: NDArray[np.float64], gaps: NDArray[np.float64]) -> str:
    typical = _typical(gaps)
    worst = int(np.abs(gaps - typical).argmax())
    return gettext_noop(
        "Its slices are unevenly spaced: mostly %(usual).2f mm apart, but "
        "%(gap).2f mm at %(at).1f mm."
    ) % {
        "usual": typical,
        "gap": float(gaps[worst]),
        "at": float(height[worst]),
    }


def _check_upright(
    positions: NDArray[np.float64],
    normal: NDArray[np.float64],
    within_degrees: float,
) -> None:
    """Refused if slices do not lie straight above each other, as a tilted gantry
    leaves them: no choice of axes makes a box of such a volume."""
    if _shifted_mm(positions, normal, within_degrees):
        raise Refused(
            gettext_noop(
                "Its slices are shifted against each other, as a tilted gantry "
                "leaves them: they make no upright volume."
            )
        )


def _shifted_mm(
    positions: NDArray[np.float64],
    normal: NDArray[np.float64],
    within_degrees: float,
) -> float:
    """The furthest that a slice lies aside of the first one; 0 if none lies further
    than a gantry leaves it that is tilted by so much."""
    moved = positions - positions[0]
    along = moved @ normal
    aside = np.linalg.norm(moved - np.outer(along, normal), axis=1)
    allowed = SHIFTED_MM + tan(radians(within_degrees)) * abs(along)
    return float(aside.max()) if np.any(aside > allowed) else 0.0


def stacked(
    images: Sequence[StoredImage], *, within_degrees: float = ALIGNED_WITHIN_DEGREES
) -> StoredImage:
    """Single-slice images of one series as one."""
    first = images[0]
    _check_alike(images)
    positions = np.array([image.geometry.position for image in images], np.float64)
    normal = first.geometry.normal()
    order, step = stacking_order(positions, normal, within_degrees=within_degrees)
    check_complete(images)
    warnings = [warning for image in images for warning in image.warnings]
    if first.geometry.tilt_degrees <= ALIGNED_WITHIN_DEGREES and (
        shifted := _shifted_mm(positions[order], normal, ALIGNED_WITHIN_DEGREES)
    ):
        warnings.append(SHIFTED % {"mm": shifted})
    lowest = images[int(order[0])]
    return replace(
        lowest,
        frames=_one_after_another([images[index].frames for index in order]),
        geometry=replace(lowest.geometry, frame_mm=step),
        duration_s=_duration_s(images),
        exposure_mas=_exposure_mas(images),
        acquired_at=min(
            (one.acquired_at for one in images if one.acquired_at), default=None
        ),
        negative_voxels=sum(one.negative_voxels for one in images),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def check_complete(images: Sequence[StoredImage]) -> None:
    """Refused if a file says that its series has more slices than are there."""
    stated = max((one.slices_stated or 0) for one in images)
    if stated > len(images):
        raise Refused(
            gettext_noop(
                "Its series has %(stated)s slices, as it says, but only %(found)s "
                "of them are there."
            )
            % {"stated": stated, "found": len(images)}
        )


def _one_after_another(slices: Sequence[Counts]) -> Counts:
    """Whole numbers only where they are all of one type."""
    one_kind = len({frames.dtype for frames in slices}) == 1
    kind = slices[0].dtype if one_kind else np.dtype(np.float32)
    joined: Counts = np.concatenate(slices, dtype=kind)
    return joined


def _check_alike(images: Sequence[StoredImage]) -> None:
    first = images[0]
    if any(len(image.frames) != 1 for image in images):
        raise Refused(
            gettext_noop("Its series mixes single slices with whole volumes.")
        )
    if any(
        one.frames.shape != first.frames.shape
        or one.modality != first.modality
        or not same_plane(_plane(one.geometry), _plane(first.geometry))
        for one in images
    ):
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


def _plane(geometry: Geometry) -> Plane:
    return Plane(geometry.orientation, (geometry.row_mm, geometry.column_mm))


def _exposure_mas(images: Sequence[StoredImage]) -> float | None:
    """The mean: tubes follow the thickness of the patient from slice to slice."""
    stated = [one.exposure_mas for one in images if one.exposure_mas]
    return sum(stated) / len(stated) if stated else None


def _duration_s(images: Sequence[StoredImage]) -> float | None:
    """Of one slice's acquisition; in PET, where beds follow each other, of all."""
    beds = {one.acquired_at: one.duration_s for one in images}
    durations = [one for one in beds.values() if one]
    if not durations:
        return None
    together = images[0].modality == "PT" and len(beds) <= FEW_MOMENTS
    return sum(durations) if together else durations[0]
