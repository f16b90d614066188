"""Formulas of agreement among several readers, from sums over items.

Every coefficient here is a function of a few sums over the items, so that its value
without each patient is that of the sums without theirs. No Django.

ratings: (readers, items) places within k categories, MISSING where there is none.
A method's `terms` gives (items, s) what each item adds, its `value` the coefficient
of sums (..., s), NaN where it is not defined.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..outcomes import Reason
from ..readings import MISSING, Integers
from .kappa import Weighting, agreement_weights

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

# Sums of fractions that cancel leave no more than this of each.
NOTHING = 1e-9


@dataclass(frozen=True)
class Method:
    """How a coefficient is computed, and what of the data it takes.

    complete: of items that every reader graded; else of those that at least
        `graded_by` readers did. undefined: why it does not exist although there are
        items.
    """

    terms: Callable[[Integers, int], Floats]
    value: Callable[[Floats, int, int], Floats]  # sums, readers, k
    undefined: Reason
    complete: bool = False
    graded_by: int = 2

    def takes(self, ratings: Integers) -> Booleans:
        """(items,) those that are used."""
        graded = (ratings != MISSING).sum(axis=0)
        needed = len(ratings) if self.complete else self.graded_by
        return np.asarray(graded >= max(needed, 1), dtype=np.bool_)


def _counts(ratings: Integers, k: int) -> Floats:
    """(items, k) how many readers gave each grade."""
    given = ratings[:, :, None] == np.arange(k)
    return np.asarray(given.sum(axis=0), dtype=np.float64)


def _divided(above: Floats, below: Floats) -> Floats:
    """above / below; NaN where below is nothing."""
    found = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    np.divide(above, below, out=found, where=below > NOTHING)
    return found


def _beyond_chance(observed: Floats, chance: Floats) -> Floats:
    return _divided(observed - chance, 1 - chance)


def fleiss_terms(ratings: Integers, k: int) -> Floats:
    """1, agreeing pairs of readers, readers of each grade."""
    n = _counts(ratings, k)
    return np.column_stack([np.ones(len(n)), (n * (n - 1)).sum(axis=1), n])


def fleiss_value(sums: Floats, readers: int, _k: int) -> Floats:
    items = sums[..., 0]
    observed = _divided(sums[..., 1], items * readers * (readers - 1))
    shares = _divided(sums[..., 2:], items[..., None] * readers)
    return _beyond_chance(observed, (shares**2).sum(axis=-1))


def conger_terms(ratings: Integers, k: int) -> Floats:
    """1, agreeing pairs of readers, and for each reader which grade."""
    n = _counts(ratings, k)
    own = (ratings[:, :, None] == np.arange(k)).transpose(1, 0, 2)
    each = own.reshape(len(n), -1).astype(np.float64)
    return np.column_stack([np.ones(len(n)), (n * (n - 1)).sum(axis=1), each])


def conger_value(sums: Floats, readers: int, k: int) -> Floats:
    items = sums[..., 0]
    pairs = readers * (readers - 1)
    observed = _divided(sums[..., 1], items * pairs)
    own = sums[..., 2:].reshape(*items.shape, readers, k)
    shares = _divided(own, items[..., None, None])
    together = shares.sum(axis=-2) ** 2 - (shares**2).sum(axis=-2)
    found = _beyond_chance(observed, together.sum(axis=-1) / pairs)
    varies = (own.max(axis=-1) < items[..., None]).any(axis=-1)
    return np.where(varies, found, np.nan)


def light_terms(ratings: Integers, k: int, *, weighting: Weighting) -> Floats:
    """For each pair of readers: 2k counts of their grades, then disagreement."""
    apart = 1 - agreement_weights(k, weighting=weighting)
    terms = []
    for x, y in combinations(ratings, 2):
        both = (x != MISSING) & (y != MISSING)
        terms += [(x == place) & both for place in range(k)]
        terms += [(y == place) & both for place in range(k)]
        terms.append(apart[x, y] * both)
    return np.array(terms, dtype=np.float64).T


def light_value(sums: Floats, readers: int, k: int, *, weighting: Weighting) -> Floats:
    """Mean kappa of all pairs, of which every one must be defined."""
    apart = 1 - agreement_weights(k, weighting=weighting)
    pairs = sums.reshape(*sums.shape[:-1], readers * (readers - 1) // 2, 2 * k + 1)
    x, y, disagreed = pairs[..., :k], pairs[..., k:-1], pairs[..., -1]
    items = x.sum(axis=-1)
    chance = np.einsum("...i,ij,...j->...", x, apart, y)
    kappas = 1 - _divided(items * disagreed, chance)
    varies = (x.max(axis=-1) < items) | (y.max(axis=-1) < items)
    return np.asarray(np.where(varies, kappas, np.nan).mean(axis=-1))


def gwet_terms(ratings: Integers, k: int, *, weighting: Weighting) -> Floats:
    """Two or more graded it, one or more did, agreement, share of each grade."""
    n = _counts(ratings, k)
    readers = n.sum(axis=1)
    shared = readers >= 2
    weighted = n @ agreement_weights(k, weighting=weighting)
    pairs = np.where(shared, readers * (readers - 1), 1)
    agreed = np.where(shared, (n * (weighted - 1)).sum(axis=1) / pairs, 0)
    shares = n / np.maximum(readers, 1)[:, None]
    return np.column_stack([shared, readers >= 1, agreed, shares])


def gwet_value(sums: Floats, _readers: int, k: int, *, weighting: Weighting) -> Floats:
    observed = _divided(sums[..., 2], sums[..., 0])
    shares = _divided(sums[..., 3:], sums[..., 1, None])
    weight = agreement_weights(k, weighting=weighting).sum() / (k * (k - 1))
    return _beyond_chance(observed, weight * (shares * (1 - shares)).sum(axis=-1))


def alpha_terms(ratings: Integers, k: int) -> Floats:
    """The item's k² coincidences: pairs of grades over its readers less one."""
    n = _counts(ratings, k)
    pairs = n[:, :, None] * n[:, None, :] - n[:, :, None] * np.eye(k)
    readers = n.sum(axis=1)[:, None, None]
    return np.asarray((pairs / np.maximum(readers - 1, 1)).reshape(len(n), -1))


