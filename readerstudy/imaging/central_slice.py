"""Three rules for the slice of the highest count, which the words leave open.

hottest-voxel: the slice of the hottest voxel of all. In a patient who has lost the
    striatum that can be a parotid gland.
largest-sum: the slice with the largest sum of counts. It follows the widest section
    of the brain rather than the striatum.
central-region: the hottest voxel of the central brain, which the glands do not reach:
    in-plane near the middle of the head, and neither far above nor far below its
    widest section. The default.
"""

from .preprocessing import SEARCH_RADIUS_MM, find_central_slice
from .volume import Volume

DEFAULT_RULE = "central-region"
MIDDLE = "middle"  # of a whole stack, which is read from end to end
# The striatum lies within 20 mm of the widest section; the glands below the tongue,
# which are in the middle too, lie 70 mm below it and more.
SEARCH_HEIGHT_MM = 40.0


def slice_candidates(volume: Volume) -> dict[str, int]:
    """rule → index of the slice that it takes. Refused if there are no counts."""
    hottest = find_central_slice(volume, search_radius_mm=None)
    widest = int(volume.slice_sums.argmax())
    reach = int(SEARCH_HEIGHT_MM / volume.spacing_mm[0])
    lowest = max(0, widest - reach)
    middle = Volume(volume.counts[lowest : widest + reach + 1], volume.spacing_mm)
    return {
        DEFAULT_RULE: lowest
        + find_central_slice(middle, search_radius_mm=SEARCH_RADIUS_MM),
        "hottest-voxel": hottest,
        "largest-sum": widest,
    }
