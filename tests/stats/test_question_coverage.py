"""The simulations of the documents on ratings and choices, with few replicates."""

import pytest

from .question_coverage import (
    fidelity_rates_err,
    preference_rates,
    roc_rates,
    vgc_rates,
)

pytestmark = pytest.mark.pure


def test_roc_areas_hold_the_truth_and_err_as_often_as_they_say() -> None:
    """Nominal 95 and 5 %; of 100 studies 12 at most beyond with a chance of 99.8 %."""
    found = roc_rates(
        replicates=100, seed=2, patients=50, readers=5, true_area=0.85, interaction=0.4
    )
    for name in ("area", "mean", "difference", "one reader's difference"):
        assert found[name] >= 0.88, name
    assert found["other readers, delong"] <= 0.12
    assert found["these readers"] > found["other readers, delong"]


def test_grades_of_quality_err_as_often_as_they_say_and_pooled_ones_more() -> None:
    found = vgc_rates(replicates=100, seed=2, patients=30, readers=4, interaction=0.3)
    for name in ("interval", "BCa", "percentile"):
        assert found[name] >= 0.88, name
    assert found["other readers"] <= 0.12 < found["apart"]


def test_preferences_err_as_often_as_they_say_and_single_answers_more() -> None:
    found = preference_rates(
        replicates=60, seed=2, patients=30, readers=3, abilities=(0, 0, 0), spread=1.0
    )
    assert found["odds"] >= 0.85
    assert found["test"] <= 0.15
    assert found["odds, apart"] < found["odds"]
    assert found["test, apart"] > found["test"]


def test_fidelity_errs_as_often_as_it_says_and_single_answers_more() -> None:
    found = fidelity_rates_err(
        replicates=200, seed=2, patients=40, readers=3, arms=3, often=0.3
    )
    assert found["clustered"] >= 0.9 > found["wilson"]
    assert found["q"] <= 0.1 < found["q, apart"]
    assert found["pair"] <= 0.1
