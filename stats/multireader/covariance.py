"""How the kappas of all readers in all arms move together. No Django.

Every reader reads the same patients in every arm, against a standard that is the same
for all arms: their kappas are not independent. Each patient is followed through all of
them, so any dependence between sides, readers and arms is in the standard errors.

References
----------
Yang Z, Zhou M (2015) Weighted kappa statistic for clustered matched-pair ordinal
    data. Comput Stat Data Anal 82:1-18. doi:10.1016/j.csda.2014.08.004
Vanbelle S (2017) Comparing dependent kappa coefficients obtained on multilevel
    data. Biom J 59:1016-1034. doi:10.1002/bimj.201600093
Efron B, Stein C (1981) The jackknife estimate of variance. Ann Stat 9:586-596.
    doi:10.1214/aos/1176345462
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..agreement.kappa import (
    Weighting,
    agreement_weights,
    influences,
    weighted_kappa,
)
from ..outcomes import ROUNDING, NotEstimable, Reason
from ..readings import MISSING, GradeTable

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

# Counts of pairs in memory at a time.
PIECE = 2**22

# With one of these a kappa's variation is unknown, and not the 0 that the delta
# method would make of it.
UNKNOWN_VARIATION = (Reason.ONE_CONSTANT, Reason.PERFECT, Reason.OPPOSITE)


@dataclass(frozen=True)
class Cell:
    """The n pairs of one reader in one arm, each array (n,).

    standard, grades: places within the categories, from 0. patients: numbers from 0,
    the same ones for the same patients in every cell.
    """

    standard: Integers
    grades: Integers
    patients: Integers


@dataclass(frozen=True)
class JointKappas:
    """Kappas of every reader in every arm, and how each patient moves each of them.

    kappas: (readers, arms), -1 to 1. unknown: why the variation of a kappa that exists
    cannot be estimated; None where it can. pairs: (readers, arms) how many.
    moves: (patients, readers, arms) the sum of a patient's influences on a kappa over
    its number of pairs; 0 where the patient has no pair in it. present: whether it has.
    """

    kappas: tuple[tuple[float | NotEstimable, ...], ...]
    unknown: tuple[tuple[Reason | None, ...], ...]
    pairs: tuple[tuple[int, ...], ...]
    moves: Floats
    present: Booleans

    @property
    def covariance(self) -> Floats:
        """(readers × arms, readers × arms): G/(G-1) · Σ over G patients of m mᵀ.

        Rows and columns are reader by reader, within it arm by arm. G: patients with a
        pair anywhere. Zero in rows of kappas that do not exist or do not vary.
        """
        groups = int(self.present.any(axis=(1, 2)).sum())
        flat = self.moves.reshape(len(self.moves), -1)
        scale = groups / (groups - 1) if groups > 1 else 0.0
        found: Floats = scale * (flat.T @ flat)
        return found


@dataclass(frozen=True)
class Combined:
    """A weighted sum of kappas. patients: those with a pair in any of them."""

    patients: int
    estimate: float | NotEstimable
    standard_error: float | NotEstimable


def joint_kappas(table: GradeTable, *, weighting: Weighting) -> JointKappas:
    """Every kappa is of the pairs that it has: items graded here and in the standard.

    So with missing reads the kappas of two arms may be of other items; `same_items`
    makes them alike. Not estimable as in agreement.weighted_kappa.
    """
    patients = int(table.patients.max(initial=-1)) + 1
    readers, arms, _items = table.grades.shape
    cells = []
    for reader in range(readers):
        row = []
        for arm in range(arms):
            grades, standard = table.grades[reader, arm], table.standard[reader]
            both = (grades != MISSING) & (standard != MISSING)
            row.append(Cell(standard[both], grades[both], table.patients[both]))
        cells.append(row)
    return joint_kappas_of_cells(
        cells,
        categories=len(table.categories),
        patients=patients,
        arms=arms,
        weighting=weighting,
    )


def joint_kappas_of_cells(
    cells: Sequence[Sequence[Cell]],
    *,
    categories: int,
    patients: int,
    arms: int,
    weighting: Weighting,
) -> JointKappas:
    """The same of readers × arms cells that need not be of the same items."""
    moves = np.zeros((patients, len(cells), arms))
    present = np.zeros(moves.shape, dtype=np.bool_)
    kappas: list[list[float | NotEstimable]] = []
    unknown: list[list[Reason | None]] = []
    scale = range(categories)
    for reader, row in enumerate(cells):
        kappas.append([])
        unknown.append([])
        for arm, cell in enumerate(row):
            first, second = cell.standard.tolist(), cell.grades.tolist()
            found = weighted_kappa(
                first,
                second,
                categories=scale,
                patients=cell.patients.tolist(),
                weighting=weighting,
            )
            kappas[-1].append(found.kappa)
            present[cell.patients, reader, arm] = True
            without = found.interval
            reason = without.reason if isinstance(without, NotEstimable) else None
            unknown[-1].append(reason if reason in UNKNOWN_VARIATION else None)
            if isinstance(found.kappa, NotEstimable):
                continue
            influence = influences(
                first, second, categories=scale, weighting=weighting
            ) / len(first)
            moves[:, reader, arm] = np.bincount(
                cell.patients, weights=influence, minlength=patients
            )
    return JointKappas(
        tuple(map(tuple, kappas)),
        tuple(map(tuple, unknown)),
        tuple(tuple(len(cell.grades) for cell in row) for row in cells),
        moves,
        present,
    )


def combine(joint: JointKappas, weights: Floats) -> Combined:
    """Σ weights · kappas with its standard error, by patient.

    weights: (readers, arms); where 0, that kappa does not matter.

    Every patient's moves, weighted, are added up before they are squared; G/(G-1)
    corrects for few patients. Not estimable: a kappa that is not; the error also where
    the variation of one of the kappas is unknown, or where the sum does not vary.
    """
    places = [(int(reader), int(arm)) for reader, arm in np.argwhere(weights)]
    patients = int(joint.present[:, weights != 0].any(axis=1).sum())
    found = [joint.kappas[reader][arm] for reader, arm in places]
    numbers = [kappa for kappa in found if not isinstance(kappa, NotEstimable)]
    if not places or len(numbers) < len(found):
        nothing = NotEstimable(_why_none(found, {reader for reader, _arm in places}))
        return Combined(patients, nothing, nothing)
    total = float(
        sum(weights[place] * k for place, k in zip(places, numbers, strict=True))
    )
    unknown = [joint.unknown[reader][arm] for reader, arm in places]
    for reason in filter(None, unknown):
        return Combined(patients, total, NotEstimable(reason))
    each = np.tensordot(joint.moves, weights, axes=2)
    error = float(np.sqrt(patients / (patients - 1) * (each**2).sum()))
    if error < ROUNDING:
        return Combined(patients, total, NotEstimable(Reason.NO_VARIATION))
    return Combined(patients, total, error)


def _why_none(found: Sequence[float | NotEstimable], readers: set[int]) -> Reason:
    """Of one reader the kappa's own reason; of several, that one of them has none."""
    reasons = [one.reason for one in found if isinstance(one, NotEstimable)]
    return reasons[0] if len(readers) == 1 else Reason.READER_MISSING


