"""Images that others have made, finished: whose case each is, and does it fit."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused

from ..models import Series
from ..plan import ScannedSeries
from .parity import SAME_SPACING_MM

COARSE = 24  # voxels a side at most, even: noise goes, the body stays
FAR_LEVEL_HU = 200.0
# 1 − correlation: up to this it is the same image, even if what it shows is alike on
# both sides, so that rounding or part of a voxel would have turned it over.
SAME = 1e-4
CLEARLY = 1.5  # turned over, it is nearer by this factor
WAYS = {
    2: gettext_noop("left to right"),
    1: gettext_noop("front to back"),
    0: gettext_noop("head to feet"),
}


def codes_in(names: Iterable[str], codes: Sequence[str]) -> set[str]:
    """The codes of cases that stand in these paths, each as a word of its own.

    Where one code is the beginning of another, the longest that fits counts.
    """
    known = {code.casefold(): code for code in codes}
    longest = sorted(known, key=len, reverse=True)
    if not longest:
        return set()
    any_of = "|".join(map(re.escape, longest))
    word = re.compile(rf"(?<![a-z0-9])(?:{any_of})(?![a-z0-9])")
    return {known[one] for name in names for one in word.findall(name.casefold())}


def codes_of_patient(patient: str, patients: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Cases whose scans bear that keyed digest. patients: code → digests."""
    return {code for code, digests in patients.items() if patient in digests}


def turned_over(reference: NDArray[Any], image: NDArray[Any]) -> str:
    """In which way the image lies the other way round than the reference; "" if in
    none that can be told. Both of one shape (slices, rows, columns)."""
    fixed, moving = _coarse(reference), _coarse(image)
    as_it_is = 1 - float(np.vdot(fixed, moving))
    best, way = as_it_is, ""
    for axis, words in WAYS.items():
        turned = 1 - float(np.vdot(fixed, np.flip(moving, axis)))
        if turned < best:
            best, way = turned, words
    return way if as_it_is > SAME and as_it_is >= CLEARLY * best else ""


def _coarse(values: NDArray[Any]) -> NDArray[np.float64]:
    """Means of blocks, less their own mean, of length 1."""
    coarse: NDArray[Any] = values
    for axis, size in enumerate(values.shape):
        edges = _edges(size)
        along = np.moveaxis(coarse, axis, 0)
        blocks = [along[a:b].mean(0, dtype=np.float64) for a, b in pairwise(edges)]
        coarse = np.stack(blocks, axis)
    coarse -= coarse.mean()
    coarse /= np.linalg.norm(coarse) or 1.0
    return coarse


def _edges(size: int) -> list[int]:
    """Of blocks that lie alike from both ends: turned over, each comes upon one."""
    count = min(size, COARSE - size % 2)
    half = [size * number // count for number in range(count // 2 + 1)]
    return sorted({*half, *(size - edge for edge in half)})


def shape_of(series: Series) -> tuple[int, int, int]:
    return series.slices, series.rows, series.columns


def check_grid(scan: ScannedSeries, reference: Series) -> None:
    spacing = (
        reference.slice_spacing_mm,
        reference.row_spacing_mm,
        reference.column_spacing_mm,
    )
    apart = [abs(a - b) for a, b in zip(scan.spacing_mm, spacing, strict=True)]
    if scan.shape[0] == 1:  # a single slice's distance to its neighbours is a guess
        apart = apart[1:]
    if scan.shape != shape_of(reference) or max(apart) > SAME_SPACING_MM:
        raise Refused(
            gettext_noop(
                "It has %(here)s voxels of %(size)s mm, the scan of its case "
                "%(there)s of %(needed)s mm."
            )
            % {
                "here": _times(scan.shape, "d"),
                "size": _times(scan.spacing_mm, ".2f"),
                "there": _times(shape_of(reference), "d"),
                "needed": _times(spacing, ".2f"),
            }
        )


def _times(sides: Sequence[float], kind: str) -> str:
    return "×".join(format(side, kind) for side in reversed(sides))


def check_level(scan: float, image: float) -> None:
    if abs(scan - image) > FAR_LEVEL_HU:
        raise Refused(
            gettext_noop(
                "Its mean is %(image)s, that of the scan of its case %(scan)s HU: is "
                "it in Hounsfield units?"
            )
            % {"image": f"{image:.1f}", "scan": f"{scan:.1f}"}
        )
