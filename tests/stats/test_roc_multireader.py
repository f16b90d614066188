"""ROC areas for other readers and cases, held to another program's printout.

MRMCaov 0.2.0 (Smith, Hillis, Pesce; University of Iowa), its published printouts of the
study of Van Dyke: `mrmc(empirical_auc(truth, rating), treatment, reader, case, data =
VanDyke)`, the same with `cov = DeLong` and with `fixed(reader)`, and of the sensitivity
of ratings of 3 or more. Areas and covariances of the jackknife are also those that
OR-DBM MRMC 2.51 prints (test_multireader_other_readers).
"""

from dataclasses import replace

import numpy as np
import pytest

from stats.multireader import Analysis, ObuchowskiRockette
from stats.outcomes import NotEstimable, Reason
from stats.ratings import RatingTable
from stats.roc import area_difference, at_cut, mean_area, multireader_areas

from .van_dyke import van_dyke

pytestmark = pytest.mark.pure


def analysed(errors: str) -> tuple[ObuchowskiRockette, Analysis]:
    table, finding = van_dyke()
    found = multireader_areas(table, finding, errors=errors)  # type: ignore[arg-type]
    assert (found.items, found.patients, found.left_out) == (114, 114, 0)
    assert isinstance(found.analysis, ObuchowskiRockette)
    first = found.analysis.analyses[0]
    assert isinstance(first, Analysis)
    return found.analysis, first


def test_with_the_covariances_of_delong_it_is_the_published_result() -> None:
    whole, first = analysed("delong")
    errors = whole.errors
    assert errors.variance == pytest.approx(0.0007921325, abs=5e-11)
    assert errors.cov1 == pytest.approx(0.0003420090, abs=5e-11)
    assert errors.cov2 == pytest.approx(0.0003395265, abs=5e-11)
    assert errors.cov3 == pytest.approx(0.0002358497, abs=5e-11)
    assert [cov2 for _own, cov2 in errors.of_arm] == pytest.approx(
        [0.0004775239, 0.0002015292], abs=5e-11
    )
    means = [one.mean for one in first.means]
    assert means == pytest.approx([0.8970370, 0.9408374], abs=5e-8)
    assert first.statistic == pytest.approx(4.484854, abs=5e-7)
    assert first.degrees_of_freedom == pytest.approx(15.06611, abs=5e-6)
    assert first.p == pytest.approx(0.05123303, abs=5e-9)
    (found,) = first.differences
    assert found.interval.low == pytest.approx(-0.0878671960, abs=5e-11)
    assert found.interval.high == pytest.approx(0.0002665519, abs=5e-11)
    assert [one.standard_error for one in first.means] == pytest.approx(
        [0.03307642, 0.02150464], abs=5e-9
    )
    assert first.means[1].interval.low == pytest.approx(0.8942155, abs=5e-8)


def test_with_the_jackknife_it_is_the_default_of_the_other_program() -> None:
    whole, first = analysed("jackknife")
    errors = whole.errors
    assert errors.variance == pytest.approx(0.0008022883, abs=5e-11)
    assert errors.cov1 == pytest.approx(0.0003466137, abs=5e-11)
    assert errors.cov2 == pytest.approx(0.0003440748, abs=5e-11)
    assert errors.cov3 == pytest.approx(0.0002390284, abs=5e-11)
    assert first.statistic == pytest.approx(4.46, abs=0.005)
    assert first.p == pytest.approx(0.0517, abs=5e-5)
    fixed = whole.analyses[1]
    assert isinstance(fixed, Analysis)
    assert fixed.statistic == pytest.approx(5.475953, abs=5e-7)
    assert fixed.p == pytest.approx(0.01927984, abs=5e-9)


def test_sensitivity_at_a_cut_is_that_of_the_other_program() -> None:
    """Its means over readers; the standard errors there are for other readers."""
    table, finding = van_dyke()
    for arm, printed in ((0, 0.8222222), (1, 0.92)):
        found = at_cut(table, finding, cut=3, arm=arm)
        assert found.sensitivity.share == pytest.approx(printed, abs=5e-8)
        assert (found.sensitivity.items, found.sensitivity.patients) == (225, 45)
    one = at_cut(table, finding, cut=3, arm=0, reader=4)
    assert one.sensitivity.share == pytest.approx(0.689, abs=5e-4)


def test_these_readers_have_the_mean_of_the_analysis_and_its_own_error() -> None:
    """The other program's, with readers fixed, evens out the covariances over readers
    and arms and has them from the jackknife; taken as they are it is nearly the same.
    """
    table, finding = van_dyke()
    found = area_difference(table, finding, first=0, second=1)
    assert found.difference == pytest.approx(-0.04380032, abs=5e-9)
    assert found.standard_error == pytest.approx(0.01871748, rel=0.01)
    mean = mean_area(table, finding, arm=0)
    assert mean.area == found.first == pytest.approx(0.8970370, abs=5e-8)
    assert mean.standard_error == pytest.approx(0.02428971, rel=0.01)


def test_only_what_every_reader_rated_in_every_arm_is_analysed() -> None:
    table, finding = van_dyke()
    ratings = table.ratings.copy()
    ratings[2, 1, [5, 80]] = np.nan
    found = multireader_areas(RatingTable(ratings, table.patients), finding)
    kept = np.delete(np.arange(114), [5, 80])
    same = multireader_areas(
        RatingTable(table.ratings[:, :, kept], np.arange(112)), finding[kept]
    )
    assert (found.items, found.left_out) == (112, 2)
    assert found.analysis == same.analysis


def test_an_interval_of_a_mean_ends_where_areas_do() -> None:
    table, finding = van_dyke()
    two = replace(table, ratings=table.ratings[[3, 4]])
    found = multireader_areas(two, finding).analysis
    assert isinstance(found, ObuchowskiRockette)
    first = found.analyses[0]
    assert isinstance(first, Analysis)
    spans = [one.interval for one in first.means]
    assert max(one.high for one in spans) == 1
    assert "cut at 0 and 1" in spans[1].method or "cut at 0 and 1" in spans[0].method


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("one reader", Reason.ONE_READER),
        ("one arm", Reason.ONE_ARM),
        ("no case with", Reason.NO_WITH),
        ("no case without", Reason.NO_WITHOUT),
        ("one case with", Reason.ONE_OF_A_KIND),
        ("a perfect reader", Reason.NO_OVERLAP),
        ("a reader who says one thing", Reason.NO_VARIATION),
        ("a reader who rated nothing in an arm", Reason.NO_COMPLETE_ITEM),
    ],
)
def test_what_cannot_be_analysed_says_why(change: str, reason: Reason) -> None:
    table, finding = van_dyke()
    ratings = table.ratings.copy()
    if change == "one reader":
        ratings = ratings[:1]
    elif change == "one arm":
        ratings = ratings[:, :1]
    elif change == "no case with":
        finding = np.zeros_like(finding)
    elif change == "no case without":
        finding = np.ones_like(finding)
    elif change == "one case with":
        finding = np.arange(114) == 80
    elif change == "a perfect reader":
        ratings[0, 0] = finding
    elif change == "a reader who says one thing":
        ratings[0, 0] = 3
    else:
        ratings[0, 0] = np.nan
    found = multireader_areas(replace(table, ratings=ratings), finding)
    assert found.analysis == NotEstimable(reason)