def same_items(table: GradeTable, *arms: int) -> GradeTable:
    """These arms alone, each reader's items graded in all of them and the standard."""
    grades = table.grades[:, list(arms)]
    graded = (grades != MISSING).all(axis=1) & (table.standard != MISSING)
    return replace(
        table,
        grades=np.where(graded[:, None, :], grades, MISSING),
        standard=np.where(graded, table.standard, MISSING),
    )


def complete_items(table: GradeTable) -> GradeTable:
    """Only items that every reader graded in every arm and in the standard.

    Patients without such an item are gone, and the others numbered anew.
    """
    graded = (table.grades != MISSING).all(axis=(0, 1))
    graded &= (table.standard != MISSING).all(axis=0)
    _kept, patients = np.unique(table.patients[graded], return_inverse=True)
    return replace(
        table,
        grades=table.grades[:, :, graded],
        standard=table.standard[:, graded],
        patients=patients.astype(np.int64),
    )


def all_tables(table: GradeTable) -> Floats:
    """(readers, arms, k, k) the sum of `patient_tables`, which take much memory."""
    together = np.zeros(len(table.patients), dtype=np.int64)
    tables = patient_tables(replace(table, patients=together), patients=1)
    found: Floats = tables[0]
    return found


def patient_tables(table: GradeTable, *, patients: int | None = None) -> Floats:
    """(patients, readers, arms, k, k) counts; row = standard, column = arm's grade.

    patients: how many; None: up to the highest number.

    Kappa of any set of patients is kappa of the sum of their tables.
    """
    readers, arms, _items = table.grades.shape
    k = len(table.categories)
    if patients is None:
        patients = int(table.patients.max(initial=-1)) + 1
    shape = (patients, readers, arms, k, k)
    graded = (table.grades != MISSING) & (table.standard != MISSING)[:, None, :]
    reader, arm, item = np.nonzero(graded)
    place = np.ravel_multi_index(
        (
            table.patients[item],
            reader,
            arm,
            table.standard[reader, item],
            table.grades[reader, arm, item],
        ),
        shape,
    )
    counts = np.bincount(place, minlength=int(np.prod(shape)))
    found: Floats = counts.astype(np.float64).reshape(shape)
    return found


