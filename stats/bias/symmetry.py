"""Do two readings use the grades alike? Marginal homogeneity and symmetry. No Django.

The plain tests take every pair as independent. Sides of a patient, and readers of one
image, are not: beside them stands a test of marginal homogeneity whose variance adds up
each patient's differences before they are squared.

References
----------
Stuart A (1955) A test for homogeneity of the marginal distributions in a two-way
    classification. Biometrika 42:412-416. doi:10.1093/biomet/42.3-4.412
Maxwell AE (1970) Comparing the classification of subjects by two independent judges.
    Br J Psychiatry 116:651-655. doi:10.1192/bjp.116.535.651
Bowker AH (1948) A test for symmetry in contingency tables. J Am Stat Assoc 43:572-574.
    doi:10.1080/01621459.1948.10483284
Durkalski VL, Palesch YY, Lipsitz SR, Rust PF (2003) Analysis of clustered matched-pair
    data. Stat Med 22:2417-2428. doi:10.1002/sim.1438 (two grades)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..outcomes import NotEstimable, Reason, chi_square_p
from ..readings import MISSING, Integers

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ChiSquare:
    """degrees_of_freedom: 0 where the test does not exist."""

    statistic: float | NotEstimable
    degrees_of_freedom: int
    p: float | NotEstimable


@dataclass(frozen=True)
class Symmetry:
    """Two readings of the same sides.

    table: counts, (k, k); row: grade in the standard, column: in the arm.
    unused: grades, as places in the scale, that neither reading used. They and grades
    that never changed places with another add no degree of freedom.
    pairs, patients: more pairs than patients are not independent, and then
    stuart_maxwell and bowker, which take them so, have P values that are too small or
    too large; clustered does not.
    """

    pairs: int
    patients: int
    table: tuple[tuple[int, ...], ...]
    unused: tuple[int, ...]
    stuart_maxwell: ChiSquare
    bowker: ChiSquare
    clustered: ChiSquare

    @property
    def dependent(self) -> bool:
        """The plain tests take pairs as independent that are not."""
        return self.pairs > self.patients


def symmetry(
    standard: Integers, graded: Integers, *, patients: Integers, categories: int
) -> Symmetry:
    """Tests of (n,) pairs of grades, as places 0 to categories - 1 or MISSING.

    A pair without a grade in both is left out. Not estimable: no pairs; all pairs
    alike; `clustered` also with one patient, where every patient's changes cancel out,
    and where no more patients changed than it has degrees of freedom.

    Raises ValueError for lengths that differ and for a grade outside the scale.
    """
    if not standard.shape == graded.shape == patients.shape:
        raise ValueError("standard, graded and patients must have one length")
    if standard.size and not (
        min(standard.min(), graded.min()) >= MISSING
        and max(standard.max(), graded.max()) < categories
    ):
        raise ValueError("a grade is outside the scale")
    both = (standard != MISSING) & (graded != MISSING)
    rows, columns, owners = standard[both], graded[both], patients[both]
    table = square_table(rows, columns, categories=categories)
    used = table.sum(axis=0) + table.sum(axis=1)
    return Symmetry(
        pairs=len(rows),
        patients=len(np.unique(owners)),
        table=tuple(tuple(int(n) for n in row) for row in table),
        unused=tuple(int(place) for place in np.flatnonzero(used == 0)),
        stuart_maxwell=stuart_maxwell(table),
        bowker=bowker(table),
        clustered=_clustered(rows, columns, owners, categories),
    )


def square_table(rows: Integers, columns: Integers, *, categories: int) -> Integers:
    """(categories, categories) counts of (n,) places."""
    cells = np.bincount(rows * categories + columns, minlength=categories**2)
    return cells.reshape(categories, categories).astype(np.int64)


def _none(table: Integers) -> ChiSquare:
    nothing = NotEstimable(Reason.PERFECT if table.sum() else Reason.NO_READS)
    return ChiSquare(nothing, 0, nothing)


def stuart_maxwell(table: Integers) -> ChiSquare:
    """Marginal homogeneity: D' V⁻ D with D_i = n_i. - n_.i, V_ii = n_i. + n_.i - 2 n_ii
    and V_ij = -(n_ij + n_ji), on the rank of V degrees of freedom.

    `DescTools::StuartMaxwellTest` and SAS give the same where all grades changed; they
    stop where one did not.
    """
    changed = table - np.diag(np.diag(table))
    if not changed.any():
        return _none(table)
    differences = (table.sum(axis=1) - table.sum(axis=0)).astype(np.float64)
    both = (changed + changed.T).astype(np.float64)
    return _chi_square(differences, np.diag(both.sum(axis=1)) - both)


def _chi_square(differences: Floats, variance: Floats) -> ChiSquare:
    rank = int(np.linalg.matrix_rank(variance, hermitian=True))
    inverse = np.linalg.pinv(variance, rcond=1e-10, hermitian=True)
    statistic = max(0.0, float(differences @ inverse @ differences))
    return ChiSquare(statistic, rank, chi_square_p(statistic, degrees_of_freedom=rank))


def bowker(table: Integers) -> ChiSquare:
    """Symmetry: Σ_{i<j} (n_ij - n_ji)² / (n_ij + n_ji), a degree of freedom for each
    pair of grades that were changed for each other at all.

    `mcnemar.test` in R gives the same where all were, and NaN where a pair was not.
    """
    upper = np.triu_indices(len(table), 1)
    one, other = table[upper], table.T[upper]
    seen = (one + other) > 0
    if not seen.any():
        return _none(table)
    statistic = float((((one - other) ** 2)[seen] / (one + other)[seen]).sum())
    count = int(seen.sum())
    return ChiSquare(
        statistic, count, chi_square_p(statistic, degrees_of_freedom=count)
    )


def _clustered(
    rows: Integers, columns: Integers, owners: Integers, categories: int
) -> ChiSquare:
    """D' (Σ_g d_g d_g')⁻ D with d_g the marginal differences of patient g, D their sum.

    With one pair a patient it is the test of Stuart and Maxwell; with two grades that
    of Durkalski et al. (2003) for patients of equally many pairs.
    """
    groups, numbers = np.unique(owners, return_inverse=True)
    table = square_table(rows, columns, categories=categories)
    if (rows == columns).all():
        return _none(table)
    if len(groups) == 1:
        nothing = NotEstimable(Reason.ONE_PATIENT)
        return ChiSquare(nothing, 0, nothing)
    differences = np.zeros((len(groups), categories))
    np.add.at(differences, (numbers, rows), 1.0)
    np.add.at(differences, (numbers, columns), -1.0)
    changed = int(differences.any(axis=1).sum())
    found = _chi_square(differences.sum(axis=0), differences.T @ differences)
    if found.degrees_of_freedom < changed:
        return found
    nothing = NotEstimable(Reason.MORE_EFFECTS if changed else Reason.NO_VARIATION)
    return ChiSquare(nothing, 0, nothing)
