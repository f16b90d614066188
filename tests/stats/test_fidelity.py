"""How often anatomy was shown wrongly, and whether arms differ in it.

Held to statsmodels (Cochran's Q, McNemar, Wilson) and to all exchanges gone through.
"""

from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import cochrans_q, mcnemar
from statsmodels.stats.proportion import proportion_confint

from stats.comparison import exchange_p, holm
from stats.fidelity import arms_compared, fidelity_rates
from stats.fidelity.arms import cochran_q
from stats.outcomes import Interval, NotEstimable, Reason
from stats.ratings import RatingTable

from .question_coverage import changes

pytestmark = pytest.mark.pure

ANSWERS = (1, 2, 3, 4, 5)  # none, moved, removed, added, unusable


def some_answers(
    *, seed: int = 1, readers: int = 3, patients: int = 40, arms: int = 3
) -> RatingTable:
    """The last arm is wrong more often than the others; every answer is given."""
    rng = np.random.default_rng(seed)
    ratings = changes(rng, patients=patients, readers=readers, arms=arms, often=0.2)
    worse = (rng.random(ratings[:, -1].shape) < 0.2) & (ratings[:, -1] == 1)
    ratings[:, -1][worse] = 4
    wrong = ratings != 1
    ratings[wrong] = rng.choice([2, 3, 4], size=int(wrong.sum()))
    return RatingTable(ratings, np.arange(patients))


def test_one_reader_s_test_is_cochran_s_and_pairs_are_mcnemar_s() -> None:
    table = some_answers()
    wrong = table.ratings[1] != 1
    found = arms_compared(table, faithful=1, reader=1)
    expected = cochrans_q(wrong.T.astype(int))
    assert found.q.statistic == pytest.approx(expected.statistic)
    assert found.q.p == pytest.approx(expected.pvalue)
    assert (found.q.degrees_of_freedom, found.q.patients) == (2, 40)
    for pair in found.pairs:
        one, other = wrong[pair.first], wrong[pair.second]
        counts = [[(one & other).sum(), (one & ~other).sum()]]
        counts.append([(~one & other).sum(), (~one & ~other).sum()])
        assert (pair.only_first, pair.only_second) == (counts[0][1], counts[1][0])
        assert pair.p == pytest.approx(mcnemar(np.array(counts), exact=True).pvalue)
        assert pair.difference == pytest.approx(one.mean() - other.mean())
        paired = scipy_stats.ttest_rel(one.astype(float), other.astype(float))
        span = paired.confidence_interval(0.95)
        assert isinstance(pair.interval, Interval)
        assert (pair.interval.low, pair.interval.high) == pytest.approx(tuple(span))
    assert [pair.p_holm for pair in found.pairs] == pytest.approx(
        holm([pair.p for pair in found.pairs])
    )


def test_the_difference_of_rates_is_clustered_by_patient() -> None:
    """A patient with two cases and readers who left some out, written out."""
    table = some_answers(patients=30, arms=2)
    ratings = table.ratings.copy()
    ratings[0, 1, :7] = ratings[2, 0, 20:23] = np.nan
    patients = np.repeat(np.arange(15), 2)
    (pair,) = arms_compared(RatingTable(ratings, patients), faithful=1).pairs
    apart = np.where(np.isnan(ratings), np.nan, ratings != 1)
    apart = apart[:, 0] - apart[:, 1]
    n, mean = int((~np.isnan(apart)).sum()), float(np.nanmean(apart))
    sums = [np.nansum(apart[:, patients == one] - mean) for one in range(15)]
    error = np.sqrt(15 / 14 * np.sum(np.square(sums))) / n
    half = scipy_stats.t.ppf(0.975, 14) * error
    assert isinstance(pair.interval, Interval)
    assert pair.difference == pytest.approx(mean)
    ends = (pair.interval.low, pair.interval.high)
    assert ends == pytest.approx((mean - half, mean + half))


def test_several_readers_exchange_the_arms_of_a_patient_together() -> None:
    """Q's denominator is the variance over all orders of the arms of each patient."""
    table = some_answers(patients=5)
    sums = (table.ratings != 1).sum(axis=0).T.astype(float)  # (patients, arms)
    spread = []
    for row in sums:
        orders = np.array([np.array(order) for order in permutations(row)])
        spread.append(np.cov(orders.T, bias=True))
    covariance = np.sum(spread, axis=0)
    away = sums.sum(axis=0) - sums.sum() / 3
    expected = away @ np.linalg.pinv(covariance) @ away
    found = arms_compared(table, faithful=1).q
    assert found.statistic == pytest.approx(expected)
    assert found.p == pytest.approx(scipy_stats.chi2.sf(expected, 2))


def test_pairs_of_several_readers_go_through_all_exchanges() -> None:
    table = some_answers(patients=9)
    sums = (table.ratings != 1).sum(axis=0)
    apart = sums[0] - sums[2]
    signs = np.array(list(product([-1, 1], repeat=9)))
    expected = np.mean(np.abs(signs @ apart) >= abs(apart.sum()))
    found = arms_compared(table, faithful=1).pairs[1]
    assert (found.first, found.second) == (0, 2)
    assert found.p == pytest.approx(expected)
    assert exchange_p(apart, without=Reason.NO_CHANGES) == pytest.approx(expected)


