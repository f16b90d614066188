"""What readers' grades are compared with, where it is not each reader's own reading.

Arrays in, arrays out; no Django. The result replaces `standard` of a GradeTable:
`dataclasses.replace(table, standard=standard_of(table, "median"))`.

A consensus holds every reader's own grade: agreement with it is higher than with a
standard that the reader had no part in, the more so the fewer readers there are.
"""

from typing import Literal

import numpy as np

from ..readings import MISSING, GradeTable, Integers
from .kappa import category_places

StandardKind = Literal["own", "median", "majority", "given"]
STANDARD_KINDS: tuple[StandardKind, ...] = ("own", "median", "majority", "given")


def standard_of(
    table: GradeTable, kind: StandardKind, *, given: Integers | None = None
) -> Integers:
    """(readers, items) places within the categories; MISSING where there is none.

    table: its `standard` holds each reader's own reading of the reference.
    kind:
        own: each reader's own reading, as it is in the table.
        median: of the readers who graded the item, the same for all readers. Of an
            even number the lower of the two middle grades, which is one that a reader
            gave; between grades there is none. MISSING where nobody graded it.
        majority: the grade of more than half of those who graded the item. Without
            one MISSING, as where nobody graded it.
        given: `given`, the same for all readers.
    given: (items,) grades of the scale, not places, MISSING where there is none; for
        the kind of that name only.

    Raises Refused for a given grade outside the table's categories, ValueError where
    `given` is missing, not asked for, or of another length.
    """
    if (kind == "given") != (given is not None):
        raise ValueError("`given` belongs to the kind “given”, and to no other")
    own = table.standard
    if kind == "own":
        return own.copy()
    if kind == "median":
        one = _median(own)
    elif kind == "majority":
        one = _majority(own, categories=len(table.categories))
    else:
        assert given is not None
        one = _given(table, given)
    return np.tile(one, (own.shape[0], 1))


def _median(own: Integers) -> Integers:
    graded = (own != MISSING).sum(axis=0)
    in_order = np.sort(own, axis=0)  # MISSING comes first: it is below every place
    missing = own.shape[0] - graded
    middle = missing + (np.maximum(graded, 1) - 1) // 2
    middle = np.minimum(middle, own.shape[0] - 1)
    found = np.take_along_axis(in_order, middle[None, :], axis=0)[0]
    median: Integers = np.where(graded > 0, found, MISSING)
    return median


def _majority(own: Integers, *, categories: int) -> Integers:
    votes = np.array([(own == place).sum(axis=0) for place in range(categories)])
    most = votes.argmax(axis=0)
    wins = 2 * votes.max(axis=0) > votes.sum(axis=0)
    majority: Integers = np.where(wins, most, MISSING)
    return majority


def _given(table: GradeTable, given: Integers) -> Integers:
    if given.shape != table.patients.shape:
        raise ValueError("a given standard has one grade an item")
    known = given != MISSING
    places = np.full(given.shape, MISSING, dtype=np.int64)
    places[known] = category_places(given[known].tolist(), categories=table.categories)
    return places
