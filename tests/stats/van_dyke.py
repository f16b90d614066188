"""The study of Van Dyke, on which programs for several readers are compared."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stats.ratings import RatingTable

PLACE = Path(__file__).parents[1] / "golden" / "van-dyke.txt"


def van_dyke() -> tuple[RatingTable, NDArray[np.bool_]]:
    """5 readers, 2 treatments, 114 cases; and which of these have the finding."""
    lines = PLACE.read_text().splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    ratings = np.zeros((5, 2, 114))
    for reader, treatment, without, having in rows:
        values = [float(one) for one in without + having]
        ratings[int(reader) - 1, int(treatment) - 1] = values
    return RatingTable(ratings, np.arange(114)), np.arange(114) >= 69
