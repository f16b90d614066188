"""Weighted kappa of many samples of the same patients at once.

Kappa needs few sums over the items: for quadratic weights five. A sample of patients,
with some of them drawn twice and some not at all, has the sums of each patient times
how often they were drawn; so all samples, readers and arms are one product of
matrices. All sums are of whole numbers, hence exact. No Django.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop

from ..readings import MISSING, GradeTable, Integers
from .kappa import Weighting

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

# Whole numbers up to here are exact in single precision, which is twice as fast.
EXACT_IN_SINGLE = 2**24
# Numbers in the largest array of one piece of the samples: what the cache can hold.
PIECE = 2**19


@dataclass(frozen=True)
class PatientSums:
    """What every patient adds to the kappas of all readers and arms.

    sums: (patients, terms, readers × arms) whole numbers. For quadratic weights the
        five terms are n, Σx, Σy, Σxy and Σ(x² + y²) of the places x of the standard
        and y of the grade; else 2k + 1: how often the standard, then the grade, was
        each of the k categories, and the sum of disagreement.
    disagreement: (k, k) whole numbers, in proportion to 1 minus the weights of kappa;
        None for quadratic weights, which need none.
    items: of the patient with the most.
    """

    sums: Floats
    disagreement: Floats | None
    shape: tuple[int, int]  # readers, arms
    categories: int
    items: int

    @property
    def patients(self) -> int:
        return len(self.sums)

    @property
    def contributes(self) -> Booleans:
        """(patients, readers, arms) whether a patient has a pair there."""
        margin = 1 if self.disagreement is None else self.categories
        items = self.sums[:, :margin].sum(axis=1)
        found: Booleans = (items > 0).reshape(self.patients, *self.shape)
        return found


def added_by_patient(terms: NDArray[np.generic], patients: Integers) -> Floats:
    """(patients, ...) sums of terms (items, ...); 0 for a number that nobody has."""
    people = int(patients.max()) + 1 if len(patients) else 0
    sums = np.zeros((people, *terms.shape[1:]))
    if people:
        if (np.diff(patients) < 0).any():
            order = np.argsort(patients, kind="stable")
            terms, patients = terms[order], patients[order]
        found, starts = np.unique(patients, return_index=True)
        sums[found] = np.add.reduceat(terms, starts, axis=0, dtype=np.float64)
    return sums


def check_places(table: GradeTable) -> None:
    """Refused where a grade is outside the declared set."""
    k = len(table.categories)
    for places in (table.grades, table.standard):
        outside = (places != MISSING) & ((places < 0) | (places >= k))
        if outside.any():
            raise Refused(
                gettext_noop("Place %(place)s is not one of the %(n)s declared grades.")
                % {"place": int(places[outside][0]), "n": k}
            )


def patient_sums(table: GradeTable, *, weighting: Weighting) -> PatientSums:
    """What each patient adds; nothing where a reader lacks one of the two grades.

    Raises Refused for a place outside the table's categories.
    """
    check_places(table)
    readers, arms, items = table.grades.shape
    k = len(table.categories)
    y = table.grades
    x = np.broadcast_to(table.standard[:, None, :], y.shape)
    both = (x != MISSING) & (y != MISSING)
    places = np.arange(k, dtype=np.float64)
    disagreement = None
    terms: Iterable[NDArray[np.generic]]
    if weighting == "quadratic":
        count = 5
        terms = (t * both for t in _moments(x, y))
    else:
        count = 2 * k + 1
        apart = np.abs(places[:, None] - places[None, :])
        disagreement = apart if weighting == "linear" else np.minimum(apart, 1)
        own = ((grades == place) & both for grades in (x, y) for place in range(k))
        terms = chain(own, [disagreement[x, y] * both])
    people = int(table.patients.max()) + 1 if items else 0
    sums = np.zeros((people, count, readers * arms))
    for number, term in enumerate(terms):
        flat = term.reshape(readers * arms, items).T
        sums[:, number] = added_by_patient(flat, table.patients)
    most = int(np.bincount(table.patients).max()) if items else 0
    return PatientSums(sums, disagreement, (readers, arms), k, most)


def _moments(x: Integers, y: Integers) -> Iterator[NDArray[np.generic]]:
    yield np.ones(y.shape)
    yield x
    yield y
    yield x * y
    yield x**2 + y**2


def sampled_kappas(sums: PatientSums, counts: NDArray[np.generic]) -> Floats:
    """(samples, readers, arms) kappa of each sample; NaN where it is not defined.

    counts: (samples, patients) how often each patient was drawn.

    Not defined, as for weighted_kappa: no pairs, or both readings of a single grade;
    with one of them of a single grade kappa is 0.
    """
    samples, people = counts.shape
    pairs = sums.shape[0] * sums.shape[1]
    terms = sums.sums.shape[1]
    flat = sums.sums.reshape(people, terms * pairs)
    kappas = np.empty((samples, pairs))
    kind = _precision(sums, counts)
    flat = flat.astype(kind, copy=False)
    step = max(PIECE // max(terms * pairs, people, 1), 1)
    for start in range(0, samples, step):
        drawn = counts[start : start + step].astype(kind, copy=False)
        totals = (drawn @ flat).reshape(len(drawn), terms, pairs)
        kappas[start : start + step] = _kappas(totals, sums)
    return kappas.reshape(samples, *sums.shape)


def left_one_out_kappas(sums: PatientSums) -> Floats:
    """(patients, readers, arms) kappa without each patient; NaN as above."""
    people, terms, pairs = sums.sums.shape
    whole = sums.sums.sum(axis=0)
    kappas = np.empty((people, pairs))
    step = max(PIECE // max(terms * pairs, 1), 1)
    for start in range(0, people, step):
        piece = slice(start, start + step)
        kappas[piece] = _kappas(whole - sums.sums[piece], sums)
    return kappas.reshape(people, *sums.shape)


def _precision(sums: PatientSums, counts: NDArray[np.generic]) -> type[np.floating]:
    """Single precision where every number on the way to kappa is exact in it.

    The largest is n times the sum of 2 (k-1)² over n items.
    """
    drawn = int(counts.sum(axis=1).max(initial=0))
    n = drawn * sums.items
    largest = 2 * n**2 * (sums.categories - 1) ** 2
    return np.float32 if largest < EXACT_IN_SINGLE else np.float64


def _kappas(totals: NDArray[np.floating], sums: PatientSums) -> Floats:
    """(samples, pairs) from (samples, terms, pairs)."""
    if sums.disagreement is None:
        n, x, y, product, squares = np.moveaxis(totals, 1, 0)
        both = x * y
        agreed = 2 * (n * product - both)  # 2 n² times the covariance
        chance = n * squares - 2 * both
        varies = n * squares - x**2 - y**2 > 0
    else:
        k = sums.categories
        first, second, apart = totals[:, :k], totals[:, k:-1], totals[:, -1]
        n = first.sum(axis=1)
        weights = sums.disagreement.astype(totals.dtype)
        chance = np.einsum("sip,ij,sjp->sp", first, weights, second, optimize=True)
        agreed = chance - n * apart
        varies = (first.max(axis=1) < n) | (second.max(axis=1) < n)
    found = np.full(chance.shape, np.nan)
    np.divide(agreed, chance, out=found, where=varies & (chance > 0), dtype=np.float64)
    return found
