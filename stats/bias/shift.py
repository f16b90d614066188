"""Are images graded above or below the standard? Signed differences. No Django.

Arm minus standard, of the same side and the same reader: above 0 the image looks
healthier than its standard. One value a patient, the mean over readers and sides, is
what is tested; sides of a patient are not independent, nor are readers of an image.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..comparison.rank_tests import (
    FLIPS,
    SEED,
    SignedRank,
    SignFlip,
    sign_flip,
    signed_rank,
)
from ..comparison.ranks import holm_of
from ..means import PatientMean, patient_mean
from ..outcomes import NotEstimable, Reason
from ..readings import MISSING, GradeTable, Integers

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GradeShift:
    """How far one arm's grades lie from the standard.

    pairs: sides with a grade in both, over all readers. Differences are of grades.

    steps, counts: how many of the pairs lie so many places of the scale above (or, with
        a minus, below) the standard, from one end of the scale to the other.
    mean: over patients, and its interval; readers: the same of each reader alone.
    wilcoxon: on patient means, zeros as Pratt; wilcoxon_without_zeros: as Wilcoxon.
    permutation: sign flips of patient means. p_holm, permutation_p_holm: of wilcoxon's
        and of permutation's P, corrected over all arms.
    """

    pairs: int
    steps: tuple[int, ...]
    counts: tuple[int, ...]
    mean: PatientMean
    readers: tuple[PatientMean, ...]
    wilcoxon: SignedRank
    wilcoxon_without_zeros: SignedRank
    permutation: SignFlip
    p_holm: float | NotEstimable
    permutation_p_holm: float | NotEstimable


def grade_shifts(
    table: GradeTable, *, level: float = 0.95, flips: int = FLIPS, seed: int = SEED
) -> tuple[GradeShift, ...]:
    """Every arm of a table against each reader's own standard.

    level: of the intervals. flips, seed: of the permutation test.

    A pair without a grade in both is left out. Not estimable: as `patient_mean`,
    `signed_rank` and `sign_flip` have it; Holm's where the P is not.
    """
    found = [
        _shift(table, table.grades[:, arm], level=level, flips=flips, seed=seed)
        for arm in range(table.grades.shape[1])
    ]
    ranked = holm_of([one.wilcoxon.p for one in found])
    flipped = holm_of([one.permutation.p for one in found])
    return tuple(
        replace(one, p_holm=p, permutation_p_holm=other)
        for one, p, other in zip(found, ranked, flipped, strict=True)
    )


def repeat_shifts(
    table: GradeTable, *, level: float = 0.95, flips: int = FLIPS, seed: int = SEED
) -> tuple[GradeShift, ...]:
    """Second minus first reading of one arm: of all readers, then of each alone.

    table: one arm, its second readings; `standard` has the same arm's first readings.
    Above 0 the second reading was the healthier one. Holm's correction covers the
    readers; that of all of them together is one test and has none.
    """
    (whole,) = grade_shifts(table, level=level, flips=flips, seed=seed)
    alone = [
        grade_shifts(of_reader(table, reader), level=level, flips=flips, seed=seed)[0]
        for reader in range(len(table.grades))
    ]
    ranked = holm_of([one.wilcoxon.p for one in alone])
    flipped = holm_of([one.permutation.p for one in alone])
    return (
        whole,
        *(
            replace(one, p_holm=p, permutation_p_holm=other)
            for one, p, other in zip(alone, ranked, flipped, strict=True)
        ),
    )


def of_reader(table: GradeTable, reader: int) -> GradeTable:
    """The table of one reader alone."""
    part = slice(reader, reader + 1)
    return replace(table, grades=table.grades[part], standard=table.standard[part])


def _shift(
    table: GradeTable, grades: Integers, *, level: float, flips: int, seed: int
) -> GradeShift:
    """grades: (readers, items) of one arm."""
    both = (grades != MISSING) & (table.standard != MISSING)
    reach = len(table.categories) - 1
    steps = (grades - table.standard)[both]
    counts = np.bincount(steps + reach, minlength=2 * reach + 1)
    values = np.array(table.categories, dtype=np.float64)
    differences = values[grades] - values[table.standard]
    means = patient_means(differences, both, table.patients)
    why = NotEstimable(Reason.NO_READS)
    return GradeShift(
        pairs=int(both.sum()),
        steps=tuple(range(-reach, reach + 1)),
        counts=tuple(int(n) for n in counts),
        mean=patient_mean(means, level=level),
        readers=tuple(
            patient_mean(
                patient_means(differences[one], both[one], table.patients), level=level
            )
            for one in (slice(r, r + 1) for r in range(len(grades)))
        ),
        wilcoxon=signed_rank(means),
        wilcoxon_without_zeros=signed_rank(means, zeros="wilcoxon"),
        permutation=sign_flip(means, flips=flips, seed=seed),
        p_holm=why,
        permutation_p_holm=why,
    )


def patient_means(
    values: Floats, present: NDArray[np.bool_], patients: Integers
) -> list[float]:
    """Mean of (readers, items) values over readers and items of each patient who has
    one, in the order of their numbers."""
    owners = np.broadcast_to(patients, values.shape)[present]
    sums = np.bincount(owners, weights=values[present])
    sizes = np.bincount(owners)
    return [float(mean) for mean in sums[sizes > 0] / sizes[sizes > 0]]