def kappas_of_tables(tables: Floats, *, weighting: Weighting) -> Floats:
    """(…) kappas of (…, k, k) tables of counts; nan where kappa is not estimable.

    That is: an empty table, or one in which both readings use a single grade.
    """
    k = tables.shape[-1]
    w = agreement_weights(k, weighting=weighting)
    rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
    n = rows.sum(axis=-1)
    observed = (tables.reshape(*tables.shape[:-2], k * k) @ w.ravel()) * n
    expected = ((rows @ w) * columns).sum(axis=-1)
    constant = ((rows > 0).sum(axis=-1) == 1) & ((columns > 0).sum(axis=-1) == 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = (observed - expected) / (n**2 - expected)
    found[(n == 0) | constant] = np.nan
    return found


def jackknife_replicates(table: GradeTable, *, weighting: Weighting) -> Floats:
    """(patients, readers, arms) every kappa without one patient after the other.

    nan where kappa without that patient is not estimable.
    """
    readers, arms, _items = table.grades.shape
    patients = int(table.patients.max(initial=-1)) + 1
    whole = all_tables(table)
    found = np.empty((patients, readers, arms))
    step = max(PIECE // max(whole.size, 1), 1)
    for start in range(0, patients, step):
        piece = slice(start, start + step)
        of = (table.patients >= start) & (table.patients < start + step)
        some = replace(
            table,
            grades=table.grades[:, :, of],
            standard=table.standard[:, of],
            patients=table.patients[of] - start,
        )
        tables = patient_tables(some, patients=len(found[piece]))
        found[piece] = kappas_of_tables(whole - tables, weighting=weighting)
    return found


def jackknife_covariance(replicates: Floats) -> Floats:
    """(m, m) covariance of m figures: (G-1)/G · Σ over G patients of d dᵀ.

    replicates: (G, …), the figures without one patient after the other; d: their
    difference from their mean. The same as the covariance of pseudovalues over G.
    ValueError: fewer than two patients, or a figure that does not exist in one of them.
    """
    groups = len(replicates)
    if groups < 2 or not np.isfinite(replicates).all():
        raise ValueError("every figure must exist without each of two patients or more")
    flat = replicates.reshape(groups, -1)
    away = flat - flat.mean(axis=0)
    found: Floats = (groups - 1) / groups * (away.T @ away)
    return found
