"""Arms swapped within patients."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from stats.multireader import (
    difference,
    joint_kappas,
    mean_kappa,
    same_items,
    swap_test,
)
from stats.outcomes import NotEstimable, Reason
from stats.readings import MISSING, GradeTable

from .test_multireader import some_table

pytestmark = pytest.mark.pure


def by_hand(table: GradeTable, weighting: str) -> float:
    """p of arm 0 against arm 1 by swapping each patient of the table in turn."""
    table = same_items(table, 0, 1)
    patients = int(table.patients.max()) + 1
    found = []
    for swaps in product((False, True), repeat=patients):
        swapped = np.array(swaps)[table.patients]
        grades = np.where(swapped, table.grades[:, ::-1], table.grades)
        joint = joint_kappas(replace(table, grades=grades), weighting=weighting)
        first, second = (mean_kappa(joint, arm).mean for arm in (0, 1))
        if not isinstance(first, NotEstimable) and not isinstance(second, NotEstimable):
            found.append(abs(first - second))
    return float(np.mean(np.array(found) >= found[0] - 1e-12))


@pytest.mark.parametrize("weighting", ["unweighted", "linear", "quadratic"])
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_a_small_study_goes_through_every_way_of_swapping(
    weighting: str, missing: float
) -> None:
    table = some_table(3, patients=7, readers=2, arms=2, missing=missing)
    found = swap_test(table, 0, 1, weighting=weighting)
    assert found.exact and found.permutations <= 2**7
    assert found.p == pytest.approx(by_hand(table, weighting))


def test_drawn_swaps_come_near_the_exact_p_and_are_the_same_each_time() -> None:
    table = some_table(5, patients=10, arms=2)
    exact = swap_test(table, 0, 1, weighting="quadratic")
    drawn = swap_test(table, 0, 1, weighting="quadratic", permutations=1000, seed=4)
    assert exact.exact
    few = swap_test(table, 0, 1, weighting="quadratic", permutations=200, seed=4)
    again = swap_test(table, 0, 1, weighting="quadratic", permutations=200, seed=4)
    assert not few.exact and few == again and few.permutations == 200
    assert few != swap_test(
        table, 0, 1, weighting="quadratic", permutations=200, seed=5
    )
    assert drawn.p == pytest.approx(exact.p, abs=0.05)
    assert few.p == pytest.approx(exact.p, abs=0.12)


def test_p_is_never_zero_and_turning_the_arms_around_keeps_it() -> None:
    table = some_table(1, arms=2)
    grades = table.grades.copy()
    grades[:, 0] = table.standard  # perfect in one arm
    grades[:, 1] = np.random.default_rng(0).integers(0, 4, grades[:, 1].shape)
    table = replace(table, grades=grades)
    one = swap_test(table, 0, 1, weighting="quadratic", permutations=499)
    assert one.p == pytest.approx(1 / 500)
    other = swap_test(table, 1, 0, weighting="quadratic", permutations=499)
    assert (other.difference, other.p) == pytest.approx((-one.difference, one.p))
    joint = joint_kappas(table, weighting="quadratic")
    assert one.difference == pytest.approx(difference(joint, 0, 1).difference)


def test_arms_that_were_graded_alike_have_p_one() -> None:
    table = some_table(2, arms=2)
    alike = replace(table, grades=np.repeat(table.grades[:, :1], 2, axis=1))
    found = swap_test(alike, 0, 1, weighting="quadratic")
    assert (found.difference, found.p, found.permutations) == (0, 1, 1)


def test_ways_of_swapping_without_a_kappa_are_dropped_and_counted() -> None:
    """Two patients, one reader: swapped, one arm and the standard have one grade."""
    table = GradeTable(
        (1, 2, 3, 4),
        np.array([[[1, 1, 2, 1], [1, 2, 1, 1]]]),
        np.array([[1, 1, 1, 1]]),
        np.array([0, 0, 1, 1]),
    )
    found = swap_test(table, 0, 1, weighting="quadratic")
    assert (found.permutations, found.dropped) == (2, 2)
    assert found.p == 1


def test_where_a_kappa_does_not_exist_there_is_no_test() -> None:
    table = some_table(0, arms=2)
    grades = table.grades.copy()
    grades[1, 1] = MISSING
    found = swap_test(replace(table, grades=grades), 0, 1, weighting="quadratic")
    assert found.p == found.difference == NotEstimable(Reason.READER_MISSING)
    alone = swap_test(some_table(0, patients=1, arms=2), 0, 1, weighting="quadratic")
    assert alone.p == NotEstimable(Reason.ONE_PATIENT)
