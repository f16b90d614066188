"""Whether the short scan of a case is the mirror image of the reference.

A head never stands quite straight, nor quite in the middle, nor is it quite alike on
both sides. So of the short scan as it is and the same turned over, each laid on the
reference, one is more like it. docs/pairing.md says how far this can be trusted.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.registration import displacement_mm
from readerstudy.imaging.volume import Volume

# Two scans of one head that lay still lie so near to each other, but hardly ever a head
# and its mirror image: nothing is looked for.
IN_PLACE_MM = 0.5
COARSE = 4  # voxels a direction that are added up: noise goes, the head stays
# 1 − correlation: up to this the turned scan shows the head as it lies in the
# reference; beyond it the patient has turned, too, and neither tells.
SAME = 0.005
CLEARLY = 1.5  # the turned scan is nearer by this factor

Offset = tuple[float, float, float] | None


def is_mirrored(reference: Volume, short: Volume, offset: Offset) -> bool:
    """offset: of the short scan from the reference, as displacement_mm tells it."""
    in_place = offset is not None and max(map(abs, offset)) <= IN_PLACE_MM
    if in_place or reference.counts.shape != short.counts.shape:
        return False
    fixed = _coarse(reference.counts)
    as_it_is = _unlike(fixed, short, offset)
    turned = Volume(short.counts[:, :, ::-1], short.spacing_mm)
    turned_over = _unlike(fixed, turned, displacement_mm(reference, turned))
    return turned_over <= SAME and as_it_is >= CLEARLY * turned_over


def _unlike(fixed: NDArray[np.float32], other: Volume, offset: Offset) -> float:
    counts = other.counts
    if offset:
        from scipy.ndimage import shift  # loads slowly, and few scans need it

        places = zip(reversed(offset), other.spacing_mm, strict=True)
        back = [-apart / size for apart, size in places]
        counts = shift(counts, back, np.float32, order=1, mode="nearest")
    return 1.0 - float(np.vdot(fixed, _coarse(counts)))


def _coarse(counts: NDArray[Any]) -> NDArray[np.float32]:
    """Square roots of coarse voxels, so that noise is alike everywhere; mean 0, of
    length 1."""
    for axis, size in enumerate(counts.shape):
        starts = np.arange(0, size, COARSE)
        counts = np.add.reduceat(counts, starts, axis=axis, dtype=np.float32)
    values: NDArray[np.float32] = np.sqrt(np.maximum(counts, 0), dtype=np.float32)
    values -= values.mean()
    values /= np.linalg.norm(values) or 1.0
    return values
