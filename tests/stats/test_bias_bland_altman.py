"""Limits of agreement and clustered regression against R and published numbers."""

import numpy as np
import pytest

from stats.bias.bland_altman import limits_of_agreement
from stats.bias.regression import clustered_fit, wald_test
from stats.outcomes import Interval, NotEstimable, Reason

pytestmark = pytest.mark.pure

# Bland and Altman (1986), table 1, first readings: peak flow in l/min of 17 people by
# two meters
WRIGHT = (494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178)
WRIGHT = (*WRIGHT, 423, 427)
MINI = (512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350)
MINI = (*MINI, 451)
# two sides of most of six people
OWNERS = (1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 6)
X = (2.1, 2.4, 3.0, 2.7, 1.8, 1.9, 2.6, 2.2, 3.1, 2.0, 2.3)
Y = (2.0, 2.5, 2.6, 2.5, 1.9, 1.6, 2.7, 2.4, 2.6, 2.1, 2.0)


def ends(interval: Interval | NotEstimable) -> tuple[float, float]:
    assert isinstance(interval, Interval)
    return interval.low, interval.high


def test_peak_flow_is_as_bland_and_altman_published_it() -> None:
    """Mean difference −2.1, SD 38.8, interval of the bias −22.0 to 17.8 l/min. In R:
    d <- wright - mini; c(mean(d), sd(d)); t.test(d)$conf.int"""
    found = limits_of_agreement(WRIGHT, MINI, patients=range(17))
    assert (found.items, found.patients) == (17, 17)
    assert found.bias == pytest.approx(-2.117647059)
    assert found.standard_deviation == pytest.approx(38.765129874)
    assert ends(found.bias_interval) == pytest.approx((-22.0488377, 17.81354358))
    # qchisq and qt of base R put into the formula of Zou (2013)
    assert found.upper == pytest.approx(73.860611349)
    assert ends(found.upper_interval) == pytest.approx((46.052342350, 118.242943588))
    assert found.lower == pytest.approx(2 * found.bias - found.upper)


def test_two_sides_of_a_patient_are_one_patient() -> None:
    """In R, the formula in base R: b <- tapply(d, id, mean); sb <- var(b);
    sw <- sum((d - ave(d, id))^2)/(N - n); w <- (1 - mean(1/table(id)))*sw"""
    found = limits_of_agreement(X, Y, patients=OWNERS)
    assert (found.items, found.patients) == (11, 6)
    assert found.bias == pytest.approx(0.1416666667)
    assert found.standard_deviation == pytest.approx(0.2636285265)
    assert found.upper == pytest.approx(0.6583690840)
    assert ends(found.upper_interval) == pytest.approx((0.3774309472, 1.3384036269))


def test_the_difference_s_slope_on_the_mean_is_that_of_r() -> None:
    """CR2 in base R: eigen(I - H[r, r]) of each patient's rows, v = 1/sqrt(values),
    A = E diag(v) E'; df = sum(diag(W))^2/sum(W^2) with W = P'P of Satterthwaite."""
    slope = limits_of_agreement(X, Y, patients=OWNERS).slope
    assert slope.estimate == pytest.approx(0.2075949367)
    assert slope.standard_error == pytest.approx(0.2120723373)
    assert slope.p == pytest.approx(0.3957727351)
    assert isinstance(slope.interval, Interval)
    assert slope.interval.degrees_of_freedom == pytest.approx(3.1969471294)


def test_limits_turn_around_with_the_methods_and_scale_with_the_unit() -> None:
    one = limits_of_agreement(X, Y, patients=OWNERS)
    other = limits_of_agreement(Y, X, patients=[-owner for owner in OWNERS])
    assert ends(other.upper_interval) == pytest.approx(
        tuple(-end for end in reversed(ends(one.lower_interval)))
    )
    large = limits_of_agreement(
        [10 * x for x in X], [10 * y for y in Y], patients=OWNERS
    )
    assert ends(large.lower_interval) == pytest.approx(
        tuple(10 * end for end in ends(one.lower_interval))
    )
    assert large.slope.estimate == pytest.approx(one.slope.estimate)


