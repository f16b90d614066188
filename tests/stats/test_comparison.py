"""Rank tests against a published table, scipy, statsmodels and their own limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.comparison.ranks import (
    dunn_against_control,
    friedman,
    holm,
    ranks_within_blocks,
)
from stats.means import mean_of_estimates, patient_mean
from stats.outcomes import Interval, NotEstimable, Reason

pytestmark = pytest.mark.pure

# Demšar (2006) Statistical comparisons of classifiers over multiple data sets, J Mach
# Learn Res 7:1-30, table 6: ranks (1 = best) of C4.5, C4.5+m, C4.5+cf, C4.5+m+cf on
# 14 data sets. https://www.jmlr.org/papers/v7/demsar06a.html
DEMSAR = np.array(
    [
        [4, 3, 2, 1],
        [1, 2, 3, 4],
        [4, 1, 2, 3],
        [4, 1, 3, 2],
        [4, 2, 3, 1],
        [1, 2.5, 4, 2.5],
        [3, 2, 4, 1],
        [2.5, 2.5, 4, 1],
        [4, 3, 2, 1],
        [2.5, 2.5, 2.5, 2.5],
        [4, 2.5, 1, 2.5],
        [3, 2, 4, 1],
        [4, 1, 2, 3],
        [3, 1, 4, 2],
    ]
)


def ties_of_demsar() -> float:
    """Share of the rank variance that is left with his ties (he does not correct)."""
    k, n = 4, len(DEMSAR)
    return ((DEMSAR - (k + 1) / 2) ** 2).sum() / (n * k * (k * k - 1) / 12)


def test_mean_ranks_and_friedman_are_those_of_demsar() -> None:
    result = friedman(DEMSAR)
    assert result.mean_ranks == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    # printed: chi-square 9.28, without correction for ties
    assert result.statistic * ties_of_demsar() == pytest.approx(9.28, abs=5e-3)


def test_comparisons_with_the_control_are_those_of_demsar() -> None:
    # printed for control C4.5: z 2.416, 2.342, 0.512; p .016, .019, .607
    found = {one.arm: one for one in dunn_against_control(DEMSAR, control=0)}
    for arm, z, p in ((3, 2.416, 0.016), (1, 2.342, 0.019), (2, 0.512, 0.607)):
        uncorrected = abs(found[arm].z) * np.sqrt(ties_of_demsar())
        assert uncorrected == pytest.approx(z, abs=1.5e-3)
        assert found[arm].p < p + 5e-4
    assert found[3].p_holm == pytest.approx(3 * found[3].p)


@pytest.mark.parametrize("seed", range(4))
def test_friedman_is_that_of_scipy_with_and_without_ties(seed: int) -> None:
    from scipy import stats

    rng = np.random.default_rng(seed)
    for values in (rng.normal(size=(20, 5)), rng.integers(0, 4, (20, 5)) * 1.0):
        oracle = stats.friedmanchisquare(*values.T)
        result = friedman(values)
        assert result.statistic == pytest.approx(oracle.statistic)
        assert result.p == pytest.approx(oracle.pvalue)
        assert ranks_within_blocks(values) == pytest.approx(
            stats.rankdata(values, axis=1)
        )


def test_arms_always_in_the_same_order_have_concordance_one() -> None:
    values = np.arange(5.0) + 100 * np.arange(8.0)[:, None]
    result = friedman(values)
    assert result.concordance == pytest.approx(1)
    assert result.mean_ranks == (1, 2, 3, 4, 5)


def test_a_small_difference_in_every_patient_is_found_despite_larger_ones_between() -> (
    None
):
    """Where the form for unpaired groups sees nothing (Kruskal and Wallis' ranks)."""
    rng = np.random.default_rng(2)
    patients = rng.normal(32, 3, (50, 1))
    values = patients + np.array([0.0, 0.2, 0.4]) + rng.normal(0, 0.05, (50, 3))
    within = dunn_against_control(values, control=0)
    assert within[1].p_holm < 1e-6

    from scipy import stats

    assert stats.kruskal(*values.T).pvalue > 0.2


def test_without_a_difference_p_is_below_5_percent_in_about_5_percent() -> None:
    rng = np.random.default_rng(5)
    found = [
        min(one.p_holm for one in dunn_against_control(values, control=0)) < 0.05
        for values in rng.normal(size=(1000, 20, 4))
    ]
    assert 0.025 <= np.mean(found) <= 0.065


@given(st.lists(st.floats(0, 1), max_size=12))
@settings(max_examples=8)  # statsmodels collects all garbage each time
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    from statsmodels.stats.multitest import multipletests

    expected = multipletests(p_values, method="holm")[1] if p_values else []
    assert holm(p_values) == pytest.approx(list(expected), abs=1e-12)


def test_arms_that_never_differ_have_no_test() -> None:
    equal = np.ones((5, 3))
    assert friedman(equal).p == NotEstimable(Reason.ALL_TIED)
    assert {one.p for one in dunn_against_control(equal, control=1)} == {
        NotEstimable(Reason.ALL_TIED)
    }


def test_no_block_and_one_arm_have_no_test() -> None:
    assert friedman(np.empty((0, 3))).statistic == NotEstimable(Reason.NO_IMAGES)
    assert dunn_against_control(np.empty((0, 2)), control=0)[0].p == NotEstimable(
        Reason.NO_IMAGES
    )
    assert friedman(np.ones((4, 1))).p == NotEstimable(Reason.ONE_ARM)
    assert dunn_against_control(np.ones((4, 1)), control=0) == []


def test_one_block_alone_has_no_test() -> None:
    """Ranks of one patient always concur: W would be 1 whatever was measured."""
    values = np.array([[1.0, 2.0, 3.0]])
    nothing = NotEstimable(Reason.ONE_BLOCK)
    result = friedman(values)
    assert (result.blocks, result.mean_ranks) == (1, (1, 2, 3))
    assert (result.statistic, result.p, result.concordance) == (nothing,) * 3
    for one in dunn_against_control(values, control=0):
        assert (one.rank_difference, one.z, one.p, one.p_holm) == (nothing,) * 4
    assert friedman(np.repeat(values, 2, axis=0)).concordance == pytest.approx(1)


def test_whoever_has_left_all_blocks_out_says_why() -> None:
    none, reason = np.empty((0, 3)), Reason.NO_COMPLETE_PATIENT
    assert friedman(none, without=reason).p == NotEstimable(reason)
    for one in dunn_against_control(none, control=1, without=reason):
        assert one.p_holm == NotEstimable(reason)


def test_infinite_values_are_an_error_not_a_rank() -> None:
    with pytest.raises(ValueError, match="finite"):
        friedman(np.array([[1.0, np.inf]]))


def test_a_mean_over_patients_has_student_s_interval() -> None:
    from scipy import stats

    values = [0.5, 0.0, -0.5, 1.0, 0.25]
    result = patient_mean(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    assert isinstance(result.interval, Interval)
    assert (result.interval.low, result.interval.high) == pytest.approx(tuple(expected))


def test_a_mean_over_too_few_patients_says_why() -> None:
    assert patient_mean([]).mean == NotEstimable(Reason.NO_READS)
    assert patient_mean([0.5]).interval == NotEstimable(Reason.ONE_PATIENT)
    assert patient_mean([0.5, 0.5]).interval == NotEstimable(Reason.NO_VARIATION)


def test_rounding_is_no_variation_between_patients() -> None:
    thirds = [1 / 3] * 10
    assert np.std(thirds, ddof=1) > 0  # the mean of ten thirds is not a third
    assert patient_mean(thirds).interval == NotEstimable(Reason.NO_VARIATION)


def test_a_mean_over_readers_leaves_no_reader_out_silently() -> None:
    assert mean_of_estimates([0.4, 0.6]) == pytest.approx(0.5)
    missing = NotEstimable(Reason.BOTH_CONSTANT)
    assert mean_of_estimates([0.4, missing]) == NotEstimable(Reason.READER_MISSING)
    assert mean_of_estimates([]) == NotEstimable(Reason.READER_MISSING)
