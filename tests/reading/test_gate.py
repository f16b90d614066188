"""The gate's arithmetic, by hand and against the report's own kappa."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from readerstudy.reading.gate import POWERS, share_within_one, weighted_kappa
from readerstudy.reading.models import Study
from stats.agreement import kappa as agreement
from stats.outcomes import NotEstimable

pytestmark = pytest.mark.pure

GRADES = (1, 2, 3, 4)
PAIRS = st.lists(
    st.tuples(st.sampled_from(GRADES), st.sampled_from(GRADES)), min_size=2
)


@given(pairs=PAIRS, weights=st.sampled_from(list(POWERS)))
def test_it_is_the_kappa_of_the_report(pairs, weights):
    own, key = zip(*pairs, strict=True)
    reported = agreement.weighted_kappa(
        own, key, categories=GRADES, patients=range(len(own)), weighting=weights
    ).kappa
    found = weighted_kappa(pairs, categories=GRADES, weights=weights)
    if isinstance(reported, NotEstimable):
        assert found is None
    else:
        assert float(found) == pytest.approx(reported, abs=1e-12)


@pytest.mark.parametrize(
    ("weights", "named"), [("quadratic", "quadratic"), ("unweighted", None)]
)
def test_it_is_another_librarys_kappa_where_a_grade_is_unused(weights, named):
    own, key = [1, 1, 2, 4, 4, 2], [1, 2, 2, 4, 4, 1]
    other = cohen_kappa_score(own, key, labels=GRADES, weights=named)
    pairs = list(zip(own, key, strict=True))
    found = weighted_kappa(pairs, categories=GRADES, weights=weights)
    assert float(found) == pytest.approx(other, abs=1e-12)


def test_every_weighting_of_a_plan_can_be_computed():
    assert set(POWERS) == set(Study.KappaWeights.values)


def test_kappa_by_hand():
    # own 1, 2, 3, 4 with one grade missed by one. Observed disagreement: 1 of 4.
    # Expected, with own {1, 2, 3, 4} and key {1, 2, 3, 3}, by squared distances:
    # (0+1+4+4 + 1+0+1+1 + 4+1+0+0 + 9+4+1+1) / 16 = 32 / 16
    pairs = [(1, 1), (2, 2), (3, 3), (4, 3)]
    found = weighted_kappa(pairs, categories=GRADES, weights="quadratic")
    assert found == 1 - Fraction(1, 4) / Fraction(32, 16) == Fraction(7, 8)


def test_a_single_grade_on_both_sides_has_no_kappa():
    same = [(4, 4)] * 6
    assert weighted_kappa(same, categories=GRADES, weights="quadratic") is None
    apart = [(4, 1)] * 6
    assert weighted_kappa(apart, categories=GRADES, weights="quadratic") is None
    assert weighted_kappa([], categories=GRADES, weights="quadratic") is None


def test_one_sided_constancy_is_no_better_than_chance():
    pairs = [(4, 4), (4, 1), (4, 2)]
    assert weighted_kappa(pairs, categories=GRADES, weights="linear") == 0


def test_who_reaches_the_minimum_exactly_has_reached_it():
    # in binary fractions 0.1 + 0.2 > 0.3, and 7 of 10 may fall short of 0.70
    pairs = [(1, 1)] * 7 + [(1, 3)] * 3
    share = share_within_one(pairs, categories=GRADES)
    assert share == Fraction(Decimal("0.70"))


def test_within_one_counts_grades_and_not_their_numbers():
    pairs = [(10, 20), (20, 40), (10, 40)]
    assert share_within_one(pairs, categories=(10, 20, 40)) == Fraction(2, 3)
    assert share_within_one([], categories=GRADES) is None
