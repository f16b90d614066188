"""ROC areas for readers and patients beyond these: Obuchowski, Rockette and Hillis. No
Django.

The analysis is `stats.multireader.analyse`; here are the areas and the covariances of
their errors, which reading the same patients brings.

References
----------
Obuchowski NA, Rockette HE (1995) Hypothesis testing of diagnostic accuracy for
    multiple readers and multiple tests: an ANOVA approach with dependent observations.
    Commun Stat Simul Comput 24:285-308. doi:10.1080/03610919508813243
Hillis SL (2007) A comparison of denominator degrees of freedom methods for multiple
    observer ROC analysis. Stat Med 26:596-619. doi:10.1002/sim.2532
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..multireader import (
    ObuchowskiRockette,
    analyse,
    cut_means,
    jackknife_covariance,
)
from ..multireader.variance_components import error_covariances
from ..outcomes import NotEstimable, Reason
from ..ratings import Flags, Floats, RatingTable, complete
from .areas import cell
from .placements import Placed, covariance, left_one_out

ErrorMethod = Literal["delong", "jackknife"]


@dataclass(frozen=True)
class MultireaderAreas:
    """items, patients: rated by every reader in every arm, which is what it is of.
    left_out: items that are not. areas: (readers, arms). errors: how the covariances
    were estimated."""

    items: int
    patients: int
    left_out: int
    errors: ErrorMethod
    areas: tuple[tuple[float | NotEstimable, ...], ...]
    analysis: ObuchowskiRockette | NotEstimable


def multireader_areas(
    table: RatingTable,
    finding: Flags,
    *,
    errors: ErrorMethod = "delong",
    level: float = 0.95,
) -> MultireaderAreas:
    """All readers, all arms, of the items that every one of them rated.

    Intervals of means are cut at 0 and 1. Not estimable: one reader; one arm; no item
    with every rating; no case with the finding, or none without it; one patient of a
    kind; an area that no patient moves.
    """
    kept, rated = complete(table)
    truth = finding[rated]
    readers, arms = table.ratings.shape[:2]
    cells = [
        [cell(kept, truth, reader, arm) for arm in range(arms)]
        for reader in range(readers)
    ]
    areas = tuple(
        tuple(one.area if isinstance(one, Placed) else one for one in row)
        for row in cells
    )
    there = [one for row in cells for one in row if isinstance(one, Placed)]
    reason = _untestable(cells, there)
    analysis: ObuchowskiRockette | NotEstimable
    if reason is not None:
        analysis = NotEstimable(reason)
    else:
        figures = np.array([one.area for one in there]).reshape(readers, arms)
        matrix = _covariance(there, errors).reshape(readers, arms, readers, arms)
        found = analyse(
            figures, error_covariances(matrix), patients=kept.people, level=level
        )
        analysis = cut_means(found, low=0, high=1)
    left_out = len(table.patients) - len(kept.patients)
    return MultireaderAreas(
        len(kept.patients), kept.people, left_out, errors, areas, analysis
    )


def _covariance(cells: list[Placed], errors: ErrorMethod) -> Floats:
    if errors == "delong":
        return covariance(cells)
    return jackknife_covariance(np.stack([left_one_out(one) for one in cells], axis=1))


def _untestable(
    cells: list[list[Placed | NotEstimable]], there: list[Placed]
) -> Reason | None:
    if len(cells) < 2:
        return Reason.ONE_READER
    if len(cells[0]) < 2:
        return Reason.ONE_ARM
    for one in (one for row in cells for one in row):
        if isinstance(one, NotEstimable):
            empty = one.reason == Reason.NO_RATINGS
            return Reason.NO_COMPLETE_ITEM if empty else one.reason
    if (there[0].counts > 0).sum(axis=1).min() < 2:
        return Reason.ONE_OF_A_KIND
    return next(filter(None, (one.why_flat for one in there)), None)
