"""Marginal homogeneity and symmetry against R and a published table."""

import numpy as np
import pytest

from stats.bias.symmetry import bowker, stuart_maxwell, symmetry
from stats.outcomes import NotEstimable, Reason
from stats.readings import MISSING

pytestmark = pytest.mark.pure

# Stuart (1955): unaided distance vision, right and left eye of 7,477 women of Royal
# Ordnance factories
EYES = np.array(
    [
        [1520, 266, 124, 66],
        [234, 1512, 432, 78],
        [117, 362, 1772, 205],
        [36, 82, 179, 492],
    ]
)


def pairs_of(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.nonzero(table)
    return np.repeat(rows, table[rows, columns]), np.repeat(
        columns, table[rows, columns]
    )


def test_eyes_of_7477_women_are_as_stuart_published_them() -> None:
    """Published: 11.96 on 3 degrees of freedom. In R:
    D <- rowSums(t) - colSums(t); V <- diag(rowSums(t) + colSums(t)) - t - t(t)
    s <- D[-4] %*% solve(V[-4,-4]) %*% D[-4]; pchisq(s, 3, lower=FALSE)"""
    found = stuart_maxwell(EYES)
    assert found.statistic == pytest.approx(11.956569622983)
    assert found.degrees_of_freedom == 3
    assert found.p == pytest.approx(0.007533425055)


def test_bowker_is_r_s_mcnemar_test() -> None:
    """mcnemar.test(t): McNemar's chi-squared = 19.10655022, df = 6,
    p-value = 0.00398741984"""
    found = bowker(EYES)
    assert found.statistic == pytest.approx(19.10655022)
    assert found.degrees_of_freedom == 6
    assert found.p == pytest.approx(0.00398741984)


def test_with_one_pair_a_patient_the_clustered_test_is_stuart_s() -> None:
    rows, columns = pairs_of(EYES)
    found = symmetry(rows, columns, patients=np.arange(7477), categories=4)
    assert (found.pairs, found.dependent, found.unused) == (7477, False, ())
    assert found.clustered.statistic == pytest.approx(found.stuart_maxwell.statistic)
    assert found.clustered.degrees_of_freedom == 3


def test_two_grades_are_mcnemar_s_test() -> None:
    for test in (stuart_maxwell, bowker):
        found = test(np.array([[10, 9], [2, 20]]))
        assert found.statistic == pytest.approx((9 - 2) ** 2 / 11)
        assert found.degrees_of_freedom == 1


def test_a_grade_that_nobody_used_adds_no_degree_of_freedom() -> None:
    wider = np.zeros((5, 5), dtype=int)
    wider[np.ix_([0, 1, 3, 4], [0, 1, 3, 4])] = EYES
    rows, columns = pairs_of(wider)
    found = symmetry(rows, columns, patients=np.arange(7477), categories=5)
    assert found.unused == (2,)
    for test, plain in (
        (found.stuart_maxwell, stuart_maxwell(EYES)),
        (found.bowker, bowker(EYES)),
    ):
        assert test.statistic == pytest.approx(plain.statistic)
        assert test.degrees_of_freedom == plain.degrees_of_freedom


def test_the_same_pairs_twice_count_once_where_they_are_of_one_patient() -> None:
    rows, columns = pairs_of(EYES // 20)
    n = len(rows)
    once = symmetry(rows, columns, patients=np.arange(n), categories=4)
    twice = symmetry(
        np.tile(rows, 2),
        np.tile(columns, 2),
        patients=np.arange(2 * n) % n,
        categories=4,
    )
    assert twice.dependent
    assert twice.clustered.statistic == pytest.approx(once.clustered.statistic)
    assert twice.stuart_maxwell.statistic == pytest.approx(
        2 * once.stuart_maxwell.statistic
    )


def test_two_grades_in_clusters_are_durkalski_s_test() -> None:
    """(Σ (b - c) / n)² / Σ ((b - c) / n)² of clusters of n = 2 pairs."""
    rows = np.array([0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0])
    columns = np.array([1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0])
    found = symmetry(rows, columns, patients=np.arange(12) // 2, categories=2)
    change = (columns - rows).reshape(-1, 2).sum(axis=1) / 2
    assert found.clustered.statistic == pytest.approx(
        change.sum() ** 2 / (change**2).sum()
    )


def test_the_clustered_test_holds_its_level_where_the_plain_one_does_not() -> None:
    rng, hits = np.random.default_rng(4), np.zeros(2)
    for _ in range(200):
        truth = rng.integers(0, 4, 60)
        error = rng.standard_normal((2, 60))
        sides = np.repeat(np.rint(truth + 0.7 * error), 3, axis=1)
        graded = np.clip(sides, 0, 3).astype(np.int64)
        found = symmetry(
            graded[0], graded[1], patients=np.repeat(np.arange(60), 3), categories=4
        )
        hits += [found.clustered.p < 0.05, found.stuart_maxwell.p < 0.05]
    assert hits[0] <= 20
    assert hits[1] >= 50


def test_turning_the_scale_or_the_readings_around_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    rows, columns = rng.integers(0, 4, (2, 80))
    owners = np.arange(80) // 2
    one = symmetry(rows, columns, patients=owners, categories=4)
    for other in (
        symmetry(columns, rows, patients=owners, categories=4),
        symmetry(3 - rows, 3 - columns, patients=owners[::-1] * 3, categories=4),
    ):
        assert other.bowker.p == pytest.approx(one.bowker.p)
        assert other.stuart_maxwell.p == pytest.approx(one.stuart_maxwell.p)
    turned = symmetry(3 - rows, 3 - columns, patients=owners * 3, categories=4)
    assert turned.clustered.p == pytest.approx(one.clustered.p)


def test_what_does_not_exist_says_why() -> None:
    places = np.array([0, 1, 2, 3])
    none = symmetry(places, np.full(4, MISSING), patients=places, categories=4)
    assert none.pairs == 0
    assert none.bowker.p == none.clustered.p == NotEstimable(Reason.NO_READS)
    perfect = symmetry(places, places, patients=places, categories=4)
    assert perfect.stuart_maxwell.p == NotEstimable(Reason.PERFECT)
    assert perfect.clustered.p == NotEstimable(Reason.PERFECT)
    one = symmetry(places, 3 - places, patients=places * 0, categories=4)
    assert one.clustered.p == NotEstimable(Reason.ONE_PATIENT)
    swapped = symmetry(places, places ^ 1, patients=places // 2, categories=4)
    assert swapped.clustered.p == NotEstimable(Reason.NO_VARIATION)
    few = symmetry(places, np.roll(places, 1), patients=places, categories=4)
    assert few.clustered.degrees_of_freedom == 3
    two = symmetry(places, np.array([1, 1, 2, 2]), patients=places, categories=4)
    assert two.clustered.p == NotEstimable(Reason.MORE_EFFECTS)
    with pytest.raises(ValueError, match="outside the scale"):
        symmetry(places, places, patients=places, categories=3)
