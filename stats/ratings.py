"""Ratings of images by reader, arm and item, on any ordered scale. No Django.

An item is what was rated at once: one case, as its images are shown. Items of one
patient (two examinations, or more) are one cluster of all intervals.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .readings import Integers

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class RatingTable:
    """ratings: (readers, arms, items), NaN where there is none: never read, or the
    image could not be assessed. patients: (items,) numbers from 0 of whom each is.
    """

    ratings: Floats
    patients: Integers

    def __post_init__(self) -> None:
        if self.ratings.ndim != 3 or self.patients.shape != self.ratings.shape[2:]:
            raise ValueError("ratings and patients do not belong together")
        if np.isinf(self.ratings).any():
            raise ValueError("a rating is a finite number, or NaN where there is none")

    @property
    def rated(self) -> Flags:
        """(readers, arms, items) where there is a rating."""
        there: Flags = ~np.isnan(self.ratings)
        return there

    @property
    def people(self) -> int:
        """Up to which number patients are counted."""
        return int(self.patients.max(initial=-1)) + 1


def of_arms(table: RatingTable, *arms: int) -> RatingTable:
    """These arms alone; each reader's items that have a rating in all of them."""
    ratings = table.ratings[:, list(arms)]
    rated = np.logical_and.reduce(~np.isnan(ratings), axis=1)
    return replace(table, ratings=np.where(rated[:, None, :], ratings, np.nan))


def complete(table: RatingTable) -> tuple[RatingTable, Flags]:
    """Only items that every reader rated in every arm; and (items,) which those are.

    Patients without such an item are gone, and the others numbered anew.
    """
    rated: Flags = np.logical_and.reduce(table.rated, axis=(0, 1))
    _kept, patients = np.unique(table.patients[rated], return_inverse=True)
    found = RatingTable(table.ratings[:, :, rated], patients.astype(np.int64))
    return found, rated
