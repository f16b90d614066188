"""Could chance alone make one arm agree better than the other? No Django.

If the arms did not differ, it would be chance which of a patient's images bore which
arm's name. So the names are swapped, for all readers and both sides of a patient
together, and the difference in mean kappa is computed anew.

References
----------
Phipson B, Smyth GK (2010) Permutation P-values should never be zero. Stat Appl Genet
    Mol Biol 9:39. doi:10.2202/1544-6115.1585
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..agreement.kappa import Weighting
from ..outcomes import ROUNDING, NotEstimable, Reason
from ..readings import GradeTable
from .covariance import Floats, kappas_of_tables, patient_tables, same_items

PERMUTATIONS = 9_999
SEED = 1
CHUNK = 2_000  # permutations in memory at a time, of many readers fewer
PIECE = 2_000_000  # counts of pairs in memory at a time
SWAPS = 8_000_000  # patients, swapped or not, in memory at a time


@dataclass(frozen=True)
class SwapTest:
    """Two-sided p of the difference in mean kappa when arms are swapped by patient.

    difference: -2 to 2, first arm minus second. p: 0 to 1. permutations: how many
    ways of swapping it rests on. exact: all there are; else drawn from `seed`.
    dropped: those that left a kappa without a value, in none of these numbers.
    """

    difference: float | NotEstimable
    p: float | NotEstimable
    permutations: int
    exact: bool
    seed: int
    dropped: int


def swap_test(
    table: GradeTable,
    first: int,
    second: int,
    *,
    weighting: Weighting,
    permutations: int = PERMUTATIONS,
    seed: int = SEED,
) -> SwapTest:
    """Arm-swap permutation test within patients.

    first, second: places of two arms in the table. Only items that a reader graded in
    both and in the standard count. Patients whose two arms were graded alike are the
    same either way, so only the others are swapped. All ways of swapping are gone
    through where they are no more than `permutations`; then p is the share of them
    with a difference as large or larger. Else p = (b + 1)/(m + 1), b of m drawn.

    Not estimable: a kappa that is not, as in agreement.weighted_kappa.
    """
    tables = patient_tables(same_items(table, first, second))
    here = kappas_of_tables(tables.sum(axis=0), weighting=weighting)
    difference = _difference(here)
    reason = _why_none(tables, here)
    if reason is not None:
        nothing = NotEstimable(reason)
        return SwapTest(nothing, nothing, 0, False, seed, 0)
    change = tables[:, :, 1] - tables[:, :, 0]  # (patients, readers, k, k)
    change = change[(change != 0).any(axis=(1, 2, 3))]
    exact = 2 ** len(change) <= permutations
    step = _rows(tables[0].size, len(change))
    pieces = (
        _all_swaps(len(change), step)
        if exact
        else _drawn(len(change), permutations, seed, step)
    )
    tried = beyond = counted = 0
    whole = tables.sum(axis=0)
    for swaps in pieces:
        found = _swapped(whole, change, swaps, weighting)
        tried += len(found)
        found = found[np.isfinite(found)]
        counted += len(found)
        beyond += int((np.abs(found) >= abs(difference) - ROUNDING).sum())
    p = beyond / counted if exact else (beyond + 1) / (counted + 1)
    return SwapTest(float(difference), p, counted, exact, seed, tried - counted)


def _rows(counts: int, patients: int) -> int:
    """How many permutations to hold at a time. Of four, so that the random numbers,
    which are drawn by four, do not depend on it."""
    rows = min(CHUNK, PIECE // max(counts, 1), SWAPS // max(patients, 1))
    return max(4, rows // 4 * 4)


def _why_none(tables: Floats, kappas: Floats) -> Reason | None:
    if not len(kappas):
        return Reason.READER_MISSING
    with_pairs = tables.sum(axis=(2, 3, 4)) > 0  # (patients, readers)
    if int((with_pairs.sum(axis=1) > 0).sum()) == 1:
        return Reason.ONE_PATIENT
    each_has_two = (with_pairs.sum(axis=0) > 1).all()
    return None if np.isfinite(kappas).all() and each_has_two else Reason.READER_MISSING


def _difference(kappas: Floats) -> Floats:
    """(…) mean over readers, first arm minus second; kappas (…, readers, 2)."""
    apart = (kappas[..., 0] - kappas[..., 1]).sum(axis=-1)
    found: Floats = apart / max(kappas.shape[-2], 1)
    return found


def _all_swaps(patients: int, rows: int) -> Iterator[NDArray[np.bool_]]:
    """(2^patients, patients) every way, the way it was among them; so many at once."""
    for start in range(0, 2**patients, rows):
        number = np.arange(start, min(start + rows, 2**patients))[:, None]
        yield (number >> np.arange(patients)) & 1 == 1


def _drawn(
    patients: int, count: int, seed: int, rows: int
) -> Iterator[NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    for start in range(0, count, rows):
        size = min(rows, count - start), patients
        yield rng.integers(0, 2, size, dtype=np.uint8).astype(np.bool_)


def _swapped(
    sums: Floats, change: Floats, swaps: NDArray[np.bool_], weighting: Weighting
) -> Floats:
    """(swaps,) differences in mean kappa. sums: (readers, 2, k, k) as it was."""
    readers, _two, k, _k = sums.shape
    moved = swaps.astype(np.float64) @ change.reshape(len(change), readers * k * k)
    moved = moved.reshape(len(swaps), readers, k, k)
    both = np.stack([sums[:, 0] + moved, sums[:, 1] - moved], axis=2)
    return _difference(kappas_of_tables(both, weighting=weighting))
