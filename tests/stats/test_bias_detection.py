"""Sensitivity and specificity against R, statsmodels and their own limits."""

import numpy as np
import pytest

from stats.bias.detection import (
    LOGIT_METHOD,
    WILSON_METHOD,
    WILSON_PATIENTS_METHOD,
    detections,
    share_of,
    wilson,
)
from stats.outcomes import Interval, NotEstimable, Reason
from stats.readings import MISSING, GradeTable

from .test_bias_shift import some_table

pytestmark = pytest.mark.pure

RIGHT = np.array([2, 1, 0, 2, 3, 1, 2, 0], dtype=float)
ITEMS = np.array([2, 2, 1, 2, 4, 2, 2, 1], dtype=float)


def ends(interval: Interval | NotEstimable) -> tuple[float, float]:
    assert isinstance(interval, Interval)
    return interval.low, interval.high


def test_a_share_of_clustered_items_is_that_of_r() -> None:
    """p <- sum(y)/sum(m); se <- sqrt(G/(G-1)*sum((y-p*m)^2))/sum(m)
    plogis(qlogis(p) + c(-1,1)*qt(.975,G-1)*se/(p*(1-p)))"""
    found = share_of(RIGHT, ITEMS)
    assert (found.right, found.items, found.patients) == (11, 16, 8)
    assert found.share == pytest.approx(0.6875)
    assert found.standard_error == pytest.approx(0.1048156864)
    assert ends(found.interval) == pytest.approx((0.4097085367, 0.8745810371))
    assert found.interval.method == LOGIT_METHOD


def test_the_clustered_error_is_that_of_a_logistic_gee_for_a_mean() -> None:
    """statsmodels' robust variance of one logit times G/(G-1), by the delta method."""
    import statsmodels.api as sm

    y = np.concatenate(
        [[1.0] * int(r) + [0.0] * int(m - r) for r, m in zip(RIGHT, ITEMS, strict=True)]
    )
    owners = np.repeat(np.arange(8), ITEMS.astype(int))
    fit = sm.GEE(y, np.ones((16, 1)), owners, family=sm.families.Binomial()).fit()
    expected = fit.bse[0] * 0.6875 * (1 - 0.6875) * np.sqrt(8 / 7)
    found = share_of(RIGHT, ITEMS).standard_error
    assert found == pytest.approx(expected, rel=1e-6)


def test_one_item_a_patient_takes_wilson_s_interval() -> None:
    """prop.test(17, 23, correct=FALSE)$conf.int: 0.5352999516 0.8745138396;
    of 23 of 23: 0.8568833815 1.0000000000"""
    one = share_of(np.array([1.0] * 17 + [0.0] * 6), np.ones(23))
    assert ends(one.interval) == pytest.approx((0.5352999516, 0.8745138396))
    assert one.interval.method == WILSON_METHOD
    all_right = share_of(np.ones(23), np.ones(23))
    assert ends(all_right.interval) == pytest.approx((0.8568833815, 1.0))
    assert ends(wilson(0.0, 23)) == pytest.approx((0.0, 1 - 0.8568833815))


def test_where_all_are_right_patients_are_counted_and_not_their_sides() -> None:
    found = share_of(2 * np.ones(23), 2 * np.ones(23))
    assert found.interval.method == WILSON_PATIENTS_METHOD
    assert ends(found.interval) == pytest.approx((0.8568833815, 1.0))
    assert found.standard_error == NotEstimable(Reason.NO_VARIATION)


def test_sensitivity_and_specificity_are_counts_of_the_table() -> None:
    table = some_table()
    low, high = detections(table, normal_from=4, control=0)
    abnormal = table.standard < 3
    called = table.grades[:, 1] < 3
    sensitivity = high.overall.sensitivity
    assert sensitivity.items == abnormal.sum()
    assert sensitivity.share == pytest.approx(called[abnormal].mean())
    specificity = high.overall.specificity.share
    assert specificity == pytest.approx((~called)[~abnormal].mean())
    accuracy = high.overall.accuracy
    assert accuracy.share == pytest.approx((called == abnormal).mean())
    assert accuracy.right == sensitivity.right + high.overall.specificity.right
    assert high.readers[2].sensitivity.share == pytest.approx(
        called[2][abnormal[2]].mean()
    )
    assert low.against_control is None


