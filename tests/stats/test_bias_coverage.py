"""The simulations of docs/statistics/bias.md, with few replicates."""

import pytest

from .bias_coverage import coverage, error_rates

pytestmark = pytest.mark.pure


def test_tests_on_patients_err_as_often_as_they_say_and_plain_ones_more() -> None:
    """Nominal 5 %; of 80 studies 10 at most with a chance of 99 %."""
    found = error_rates(
        replicates=80, seed=2, patients=40, readers=3, side_by_side=0.5, models=False
    )
    for rate in (found.wilcoxon, found.permutation, found.clustered):
        assert rate <= 10 / 80
    assert found.stuart_maxwell > 0.12


def test_clustered_intervals_hold_the_truth_more_often_than_plain_ones() -> None:
    found = coverage(replicates=80, seed=2, patients=40, readers=3)
    assert found.sensitivity >= 0.88 > found.sensitivity_as_if_independent
    assert found.limit >= 0.88
    assert found.slope >= 0.88
