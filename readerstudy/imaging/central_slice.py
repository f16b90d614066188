"""Three rules for the slice of the highest count, which the words leave open.

hottest-voxel: the slice of the hottest voxel of all. In a patient who has lost the
    striatum that can be a parotid gland.
largest-sum: the slice with the largest sum of counts. It follows the widest section
    of the brain rather than the striatum.
central-region: the hottest voxel near the middle of the head, which the glands do
    not reach (`preprocessing.SEARCH_RADIUS_MM`). The default.
"""

import numpy as np

from .preprocessing import SEARCH_RADIUS_MM, find_central_slice
from .volume import Volume

DEFAULT_RULE = "central-region"


def slice_candidates(volume: Volume) -> dict[str, int]:
    """rule → index of the slice that it takes. Refused if there are no counts."""
    return {
        DEFAULT_RULE: find_central_slice(volume, search_radius_mm=SEARCH_RADIUS_MM),
        "hottest-voxel": find_central_slice(volume, search_radius_mm=None),
        "largest-sum": int(volume.counts.sum(axis=(1, 2), dtype=np.float64).argmax()),
    }
