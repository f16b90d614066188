"""Which slices of a case's maps are kept: all of a few, the worst of many."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from inference.stability import Image

MOST = 12  # slices a case: of a CT of hundreds, all would be gigabytes


def kept_slices(
    maps: Mapping[str, Image],
) -> tuple[tuple[int, ...], dict[str, Image]]:
    """(indices in the stack, the maps of those slices); indices empty where all are.

    Each map in turn has the next of its slices kept, the highest one first: each is of
    a unit of its own, and what is worst in one may be nothing in the others.
    """
    shapes = {one.shape for one in maps.values()}
    if not shapes:
        return (), {}
    slices = next(iter(shapes))[0]
    if slices <= MOST:
        return (), dict(maps)
    orders = [_highest_first(one) for one in maps.values()]
    chosen: set[int] = set()
    middle = sorted(range(slices), key=lambda place: abs(place - slices // 2))
    for place in range(slices):
        for order in orders:
            if place < len(order) and len(chosen) < MOST:
                chosen.add(order[place])
    for place in middle:  # where little was found
        if len(chosen) < MOST:
            chosen.add(place)
    kept = sorted(chosen)
    return tuple(kept), {name: one[kept] for name, one in maps.items()}


def _highest_first(one: Image) -> list[int]:
    """Its slices by their highest value; none where nothing was measured or found."""
    peaks: NDArray[np.float64] = np.array(
        [float(np.nanmax(each)) if np.isfinite(each).any() else 0.0 for each in one]
    )
    order = np.argsort(-peaks, kind="stable")
    return [int(place) for place in order if peaks[place] > 0]
