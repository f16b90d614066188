"""Paired and unpaired comparisons against R 4.2.2, and what they cannot tell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.comparison import (
    Family,
    dunn_against_control,
    dunn_unpaired,
    kruskal_wallis,
    paired_difference,
)
from stats.comparison.paired import EXACT, NORMAL
from stats.outcomes import Interval, NotEstimable, Reason

pytestmark = pytest.mark.pure

# Hollander and Wolfe (1973) p. 29, in R's help of wilcox.test: depression scores.
BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
# Hollander and Wolfe (1973) p. 116, in R's help of kruskal.test: lungs.
LUNGS = [
    np.array([2.9, 3.0, 2.5, 2.6, 3.2]),
    np.array([3.8, 2.7, 4.0, 2.4]),
    np.array([2.8, 3.4, 3.7, 2.2, 2.0]),
]


def test_the_exact_test_and_its_interval_are_those_of_r() -> None:
    # R: wilcox.test(before, after, paired = TRUE, conf.int = TRUE)
    # p-value = 0.03906, interval 0.010 0.786, pseudomedian 0.46
    found = paired_difference(np.subtract(BEFORE, AFTER).tolist())
    assert found.p == pytest.approx(0.0390625, abs=1e-12)
    assert found.median == pytest.approx(0.46, abs=1e-12)
    assert isinstance(found.interval, Interval)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.010, 0.786))
    assert found.method == EXACT
    assert found.rank_biserial == pytest.approx((40 - 5) / 45)


def test_with_ties_and_zeros_the_normal_approximation_is_that_of_r() -> None:
    # R: wilcox.test(d, exact = FALSE)$p.value
    found = paired_difference([2, -1, 0, 3, 3, 1, 4, -2, 5, 2, 0, 1])
    assert found.p == pytest.approx(0.040305, abs=5e-7)
    assert found.method == NORMAL
    assert (found.patients, found.zeros) == (12, 2)


def test_the_unpaired_form_is_that_of_r() -> None:
    # R: kruskal.test(values, group); Dunn's z by hand from rank() in base R
    test = kruskal_wallis(LUNGS)
    assert test.statistic == pytest.approx(0.77143, abs=5e-6)
    assert test.p == pytest.approx(0.68, abs=5e-4)
    second, third = dunn_unpaired(LUNGS, control=0, family=Family.AGAINST_CONTROL)
    assert (second.z, third.z) == pytest.approx((0.641427, -0.2267787), abs=1e-6)
    assert (second.p, third.p) == pytest.approx((0.5212453, 0.8205958), abs=1e-6)


def test_all_pairs_are_corrected_more_than_those_with_the_control() -> None:
    rng = np.random.default_rng(3)
    arms = [rng.normal(shift, 1, 40) for shift in (0, 0.4, 0.9, 0.1)]
    every = dunn_unpaired(arms, control=0, family=Family.ALL_PAIRS)
    some = dunn_unpaired(arms, control=0, family=Family.AGAINST_CONTROL)
    assert [one.p for one in every] == [one.p for one in some]
    assert all(a.p_holm >= b.p_holm for a, b in zip(every, some, strict=True))
    assert every[1].p_holm == pytest.approx(6 * every[1].p)
    assert some[1].p_holm == pytest.approx(3 * some[1].p)


def test_the_unpaired_form_misses_what_every_patient_shows() -> None:
    """Why it is not the default: patients differ more than arms do."""
    patients = np.linspace(20, 40, 30)
    blocks = np.column_stack([patients, patients + 0.5])
    paired = dunn_against_control(blocks, control=0)[0]
    unpaired = dunn_unpaired(list(blocks.T), control=0, family=Family.ALL_PAIRS)[0]
    assert paired.p < 1e-6
    assert unpaired.p > 0.5


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=30), st.integers(1, 9))
@settings(max_examples=60)
def test_turning_and_stretching_the_differences_turns_the_result(
    values: list[int], scale: int
) -> None:
    one = paired_difference([float(v) for v in values])
    other = paired_difference([-float(v * scale) for v in values])
    if isinstance(one.p, NotEstimable):
        assert other.p == one.p
        return
    assert other.p == pytest.approx(one.p)
    assert other.median == pytest.approx(-scale * one.median)
    assert other.rank_biserial == pytest.approx(-one.rank_biserial)
    if isinstance(one.interval, Interval):
        assert other.interval.low == pytest.approx(-scale * one.interval.high)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], Reason.NO_IMAGES),
        ([1.0], Reason.ONE_PATIENT),
        ([0.0, 0.0, 0.0], Reason.ALL_TIED),
    ],
)
def test_what_cannot_be_told_says_why(values: list[float], reason: Reason) -> None:
    found = paired_difference(values)
    for one in (found.p, found.median, found.interval, found.rank_biserial):
        assert one == NotEstimable(reason)


def test_too_few_patients_have_a_p_and_no_interval() -> None:
    found = paired_difference([1.0, 2.0, 3.0, 4.0])
    assert found.p == pytest.approx(0.125)
    assert found.interval == NotEstimable(Reason.TOO_FEW_PATIENTS)


def test_a_difference_that_all_patients_share_has_no_interval_of_one_point() -> None:
    found = paired_difference([0.5] * 8)
    assert (found.mean.mean, found.median) == (0.5, 0.5)
    nothing = NotEstimable(Reason.NO_VARIATION)
    assert found.mean.interval == found.interval == nothing


def test_arms_without_values_or_difference_are_named() -> None:
    empty = dunn_unpaired(
        [np.array([1.0]), np.array([])], control=0, family=Family("all pairs")
    )
    assert empty[0].p == NotEstimable(Reason.NO_IMAGES)
    same = [np.ones(4), np.ones(4)]
    assert kruskal_wallis(same).p == NotEstimable(Reason.ALL_TIED)
    assert kruskal_wallis([np.arange(3.0)]).p == NotEstimable(Reason.ONE_ARM)


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e6])
def test_rounding_unties_no_values_whatever_the_unit(unit: float) -> None:
    found = paired_difference([unit * v for v in (0.1 + 0.2, -0.3, 0.3, 1.0)])
    assert found.method == NORMAL
    assert found.rank_biserial == pytest.approx((10 - 2 * 2) / 10)
    same = paired_difference([unit * v for v in (0.4, -0.3, 0.2, 1.0)])
    assert (same.method, same.zeros, same.p) == (EXACT, 0, pytest.approx(0.375))


@pytest.mark.parametrize("seed", range(4))
def test_one_signed_rank_test_is_scipy_s_in_every_form(seed: int) -> None:
    from scipy.stats import wilcoxon

    rng = np.random.default_rng(seed)
    for values in (rng.normal(0.3, 1, 20), rng.normal(0, 1, 80)):
        found = paired_difference(values.tolist())
        method = "exact" if len(values) < 50 else "approx"
        theirs = wilcoxon(values, correction=True, method=method)
        assert found.p == pytest.approx(theirs.pvalue, rel=1e-9)
    tied = rng.integers(-2, 4, 30).astype(float)
    theirs = wilcoxon(tied, zero_method="wilcox", correction=True, method="approx")
    assert paired_difference(tied.tolist()).p == pytest.approx(theirs.pvalue, rel=1e-9)