def alpha_value(sums: Floats, _readers: int, k: int, *, ordinal: bool) -> Floats:
    coincidences = sums.reshape(*sums.shape[:-1], k, k)
    given = coincidences.sum(axis=-1)
    n = given.sum(axis=-1)
    if ordinal:
        middle = given.cumsum(axis=-1) - given / 2
        apart = (middle[..., :, None] - middle[..., None, :]) ** 2
    else:
        apart = np.broadcast_to(1 - np.eye(k), coincidences.shape)
    observed = (coincidences * apart).sum(axis=(-2, -1))
    chance = (given[..., :, None] * given[..., None, :] * apart).sum(axis=(-2, -1))
    alpha: Floats = 1 - (n - 1) * _divided(observed, chance)
    return alpha


def icc_terms(ratings: Integers, _k: int) -> Floats:
    """1, sum of squares, square of the sum, and each reader's grade."""
    x = ratings.T.astype(np.float64)
    squares = [np.ones(len(x)), (x**2).sum(axis=1), x.sum(axis=1) ** 2]
    return np.column_stack([*squares, x])


@dataclass(frozen=True)
class MeanSquares:
    """Of the two-way analysis of variance with one grade an item and reader."""

    items: Floats
    readers: Floats
    error: Floats
    n: Floats


def mean_squares(sums: Floats, readers: int) -> MeanSquares:
    """Each (...,) from icc_terms' sums (..., 3 + readers); NaN with fewer than two
    items."""
    n = sums[..., 0]
    own = sums[..., 3:]
    middle = _divided(own.sum(axis=-1) ** 2, n * readers)
    of_items = sums[..., 2] / readers - middle
    of_readers = _divided((own**2).sum(axis=-1), n) - middle
    error = np.maximum(sums[..., 1] - middle - of_items - of_readers, 0)
    error = np.where(error > NOTHING, error, 0)
    return MeanSquares(
        items=_divided(of_items, n - 1),
        readers=of_readers / (readers - 1),
        error=_divided(error, (n - 1) * (readers - 1)),
        n=n,
    )


def icc_value(sums: Floats, readers: int, _k: int, *, absolute: bool) -> Floats:
    ms = mean_squares(sums, readers)
    below = ms.items + (readers - 1) * ms.error
    if absolute:
        below = below + readers * _divided(ms.readers - ms.error, ms.n)
    found = _divided(ms.items - ms.error, below)
    return np.where(ms.items + ms.error > NOTHING, found, np.nan)


def _light(weighting: Weighting) -> Method:
    return Method(
        partial(light_terms, weighting=weighting),
        partial(light_value, weighting=weighting),
        Reason.PAIR_MISSING,
    )


def _gwet(weighting: Weighting) -> Method:
    return Method(
        partial(gwet_terms, weighting=weighting),
        partial(gwet_value, weighting=weighting),
        Reason.NO_SHARED_SIDE,
        graded_by=1,
    )


def _alpha(*, ordinal: bool) -> Method:
    value = partial(alpha_value, ordinal=ordinal)
    return Method(alpha_terms, value, Reason.ALL_SAME)


def _icc(*, absolute: bool) -> Method:
    value = partial(icc_value, absolute=absolute)
    return Method(icc_terms, value, Reason.ALL_CONSTANT, complete=True)


METHODS: dict[str, Method] = {
    "fleiss": Method(fleiss_terms, fleiss_value, Reason.ALL_SAME, complete=True),
    "conger": Method(conger_terms, conger_value, Reason.ALL_CONSTANT, complete=True),
    "light": _light("quadratic"),
    "light_unweighted": _light("unweighted"),
    "ac1": _gwet("unweighted"),
    "ac2": _gwet("quadratic"),
    "alpha_nominal": _alpha(ordinal=False),
    "alpha_ordinal": _alpha(ordinal=True),
    "icc_2_1": _icc(absolute=True),
    "icc_3_1": _icc(absolute=False),
}
