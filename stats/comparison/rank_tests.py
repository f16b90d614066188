"""Are differences around 0? Signed ranks and sign flips of one value a patient.

References
----------
Wilcoxon F (1945) Individual comparisons by ranking methods. Biometrics Bulletin
    1:80-83. doi:10.2307/3001968
Pratt JW (1959) Remarks on zeros and ties in the Wilcoxon signed rank procedures. J Am
    Stat Assoc 54:655-667. doi:10.1080/01621459.1959.10501526
Phipson B, Smyth GK (2010) Permutation p-values should never be zero. Stat Appl Genet
    Mol Biol 9:39. doi:10.2202/1544-6115.1585
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..outcomes import NotEstimable, Reason, two_sided_p

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Zeros = Literal["pratt", "wilcoxon"]

# The exact distribution costs n³; above this many the normal one is as good.
EXACT_UP_TO = 200
# All sign flips are tried up to so many patients (2^14 = 16,384).
FLIP_ALL_UP_TO = 14
FLIPS = 20_000
SEED = 1
# Means of thirds and sixths that are equal differ by rounding; ties are ties.
DECIMALS = 9
CHUNK = 2_000_000  # signs drawn at a time


@dataclass(frozen=True)
class SignedRank:
    """Wilcoxon's signed rank test of n values against 0.

    patients: n. zeros: how many are 0. method: what is done with them; "pratt" ranks
    them with the others and then leaves them out, "wilcoxon" leaves them out first.
    positive, negative: sums of the ranks of values above and below 0.
    exact: p by all 2^n signs of these very ranks, ties as they are; else normal with
    continuity correction.
    """

    method: Zeros
    patients: int
    zeros: int
    positive: float
    negative: float
    exact: bool
    p: float | NotEstimable


@dataclass(frozen=True)
class SignFlip:
    """Permutation test of a mean: each patient's difference might have been reversed.

    flips: how many were tried; all of them where exact. p: share of the flips whose
    mean lies as far from 0 as the one found, or farther; where they are drawn, the one
    found counts as one of them.
    """

    patients: int
    flips: int
    seed: int | None  # None: none was needed
    exact: bool
    p: float | NotEstimable


def signed_rank(
    values: Sequence[float], *, zeros: Zeros = "pratt", exact: bool | None = None
) -> SignedRank:
    """Signed rank test of (n,) values, two-sided.

    exact: None for exact up to EXACT_UP_TO values that are not 0.

    Not estimable: no value (NO_READS), or all are 0 (NO_DIFFERENCE).

    `exact=True` is R's `wilcox.test(x, exact = TRUE)` where there are neither ties nor
    zeros, and coin's exact `wilcoxsign_test` everywhere; `exact=False` with
    zeros="wilcoxon" is `wilcox.test(x, exact = FALSE)`.
    """
    rounded = np.round(np.asarray(values, dtype=np.float64), DECIMALS)
    n, empty = len(rounded), int((rounded == 0).sum())
    kept = rounded if zeros == "pratt" else rounded[rounded != 0]
    ranks = _midranks(np.abs(kept))[kept != 0]
    signs = np.sign(kept[kept != 0])
    positive = float(ranks[signs > 0].sum())
    negative = float(ranks[signs < 0].sum())
    if not len(ranks):
        reason = NotEstimable(Reason.NO_DIFFERENCE if n else Reason.NO_READS)
        return SignedRank(zeros, n, empty, 0.0, 0.0, False, reason)
    if exact is None:
        exact = len(ranks) <= EXACT_UP_TO
    p = _exact_p(ranks, positive) if exact else _normal_p(ranks, positive)
    return SignedRank(zeros, n, empty, positive, negative, exact, p)


def _midranks(sizes: Floats) -> Floats:
    """(n,) ranks from 1; ties share their mean."""
    _, places, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = (ends - (counts - 1) / 2)[places]
    return ranks


def signed_sums(ranks: Integers) -> Floats:
    """(sum + 1,) chance of each sum of the ranks (n,) of a positive sign, if every sign
    is as likely as the other; one rank a step."""
    chances = np.zeros(int(ranks.sum()) + 1)
    chances[0], top = 1.0, 0
    for rank in ranks:
        moved = chances[: top + 1] / 2
        chances[: top + 1] /= 2
        chances[rank : rank + top + 1] += moved
        top += int(rank)
    return chances


def _exact_p(ranks: Floats, positive: float) -> float:
    """Of doubled ranks, which are whole numbers with ties too."""
    chances = signed_sums(np.rint(2 * ranks).astype(np.int64))
    found = round(2 * positive)
    tails = chances[: found + 1].sum(), chances[found:].sum()
    return float(min(1.0, 2 * min(tails)))


def _normal_p(ranks: Floats, positive: float) -> float:
    centred = positive - float(ranks.sum()) / 2
    corrected = centred - 0.5 * float(np.sign(centred))
    return min(1.0, two_sided_p(corrected / float(np.sqrt((ranks**2).sum()) / 2)))


def sign_flip(
    values: Sequence[float], *, flips: int = FLIPS, seed: int = SEED
) -> SignFlip:
    """Sign-flip permutation test of the mean of (n,) values, one a patient; two-sided.

    Exact up to FLIP_ALL_UP_TO patients; else `flips` are drawn from `seed`, and
    p = (1 + as far) / (1 + flips). The patient is flipped, not the side: sides of a
    patient may be correlated.

    Not estimable: no value (NO_READS), or all are 0 (NO_DIFFERENCE).
    """
    found = np.asarray(values, dtype=np.float64)
    n = len(found)
    if not np.round(found, DECIMALS).any():
        reason = NotEstimable(Reason.NO_DIFFERENCE if n else Reason.NO_READS)
        return SignFlip(n, 0, None, False, reason)
    # a hair less, so that a flip that is equal but for rounding counts
    least = abs(float(found.sum())) - 1e-9 * float(np.abs(found).sum())
    if n <= FLIP_ALL_UP_TO:
        numbers = np.arange(2**n)[:, None] >> np.arange(n)
        sums = (1.0 - 2.0 * (numbers & 1)) @ found
        return SignFlip(n, 2**n, None, True, float(np.mean(np.abs(sums) >= least)))
    far = sum(
        int((np.abs(signs @ found) >= least).sum())
        for signs in _signs(n, flips=flips, seed=seed)
    )
    return SignFlip(n, flips, seed, False, (1 + far) / (1 + flips))


def _signs(n: int, *, flips: int, seed: int) -> Iterator[Floats]:
    """Rows of -1 and 1, in pieces that memory holds."""
    rng = np.random.default_rng(seed)
    rows = max(1, CHUNK // n)
    for start in range(0, flips, rows):
        signs = rng.integers(0, 2, size=(min(rows, flips - start), n), dtype=np.int8)
        yield 1.0 - 2.0 * signs.astype(np.float64)