def test_what_does_not_exist_says_why() -> None:
    empty = limits_of_agreement([], [], patients=[])
    assert empty.bias == empty.slope.p == NotEstimable(Reason.NO_IMAGES)
    single = limits_of_agreement([2.0, 3.0], [1.0, 1.0], patients=["a", "a"])
    assert (single.bias, single.patients) == (1.5, 1)
    assert single.lower == single.slope.interval == NotEstimable(Reason.ONE_PATIENT)
    same = limits_of_agreement([2.0, 3.0], [1.0, 2.0], patients=["a", "b"])
    assert (same.lower, same.upper) == (1.0, 1.0)
    assert same.upper_interval == NotEstimable(Reason.NO_VARIATION)
    flat = limits_of_agreement([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], patients="abc")
    assert flat.slope.estimate == NotEstimable(Reason.OVERLAPPING)
    with pytest.raises(ValueError, match="finite"):
        limits_of_agreement([float("nan")], [1.0], patients=["a"])


def some_data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    first = (1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1)
    second = (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5)
    design = np.stack([np.ones(11), first, second], axis=1).astype(float)
    return np.array(Y), design, np.array(OWNERS)


def test_several_slopes_are_those_of_r() -> None:
    response, design, owners = some_data()
    fit = clustered_fit(response, design, owners)
    expected = (
        (0.1829787234, 0.1712020461, 3.5487719958, 0.3524097146),
        (-0.07978723404, 0.03182411061, 3.21645824336, 0.08149888437),
    )
    for slope, (estimate, error, freedom, p) in zip(
        fit.slopes[1:], expected, strict=True
    ):
        assert slope.estimate == pytest.approx(estimate)
        assert slope.standard_error == pytest.approx(error)
        assert slope.p == pytest.approx(p)
        assert isinstance(slope.interval, Interval)
        assert slope.interval.degrees_of_freedom == pytest.approx(freedom)
    single = wald_test(fit, [1])
    assert single.statistic == pytest.approx((0.1829787234 / 0.1712020461) ** 2)
    assert (single.numerator, single.denominator) == (1, 5)


def test_with_one_observation_a_patient_the_variance_is_statsmodels_hc2() -> None:
    import statsmodels.api as sm

    response, design, _ = some_data()
    fit = clustered_fit(response, design, np.arange(11))
    expected = sm.OLS(response, design).fit(cov_type="HC2")
    errors = [slope.standard_error for slope in fit.slopes]
    assert errors == pytest.approx(expected.bse.tolist())
    assert [s.estimate for s in fit.slopes] == pytest.approx(expected.params.tolist())
    assert fit.covariance == pytest.approx(expected.cov_params())


def test_a_mean_alone_has_the_plain_t_interval() -> None:
    response = np.array(X)
    slope = clustered_fit(response, np.ones((11, 1)), np.arange(11)).slopes[0]
    assert slope.standard_error == pytest.approx(response.std(ddof=1) / np.sqrt(11))
    assert isinstance(slope.interval, Interval)
    assert slope.interval.degrees_of_freedom == pytest.approx(10)


def test_an_effect_that_others_make_up_is_not_estimable_and_spoils_none() -> None:
    response, design, owners = some_data()
    twice = np.column_stack([design, design[:, 1] + 1])
    fit = clustered_fit(response, twice, owners)
    plain = clustered_fit(response, design, owners)
    reasons = [fit.slopes[place].estimate for place in (0, 1, 3)]
    assert reasons == [NotEstimable(Reason.OVERLAPPING)] * 3
    assert fit.slopes[2].estimate == pytest.approx(plain.slopes[2].estimate)
    assert fit.slopes[2].standard_error == pytest.approx(plain.slopes[2].standard_error)
    assert wald_test(fit, [1, 3]).p == NotEstimable(Reason.OVERLAPPING)
    assert wald_test(fit, [1, 2]).numerator == 1


def test_order_of_rows_and_units_of_a_column_change_nothing() -> None:
    response, design, owners = some_data()
    order = np.random.default_rng(1).permutation(11)
    one = clustered_fit(response, design, owners).slopes[2]
    other = clustered_fit(
        response[order], design[order] * [1, 1, 1e6], owners[order] * 7
    ).slopes[2]
    assert other.estimate * 1e6 == pytest.approx(one.estimate)
    assert other.p == pytest.approx(one.p)


def test_too_few_patients_are_said() -> None:
    response, design, owners = some_data()
    single = clustered_fit(response, design, np.zeros(11, dtype=int))
    assert single.slopes[1].p == NotEstimable(Reason.ONE_PATIENT)
    none = clustered_fit(response[:0], design[:0], owners[:0])
    assert none.slopes[1].estimate == NotEstimable(Reason.NO_READS)
    assert wald_test(none, [1]).p == NotEstimable(Reason.NO_READS)
    pair = clustered_fit(response, design, owners % 2)
    assert wald_test(pair, [1, 2]).p == NotEstimable(Reason.MORE_EFFECTS)
