"""Exact and within-one agreement, PABAK, indices: against R, and their intervals."""

import numpy as np
import pytest

from stats.agreement.tables import (
    Estimate,
    PairTable,
    clustered_mean,
    clustered_share,
    pair_table,
)
from stats.outcomes import Interval, NotEstimable, Reason
from stats.readings import MISSING

from .agreement_coverage import share_coverage
from .grade_tables import drawn_table

pytestmark = pytest.mark.pure

FIRST = np.array([1, 1, 2, 3, 4, 4, 4, 3, 2, 1]) - 1
SECOND = np.array([1, 2, 2, 3, 4, 4, 4, 4, 4, 1]) - 1
PATIENTS = np.repeat(np.arange(5), 2)
GRADES = (1, 2, 3, 4)


def table_of(
    first: np.ndarray, second: np.ndarray, patients: np.ndarray = PATIENTS
) -> PairTable:
    return pair_table(first, second, categories=GRADES, patients=patients)


def ends(estimate: Estimate) -> tuple[float, float]:
    assert isinstance(estimate.interval, Interval)
    return estimate.interval.low, estimate.interval.high


def test_shares_and_indices_are_those_of_r() -> None:
    # R 4.2.2: f <- c(1,1,2,3,4,4,4,3,2,1); s <- c(1,2,2,3,4,4,4,4,4,1)
    # g <- rep(1:5, each=2); p <- mean(f==s); t <- qt(.975,4)
    # se <- sqrt(5/4*sum(tapply((f==s)-p, g, sum)^2))/10; e <- min(p*(1-p)/se^2, 10)
    # m <- (p+t^2/(2*e))/(1+t^2/e); h <- t/(1+t^2/e)*sqrt(p*(1-p)/e+t^2/(4*e^2))
    # c(p, m-h, m+h)
    found = table_of(FIRST, SECOND)
    assert found.exact.value == 0.7
    assert ends(found.exact) == pytest.approx((0.2983069188, 0.9275714278), abs=5e-11)
    assert found.within_one.value == 0.9
    assert found.pabak.value == pytest.approx((4 * 0.7 - 1) / 3)
    # b <- (s==4)-(f==4); se <- sqrt(5/4*sum(tapply(b-mean(b), g, sum)^2))/10
    # c(mean(b), mean(b)-t*se, mean(b)+t*se)
    normal = found.grades[-1]
    assert normal.bias.value == pytest.approx(0.2)
    assert ends(normal.bias) == pytest.approx((-0.1400436903, 0.5400436903), abs=5e-11)
    # mean(((f==4)&(s==4))-((f!=4)&(s!=4))) = -0.2, -1.3278 to 0.9278: cut at -1
    assert normal.prevalence.value == pytest.approx(-0.2)
    assert ends(normal.prevalence) == pytest.approx((-1, 0.9277973331), abs=5e-11)
    # unclass(table(f, s))
    assert found.table == ((2, 1, 0, 0), (0, 1, 0, 1), (0, 0, 1, 1), (0, 0, 0, 3))


def test_with_many_items_of_as_many_patients_wilson_s_interval_is_r_s() -> None:
    # R 4.2.2: prop.test(1400, 2000, correct = FALSE)$conf.int: 0.679548533 0.719684648;
    # with t instead of z it is a little wider
    agreed = np.arange(2000) % 10 < 7
    low, high = ends(clustered_share(agreed, patients=np.arange(2000)))
    assert (low, high) == pytest.approx((0.679548533, 0.719684648), abs=2e-5)


def test_sides_that_always_agree_count_once_a_patient() -> None:
    once = np.array([True] * 9 + [False] * 3)
    single = clustered_share(once, patients=np.arange(12))
    double = clustered_share(np.repeat(once, 2), patients=np.repeat(np.arange(12), 2))
    assert ends(double)[0] == pytest.approx(ends(single)[0], abs=0.02)
    for both in (True, False):
        one = clustered_share(np.full(12, both), patients=np.arange(12))
        two = clustered_share(np.full(24, both), patients=np.repeat(np.arange(12), 2))
        assert ends(two) == ends(one)


def test_pabak_of_two_grades_is_that_of_byrt_and_his_colleagues() -> None:
    # Byrt et al. (1993): 2 Po - 1, prevalence (a - d)/n, bias (b - c)/n
    first = np.repeat([1, 1, 0, 0], [40, 9, 6, 45])
    second = np.repeat([1, 0, 1, 0], [40, 9, 6, 45])
    found = pair_table(first, second, categories=(0, 1), patients=np.arange(100))
    assert found.pabak.value == pytest.approx(2 * 0.85 - 1)
    one = found.grades[1]
    assert one.prevalence.value == pytest.approx((40 - 45) / 100)
    assert one.bias.value == pytest.approx((6 - 9) / 100)
    low, high = ends(found.exact)
    assert ends(found.pabak) == pytest.approx((2 * low - 1, 2 * high - 1))


def test_exchanging_the_readings_turns_the_table_and_the_bias_alone() -> None:
    drawn = drawn_table()
    first, second = drawn.grades[:2, 0]
    one = table_of(first, second, drawn.patients)
    other = table_of(second, first, drawn.patients)
    assert np.array_equal(np.array(one.table).T, other.table)
    assert (one.exact, one.within_one, one.pabak) == (
        other.exact,
        other.within_one,
        other.pabak,
    )
    for a, b in zip(one.grades, other.grades, strict=True):
        assert a.prevalence == b.prevalence
        assert a.bias.value == pytest.approx(-b.bias.value)


def test_items_without_a_grade_are_in_no_number() -> None:
    first = np.append(FIRST, [MISSING, 2, MISSING])
    second = np.append(SECOND, [1, MISSING, MISSING])
    found = table_of(first, second, np.append(PATIENTS, [5, 6, 7]))
    assert found == table_of(FIRST, SECOND)
    assert (found.items, found.patients) == (10, 5)


def test_without_pairs_there_is_nothing_and_with_one_patient_no_interval() -> None:
    nobody = table_of(np.array([MISSING]), np.array([1]), np.array([0]))
    assert nobody.exact.value == NotEstimable(Reason.NO_READS)
    assert nobody.pabak == nobody.exact == nobody.grades[0].bias
    one = table_of(FIRST[:2], SECOND[:2], np.array([3, 3]))
    assert one.exact == Estimate(0.5, NotEstimable(Reason.ONE_PATIENT))
    assert one.grades[0].bias == Estimate(-0.5, NotEstimable(Reason.ONE_PATIENT))


def test_a_difference_that_all_patients_share_has_no_interval() -> None:
    found = clustered_mean(np.tile([1.0, 0.0], 5), patients=PATIENTS)
    assert found == Estimate(0.5, NotEstimable(Reason.NO_VARIATION))


def test_places_outside_the_grades_and_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="declared"):
        table_of(FIRST, SECOND + 1)
    with pytest.raises(ValueError, match="length"):
        table_of(FIRST, SECOND[1:])


def test_intervals_of_shares_hold_the_truth_as_often_as_they_say() -> None:
    # 500 studies: a standard error of 1 %; docs/statistics/agreement.md has more
    found = share_coverage(replicates=500, seed=2)
    assert 0.93 <= found.exact <= 0.985
    assert 0.93 <= found.within_one <= 0.995
