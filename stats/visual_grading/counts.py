"""How often each answer was given, and the odds of a better one. No Django.

References
----------
Smedby Ö, Fredrikson M (2010) Visual grading regression: analysing data from visual
    grading experiments with regression models. Br J Radiol 83:767-775.
    doi:10.1259/bjr/35254923
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..bias import OrdinalModel, ordinal_model
from ..bias.detection import Share, share_of
from ..outcomes import NotEstimable, Reason
from ..ratings import Floats, RatingTable
from ..readings import MISSING, GradeTable


@dataclass(frozen=True)
class ArmRatings:
    """One arm, or one reader in it. counts: of each category in the order given.

    median: the lower of two middle ones. at_least: for each category above the lowest,
    the share of ratings that are as good, with an interval clustered by patient.
    """

    ratings: int
    patients: int
    counts: tuple[int, ...]
    median: float | NotEstimable
    at_least: tuple[Share, ...]


def arm_ratings(
    table: RatingTable,
    *,
    arm: int,
    categories: Sequence[int],
    reader: int | None = None,
    level: float = 0.95,
) -> ArmRatings:
    """reader: None for all. categories: every answer of the scale, from the worst up.

    Raises ValueError for a rating that is none of them.
    """
    places = category_places(table, categories=categories)[:, arm]
    chosen = places if reader is None else places[reader : reader + 1]
    there = chosen != MISSING
    owners = np.broadcast_to(table.patients, chosen.shape)[there]
    values = chosen[there]
    counts = np.bincount(values, minlength=len(categories))
    median: float | NotEstimable = NotEstimable(Reason.NO_RATINGS)
    if len(values):
        median = float(categories[int(np.sort(values)[(len(values) - 1) // 2])])

    def sums(kept: Floats) -> Floats:
        return np.bincount(owners, kept, table.people).astype(np.float64)

    asked = sums(np.ones(len(values)))
    return ArmRatings(
        len(values),
        len(np.unique(owners)),
        tuple(int(count) for count in counts),
        median,
        tuple(
            share_of(
                sums((values >= place).astype(np.float64)),
                asked,
                level=level,
                without=Reason.NO_RATINGS,
            )
            for place in range(1, len(categories))
        ),
    )


def better_odds(
    table: RatingTable,
    *,
    reference: int,
    categories: Sequence[int],
    level: float = 0.95,
) -> OrdinalModel:
    """Visual grading regression: odds of a better rating, arm : reference.

    arms: every other arm in the table's order. See `bias.ordinal_model`.
    """
    places = category_places(table, categories=categories)
    order = [reference, *(a for a in range(places.shape[1]) if a != reference)]
    grades = GradeTable(
        tuple(categories),
        places[:, order],
        np.full(places[:, 0].shape, MISSING),
        table.patients,
    )
    return ordinal_model(grades, level=level)


def category_places(
    table: RatingTable, *, categories: Sequence[int]
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """(readers, arms, items) places within categories, MISSING where no rating is."""
    scale = np.asarray(categories, dtype=np.float64)
    same = table.ratings[..., None] == scale
    if (same.any(axis=-1) != table.rated).any():
        raise ValueError("a rating is none of the categories")
    return np.where(table.rated, same.argmax(axis=-1), MISSING)
