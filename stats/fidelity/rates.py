"""How often anatomy was shown wrongly, in each arm. No Django.

References
----------
Wilson EB (1927) Probable inference, the law of succession, and statistical inference. J
    Am Stat Assoc 22:209-212. doi:10.1080/01621459.1927.10502953
Rao JNK, Scott AJ (1992) A simple method for the analysis of clustered binary data.
    Biometrics 48:577-585. doi:10.2307/2532311
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..bias.detection import share_of, wilson
from ..outcomes import Interval, NotEstimable, Reason
from ..ratings import Flags, RatingTable
from ..readings import Integers


@dataclass(frozen=True)
class Rate:
    """count of the ratings. wilson: as if every rating were of another patient.
    clustered: by patient, over the readers; it is the one to rely on, and the same as
    wilson where every patient was rated once."""

    count: int
    rate: float | NotEstimable
    wilson: Interval | NotEstimable
    clustered: Interval | NotEstimable


@dataclass(frozen=True)
class FidelityRates:
    """One arm, or one reader in it. rates: of each category in the order given.
    changed: of all but `faithful`."""

    ratings: int
    patients: int
    rates: tuple[Rate, ...]
    changed: Rate


def fidelity_rates(
    table: RatingTable,
    *,
    arm: int,
    categories: Sequence[int],
    faithful: int,
    reader: int | None = None,
    level: float = 0.95,
) -> FidelityRates:
    """reader: None for all. categories: every answer of the question; faithful: the
    one that says that nothing is wrong.

    Not estimable: no rating; the clustered interval with one patient. Raises
    ValueError for a rating that is no category.
    """
    chosen = table.ratings[:, arm]
    if reader is not None:
        chosen = chosen[reader : reader + 1]
    there = ~np.isnan(chosen)
    values = chosen[there]
    if not np.isin(values, np.asarray(categories, dtype=np.float64)).all():
        raise ValueError("a rating is none of the categories")
    owners = np.unique(
        np.broadcast_to(table.patients, chosen.shape)[there], return_inverse=True
    )[1].astype(np.int64)
    return FidelityRates(
        len(values),
        int(owners.max(initial=-1)) + 1,
        tuple(_rate(values == one, owners, level) for one in categories),
        _rate(values != faithful, owners, level),
    )


def _rate(given: Flags, owners: Integers, level: float) -> Rate:
    """given, owners: (ratings,); owners are numbers from 0 without a gap."""
    count, n = int(given.sum()), len(given)
    if not n:
        nothing = NotEstimable(Reason.NO_RATINGS)
        return Rate(0, nothing, nothing, nothing)
    found = share_of(
        np.bincount(owners, given).astype(np.float64),
        np.bincount(owners).astype(np.float64),
        level=level,
    )
    return Rate(count, count / n, wilson(count / n, n, level=level), found.interval)
