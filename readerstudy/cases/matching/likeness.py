"""Which scans show the same head, whatever names their files bear."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.study_types import AIR_HU

from ..plan import ScannedSeries
from .parity import scan_volume

COARSE = 4  # voxels a direction that are added up: noise goes, the head stays
# Correlation of one patient's two scans: 0.997 and more where nobody moved, 0.994
# moved by a voxel; of two patients' 0.993 at most (40 simulated ones, all with all).
LEAST = 0.993
LEAST_ALONE = 0.995  # where there is no other scan to compare with
# The next best is at least so many times further from 1.
CLEARER = 2.0
MOST_COMPARED = 500  # scans of one size: all of them against all


def same_heads(
    scans: Sequence[ScannedSeries],
    *,
    folder: Path,
    may_match: Callable[[ScannedSeries, ScannedSeries], bool],
) -> list[tuple[ScannedSeries, ScannedSeries]]:
    """Pairs of `scans` that look like the same head and like no other, the most alike
    first. Each scan is in one pair at most.

    may_match: whether two scans could be the two of a case.
    """
    kinds: dict[object, list[ScannedSeries]] = {}
    for scan in scans:
        size = tuple(round(one, 2) for one in scan.spacing_mm)
        kinds.setdefault((scan.modality, scan.shape, size), []).append(scan)
    found = []
    for alike in kinds.values():
        if 2 <= len(alike) <= MOST_COMPARED:
            found += _matches(alike, _correlations(alike, folder), may_match)
    return found


def _correlations(scans: Sequence[ScannedSeries], folder: Path) -> NDArray[np.float32]:
    coarse = np.array([_coarse(scan, folder) for scan in scans])
    correlations: NDArray[np.float32] = coarse @ coarse.T
    return correlations


def _coarse(scan: ScannedSeries, folder: Path) -> NDArray[np.float32]:
    """Square roots of counts, so that noise is alike everywhere; of length 1."""
    counts = scan_volume(folder, scan).counts
    if scan.unit == "HU":
        counts = counts.astype(np.float32) - AIR_HU
    counts = np.clip(counts, 0, None)
    for axis, size in enumerate(scan.shape):
        starts = np.arange(0, size, COARSE)
        counts = np.add.reduceat(counts, starts, axis=axis)
    values = np.sqrt(counts).ravel()
    values -= values.mean()
    length = float(np.linalg.norm(values))
    return (values / length if length else values).astype(np.float32)


def _matches(
    scans: Sequence[ScannedSeries],
    correlations: NDArray[np.float32],
    may_match: Callable[[ScannedSeries, ScannedSeries], bool],
) -> list[tuple[ScannedSeries, ScannedSeries]]:
    allowed = np.zeros(correlations.shape, bool)
    for row, one in enumerate(scans):
        for column, other in enumerate(scans[:row]):
            allowed[row, column] = allowed[column, row] = may_match(one, other)
    alike = np.where(allowed, correlations, -1.0)
    best = alike.argmax(axis=1)
    found = []
    for one in np.argsort(-alike.max(axis=1)):
        other = best[one]
        if one < other and best[other] == one and _is_clear(alike, one, other):
            found.append((scans[one], scans[other]))
    return found


def _is_clear(alike: NDArray[np.float32], one: np.intp, other: np.intp) -> bool:
    correlation = float(alike[one, other])
    rivals = np.append(np.delete(alike[one], other), np.delete(alike[other], one))
    nearest = float(rivals.max(initial=-1.0))
    if nearest < 0:
        return correlation >= LEAST_ALONE
    return correlation >= LEAST and 1 - nearest >= CLEARER * (1 - correlation)