def test_another_threshold_moves_the_border_between_normal_and_abnormal() -> None:
    table = some_table()
    found = detections(table, normal_from=2)[0].overall
    assert found.sensitivity.items == (table.standard < 1).sum()
    for impossible in (1, 5):
        with pytest.raises(ValueError, match="normal_from"):
            detections(table, normal_from=impossible)


def test_the_difference_is_of_the_same_sides_and_clustered() -> None:
    """A regression of arm right minus control right on a constant, clusters summed."""
    table = some_table(patients=14)
    table.grades[1, 0, :3] = MISSING
    difference = detections(table, normal_from=4, control=0)[1].against_control
    assert difference is not None
    both = (table.grades != MISSING).all(axis=1) & (table.standard < 3)
    change = (table.grades[:, 1] < 3).astype(float) - (table.grades[:, 0] < 3)
    found = difference.sensitivity
    assert found.items == both.sum()
    assert found.difference == pytest.approx(change[both].mean())
    owners = np.broadcast_to(table.patients, both.shape)
    sums = np.bincount(owners[both], weights=change[both] - change[both].mean())
    groups = len(np.unique(owners[both]))
    error = np.sqrt(groups / (groups - 1) * (sums**2).sum()) / both.sum()
    from scipy import stats

    half = stats.t.ppf(0.975, groups - 1) * error
    assert ends(found.interval) == pytest.approx(
        (found.difference - half, found.difference + half)
    )
    turned = detections(table, normal_from=4, control=1)[0].against_control
    assert turned is not None
    assert turned.sensitivity.p == pytest.approx(found.p)


def test_readers_patients_and_a_scale_turned_around_change_nothing() -> None:
    table, order = some_table(), np.random.default_rng(2).permutation(20)
    one = detections(table, normal_from=4)[0].overall
    moved = GradeTable(
        table.categories,
        table.grades[::-1][:, :, order],
        table.standard[::-1][:, order],
        9 - table.patients[order],
    )
    other = detections(moved, normal_from=4)[0].overall
    assert ends(other.sensitivity.interval) == pytest.approx(
        ends(one.sensitivity.interval)
    )
    turned = GradeTable(
        table.categories, 3 - table.grades, 3 - table.standard, table.patients
    )
    mirrored = detections(turned, normal_from=2)[0].overall
    assert mirrored.specificity == one.sensitivity


def test_without_abnormal_or_normal_sides_there_is_no_such_share() -> None:
    table = some_table()
    table.standard[:] = 3
    healthy = detections(table, normal_from=4, control=0)[1]
    assert healthy.overall.sensitivity.share == NotEstimable(Reason.NO_ABNORMAL)
    assert healthy.against_control is not None
    assert healthy.against_control.sensitivity.p == NotEstimable(Reason.NO_ABNORMAL)
    table.standard[:] = 0
    ill = detections(table, normal_from=4)[1].overall
    assert ill.specificity.interval == NotEstimable(Reason.NO_NORMAL)
    table.standard[:] = MISSING
    unread = detections(table, normal_from=4, control=0)[1]
    assert unread.overall.sensitivity.share == NotEstimable(Reason.NO_READS)
    assert unread.overall.accuracy.share == NotEstimable(Reason.NO_READS)


def test_one_patient_has_a_share_and_no_interval() -> None:
    found = share_of(np.array([3.0]), np.array([4.0]))
    assert (found.share, found.interval) == (0.75, NotEstimable(Reason.ONE_PATIENT))
    alike = share_of(np.array([1.0, 1.0]), np.array([2.0, 2.0]))
    assert alike.interval == NotEstimable(Reason.NO_VARIATION)