def test_readers_who_agree_do_not_make_a_test_surer() -> None:
    one = some_answers(readers=1)
    three = RatingTable(np.repeat(one.ratings, 3, axis=0), one.patients)
    first = arms_compared(one, faithful=1)
    other = arms_compared(three, faithful=1)
    assert other.q.statistic == pytest.approx(first.q.statistic)
    assert [pair.p for pair in other.pairs] == pytest.approx(
        [pair.p for pair in first.pairs]
    )


def test_two_cases_of_a_patient_are_one_block() -> None:
    table = some_answers(patients=40)
    owners = np.arange(40) // 2
    found = arms_compared(RatingTable(table.ratings, owners), faithful=1)
    assert found.q.patients == 20
    wrong = (table.ratings != 1).sum(axis=0).T.astype(float)
    expected = cochran_q(wrong[::2] + wrong[1::2])
    assert found.q.statistic == pytest.approx(expected.statistic)


def test_against_a_control_only_its_pairs_are_corrected_for() -> None:
    table = some_answers(arms=4)
    found = arms_compared(table, faithful=1, control=0)
    assert [(one.first, one.second) for one in found.pairs] == [(1, 0), (2, 0), (3, 0)]
    everything = arms_compared(table, faithful=1)
    assert found.q == everything.q
    assert found.pairs[2].p == pytest.approx(everything.pairs[2].p)
    assert found.pairs[2].p_holm <= everything.pairs[2].p_holm


def test_what_is_not_rated_in_every_arm_is_in_pairs_only() -> None:
    table = some_answers()
    ratings = table.ratings.copy()
    ratings[:, 2, :10] = np.nan
    found = arms_compared(RatingTable(ratings, table.patients), faithful=1)
    assert found.q.patients == 30
    assert [pair.ratings for pair in found.pairs] == [120, 90, 90]


def test_rates_of_one_reader_are_wilson_s() -> None:
    table = some_answers()
    found = fidelity_rates(table, arm=2, categories=ANSWERS, faithful=1, reader=0)
    wrong = int((table.ratings[0, 2] != 1).sum())
    low, high = proportion_confint(wrong, 40, method="wilson")
    for span in (found.changed.wilson, found.changed.clustered):
        assert isinstance(span, Interval)
        assert (span.low, span.high) == pytest.approx((low, high))
    assert found.changed.count == wrong == 40 - found.rates[0].count
    assert [one.count for one in found.rates] == [
        int((table.ratings[0, 2] == answer).sum()) for answer in ANSWERS
    ]
    assert sum(one.rate for one in found.rates) == pytest.approx(1)


def test_rates_of_several_readers_are_wider_by_patient() -> None:
    table = some_answers()
    found = fidelity_rates(table, arm=0, categories=ANSWERS, faithful=1)
    assert (found.ratings, found.patients) == (120, 40)
    plain, wide = found.changed.wilson, found.changed.clustered
    assert isinstance(plain, Interval) and isinstance(wide, Interval)
    assert wide.high - wide.low > 1.2 * (plain.high - plain.low)
    assert "patients" in wide.method and plain.method == "Wilson"


def test_an_answer_that_nobody_gave_has_a_rate_of_0_and_an_upper_limit() -> None:
    table = some_answers()
    found = fidelity_rates(table, arm=0, categories=ANSWERS, faithful=1)
    never = found.rates[4]
    assert (never.count, never.rate) == (0, 0)
    assert isinstance(never.clustered, Interval) and isinstance(never.wilson, Interval)
    _low, high = proportion_confint(0, 40, method="wilson")
    assert never.clustered.high == pytest.approx(high)  # patients for items
    assert never.wilson.high < never.clustered.high


def test_what_is_not_estimable_says_why() -> None:
    table = some_answers()
    one_arm = RatingTable(table.ratings[:, :1], table.patients)
    assert arms_compared(one_arm, faithful=1).q.p == NotEstimable(Reason.ONE_ARM)
    same = RatingTable(np.ones((2, 3, 5)), np.arange(5))
    found = arms_compared(same, faithful=1)
    assert found.q.p == found.pairs[0].p == NotEstimable(Reason.NO_CHANGES)
    assert found.pairs[0].difference == 0
    assert found.pairs[0].interval == NotEstimable(Reason.NO_VARIATION)
    one = RatingTable(table.ratings, np.zeros(40, dtype=int))
    found = arms_compared(one, faithful=1)
    assert found.q.p == found.pairs[0].p == NotEstimable(Reason.ONE_PATIENT)
    empty = RatingTable(np.full((2, 3, 5), np.nan), np.arange(5))
    found = arms_compared(empty, faithful=1)
    assert found.q.p == found.pairs[0].p == NotEstimable(Reason.NO_COMPLETE_ITEM)
    assert found.pairs[0].difference == NotEstimable(Reason.NO_COMPLETE_ITEM)
    rates = fidelity_rates(empty, arm=0, categories=ANSWERS, faithful=1)
    assert (
        rates.changed.rate == rates.rates[0].wilson == NotEstimable(Reason.NO_RATINGS)
    )
    with pytest.raises(ValueError, match="categories"):
        fidelity_rates(table, arm=0, categories=(1, 2), faithful=1)
