"""Is one arm's agreement with the standard lower than another's? No Django.

Both arms are read by the same readers, of the same patients, against the same
standard: their kappas are not independent. The standard error of the difference
follows each patient through all of them.

References
----------
Vanbelle S (2017) Comparing dependent kappa coefficients obtained on multilevel
    data. Biom J 59:1016-1034. doi:10.1002/bimj.201600093
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from ..agreement.kappa import Weighting, category_places
from ..outcomes import Interval, NotEstimable, student_quantile
from .covariance import Cell, Combined, combine, joint_kappas_of_cells

INTERVAL_METHOD = "delta method clustered by patient over readers and arms, t"


@dataclass(frozen=True)
class Pairs:
    """One reader's grades in one arm beside the standard's, of n sides (n,)."""

    standard: Sequence[int]
    grades: Sequence[int]
    patients: Sequence[Hashable]  # whom each side is of


@dataclass(frozen=True)
class KappaDifference:
    """Mean kappa over readers in the first arm minus that in the second.

    first, second: -1 to 1. difference: -2 to 2. The interval takes the readers as
    these readers, not as a sample of readers.
    """

    readers: int
    patients: int
    first: float | NotEstimable
    second: float | NotEstimable
    difference: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable


def kappa_difference(
    readers: Sequence[tuple[Pairs, Pairs]],
    *,
    categories: Sequence[int],
    weighting: Weighting,
    level: float = 0.95,
) -> KappaDifference:
    """Difference of two arms' mean kappas, clustered by patient.

    readers: for each, the pairs of the first and of the second arm. These need not be
        of the same sides: who has no pair in an arm adds nothing to its kappa.

    Every pair's influence on its kappa, over the number of pairs and of readers and
    with a minus for the second arm, is added up for each of G patients before it is
    squared; G/(G-1) corrects for few patients, Student's t has G-1 degrees of
    freedom.

    Not estimable: a kappa that is not; the interval also where one reading is
    constant, agreement perfect or disagreement total, or where every patient
    contributes the same to both arms. Raises Refused for a grade outside
    `categories`.
    """
    people = dict.fromkeys(
        who for arms in readers for pairs in arms for who in pairs.patients
    )
    number = {who: place for place, who in enumerate(people)}
    joint = joint_kappas_of_cells(
        [[_cell(pairs, categories, number) for pairs in arms] for arms in readers],
        categories=len(categories),
        patients=len(people),
        arms=2,
        weighting=weighting,
    )
    share = np.full(len(readers), 1 / max(len(readers), 1))
    first = combine(joint, np.outer(share, [1, 0])).estimate
    second = combine(joint, np.outer(share, [0, 1])).estimate
    found = combine(joint, np.outer(share, [1, -1]))
    return KappaDifference(
        len(readers),
        len(people),
        first,
        second,
        found.estimate,
        found.standard_error,
        difference_interval(found, level=level),
    )


def difference_interval(found: Combined, *, level: float) -> Interval | NotEstimable:
    """Estimate ± t(G-1) · SE, of a difference of kappas."""
    if isinstance(found.estimate, NotEstimable):
        return found.estimate
    if isinstance(found.standard_error, NotEstimable):
        return found.standard_error
    freedom = found.patients - 1
    half = student_quantile(level=level, degrees_of_freedom=freedom)
    half *= found.standard_error
    low, high = found.estimate - half, found.estimate + half
    return Interval(low, high, level, freedom, INTERVAL_METHOD)


def _cell(pairs: Pairs, categories: Sequence[int], number: dict[Hashable, int]) -> Cell:
    return Cell(
        category_places(pairs.standard, categories=categories),
        category_places(pairs.grades, categories=categories),
        np.array([number[who] for who in pairs.patients], dtype=np.int64),
    )


def not_inferior(difference: KappaDifference, *, margin: float) -> bool | NotEstimable:
    """Whether the interval's lower limit lies above -margin; of kappa.

    margin: 0 or more; with 0 the first arm would be shown to be superior. False says
    that it was not shown, never that the first arm is inferior.
    """
    if margin < 0:
        raise ValueError("margin must not be negative")
    if isinstance(difference.interval, NotEstimable):
        return difference.interval
    return difference.interval.low > -margin
