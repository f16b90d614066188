"""Visual grading: areas, curves, counts and odds of better ratings.

Held to the definition written out, to scikit-learn's area of the pooled samples, to
permutation of arms within patients, and to base R's logistic regression.
"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from stats.agreement import resampled_patients
from stats.comparison import holm
from stats.outcomes import Interval, NotEstimable, Reason
from stats.ratings import RatingTable
from stats.visual_grading import (
    Vgc,
    VgcCurve,
    arm_ratings,
    better_odds,
    vgc,
    vgc_bootstrap,
    vgc_curve,
)

from .question_coverage import qualities

pytestmark = pytest.mark.pure

SCALE = (1, 2, 3, 4, 5)


def some_ratings(
    *, seed: int = 5, patients: int = 40, better: float = 0.6
) -> RatingTable:
    """Three readers; the second arm is better than the first, the reference."""
    rng = np.random.default_rng(seed)
    each = np.full(3, better)
    ratings = qualities(rng, patients=patients, readers=3, better=each)
    return RatingTable(ratings, np.arange(patients))


def only(table: RatingTable) -> Vgc:
    (found,) = vgc(table, reference=0, categories=SCALE)
    return found


def test_the_area_is_the_chance_of_a_better_rating() -> None:
    table = some_ratings()
    found = only(table)
    assert found.arm == 1
    arm = np.repeat([False, True], 40)
    for reader, one in enumerate(found.readers):
        pooled = table.ratings[reader].ravel()
        assert one.area == pytest.approx(roc_auc_score(arm, pooled), abs=1e-12)
        assert (one.ratings, one.patients) == (40, 40)
    areas = [one.area for one in found.readers]
    assert found.mean.area == pytest.approx(np.mean(areas))
    assert (found.mean.ratings, found.mean.patients) == (120, 40)


def test_the_error_is_that_of_placements_added_up_by_patient() -> None:
    """With all patients in both arms: G/(G-1)/G² Σ (own placement - theirs)²."""
    table = some_ratings()
    found = only(table)
    moves = np.zeros(40)
    for reader in range(3):
        reference, arm = table.ratings[reader]
        better = (arm[:, None] > reference) + 0.5 * (arm[:, None] == reference)
        moves += (better.mean(axis=1) + better.mean(axis=0) - 2 * better.mean()) / 3
    error = np.sqrt(40 / 39 * (moves**2).sum()) / 40
    assert found.mean.standard_error == pytest.approx(error, abs=1e-12)


def test_both_arms_are_of_the_same_patients_which_makes_the_error_smaller() -> None:
    shares = []
    for seed in range(10):
        table = some_ratings(seed=seed)
        reference, arm = table.ratings[0]
        better = (arm[:, None] > reference) + 0.5 * (arm[:, None] == reference)
        variances = [better.mean(axis=place).var(ddof=1) / 40 for place in (0, 1)]
        error = only(table).readers[0].standard_error
        assert isinstance(error, float)
        shares.append(error / np.sqrt(sum(variances)))
    assert 0.75 < np.mean(shares) < 0.92  # the images of a patient correlate by 0.4


def test_ratings_of_other_patients_in_each_arm_are_not_compared() -> None:
    ratings = np.array([[[1.0, 2, np.nan, np.nan], [np.nan, np.nan, 3, 4]]])
    found = only(RatingTable(ratings, np.arange(4)))
    assert found.mean.area == NotEstimable(Reason.NO_RATINGS)


def test_p_is_near_that_of_swapping_the_arms_within_patients() -> None:
    """All 2^12 ways; the area itself is the statistic."""
    table = some_ratings(patients=12, better=0.5, seed=2)
    areas = []
    for turned in product([False, True], repeat=12):
        swapped = np.where(np.array(turned), table.ratings[0, ::-1], table.ratings[0])
        reference, arm = swapped
        wins = (arm[:, None] > reference).sum() + 0.5 * (
            arm[:, None] == reference
        ).sum()
        areas.append(wins / 144 - 0.5)
    exact = np.mean(np.abs(areas) >= abs(areas[0]) - 1e-12)
    found = only(table).readers[0]
    assert found.p == pytest.approx(exact, abs=0.05)
    assert 0.01 < exact < 0.5


def test_the_interval_is_the_same_whichever_way_the_arms_are_turned() -> None:
    table = some_ratings()
    (one,) = vgc(table, reference=0, categories=SCALE)
    (other,) = vgc(table, reference=1, categories=SCALE)
    assert one.mean.area + other.mean.area == pytest.approx(1)
    assert one.mean.p == pytest.approx(other.mean.p)
    assert isinstance(one.mean.interval, Interval)
    assert isinstance(other.mean.interval, Interval)
    assert one.mean.interval.low == pytest.approx(1 - other.mean.interval.high)
    assert (one.mean.p < 0.05) == (one.mean.interval.low > 0.5)


def test_only_the_order_of_the_ratings_matters() -> None:
    table = some_ratings()
    stretched = replace(table, ratings=table.ratings**3)
    cubes = [value**3 for value in SCALE]
    (found,) = vgc(stretched, reference=0, categories=cubes)
    assert found.mean == only(table).mean


def test_readers_beyond_these_are_less_sure_where_readers_differ() -> None:
    rng = np.random.default_rng(4)
    ratings = qualities(
        rng, patients=60, readers=4, better=np.array([-0.2, 0.2, 0.8, 1.4])
    )
    found = only(RatingTable(ratings, np.arange(60)))
    assert found.others.area == found.mean.area
    assert found.others.standard_error > 1.5 * found.mean.standard_error
    assert found.others.p > found.mean.p
    assert isinstance(found.others.interval, Interval)
    assert found.others.interval.low >= 0 and found.others.interval.high <= 1
    assert found.others.interval.degrees_of_freedom >= 3
    areas = np.array([one.area for one in found.readers])
    assert found.others.standard_error >= np.sqrt(areas.var(ddof=1) / 4)


def test_the_error_for_other_readers_is_that_of_the_analysis_of_variance() -> None:
    """[variance of the readers' areas + r · mean covariance of two readers]/r."""
    table = some_ratings(better=0.4, seed=9)
    moves = np.zeros((3, 40))
    for reader, (reference, arm) in enumerate(table.ratings):
        better = (arm[:, None] > reference) + 0.5 * (arm[:, None] == reference)
        moves[reader] = better.mean(axis=1) + better.mean(axis=0) - 2 * better.mean()
    together = 40 / 39 * (moves @ moves.T) / 40**2
    between = (together.sum() - np.trace(together)) / 6
    found = only(table)
    areas = np.array([one.area for one in found.readers])
    square = areas.var(ddof=1)
    assert between > 0
    total = square + 3 * between
    assert found.others.standard_error == pytest.approx(np.sqrt(total / 3), abs=1e-12)
    span = found.others.interval
    assert isinstance(span, Interval)
    assert span.degrees_of_freedom == pytest.approx(2 * (total / square) ** 2)


def test_holm_goes_over_all_arms() -> None:
    rng = np.random.default_rng(6)
    base = some_ratings(better=0.3).ratings
    third = np.clip(base[:, :1] + rng.integers(-1, 2, base[:, :1].shape), 1, 5)
    table = RatingTable(np.concatenate([base, third], axis=1), np.arange(40))
    found = vgc(table, reference=0, categories=SCALE)
    assert [one.arm for one in found] == [1, 2]
    expected = holm([one.mean.p for one in found])
    assert [one.p_holm for one in found] == pytest.approx(expected)


def test_the_curve_has_a_point_for_each_category_and_the_reader_s_area() -> None:
    table = some_ratings()
    found = vgc_curve(table, arm=1, reference=0, categories=SCALE, reader=0)
    assert isinstance(found, VgcCurve)
    assert found.cuts == (float("inf"), 5, 4, 3, 2, 1)
    assert (found.arm[0], found.reference[0]) == (0, 0)
    assert (found.arm[-1], found.reference[-1]) == (1, 1)
    assert found.arm[2] == (table.ratings[0, 1] >= 4).mean()
    assert found.reference[2] == (table.ratings[0, 0] >= 4).mean()
    assert found.area == pytest.approx(only(table).readers[0].area)
    mean = only(table).curve
    assert isinstance(mean, VgcCurve)
    assert mean.arm[2] == pytest.approx((table.ratings[:, 1] >= 4).mean())


def test_a_mean_curve_is_missing_for_the_same_reason_as_the_mean_area() -> None:
    ratings = some_ratings().ratings.copy()
    ratings[1] = np.nan
    found = only(RatingTable(ratings, np.arange(40)))
    assert found.curve == found.mean.area == NotEstimable(Reason.READER_MISSING)
    found = only(RatingTable(np.full((3, 2, 40), np.nan), np.arange(40)))
    assert found.curve == found.mean.area == NotEstimable(Reason.NO_RATINGS)


def test_counts_median_and_shares_of_good_ratings() -> None:
    ratings = np.array([[[1.0, 2, 3, 5, np.nan], [2, 2, 4, 4, 4]]])
    table = RatingTable(ratings, np.array([0, 0, 1, 2, 2]))
    found = arm_ratings(table, arm=0, categories=SCALE)
    assert found.counts == (1, 1, 1, 0, 1)
    assert (found.ratings, found.patients, found.median) == (4, 3, 2.0)
    assert [one.share for one in found.at_least] == [0.75, 0.5, 0.25, 0.25]
    assert arm_ratings(table, arm=1, categories=SCALE, reader=0).median == 4
    empty = arm_ratings(
        RatingTable(np.full((1, 1, 2), np.nan), np.arange(2)), arm=0, categories=SCALE
    )
    assert empty.median == NotEstimable(Reason.NO_RATINGS)
    assert empty.at_least[0].share == NotEstimable(Reason.NO_RATINGS)
    with pytest.raises(ValueError, match="categories"):
        arm_ratings(table, arm=0, categories=(1, 2, 3))


R_LOGISTIC = """
reference <- c(0,1,0,0,1,0,1,0,0,1,0,0,1,0,0,1,0,1,0,0)
arm       <- c(1,1,0,1,1,0,1,1,0,1,0,1,1,1,0,1,0,0,1,1)
y <- c(reference, arm); a <- rep(0:1, each = 20)
print(exp(coef(glm(y ~ a, family = binomial()))[["a"]]), digits = 10)
"""


def test_odds_of_better_ratings_are_those_of_logistic_regression() -> None:
    """R 4.2.2 prints for R_LOGISTIC: 3.448979592; by hand (13·13)/(7·7)."""
    reference = [0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0]
    arm = [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 0, 1, 1]
    ratings = np.array([[arm, reference]], dtype=float)
    table = RatingTable(ratings, np.arange(20))
    (found,) = better_odds(table, reference=1, categories=(0, 1)).arms
    assert found.ratio == pytest.approx(3.448979592, rel=1e-6)
    assert isinstance(found.interval, Interval) and found.interval.low > 1


@pytest.mark.parametrize(
    ("reference", "arm", "area", "reason"),
    [
        ([1, 2, 2], [4, 5, 5], 1.0, Reason.NO_OVERLAP),
        ([3, 3, 3], [3, 3, 3], 0.5, Reason.NO_VARIATION),
        ([np.nan, 2, np.nan], [4, 5, 5], 1.0, Reason.ONE_PATIENT),
        ([np.nan] * 3, [4, 5, 5], None, Reason.NO_RATINGS),
    ],
)
def test_what_is_not_estimable_says_why(
    reference: list[float], arm: list[float], area: float | None, reason: Reason
) -> None:
    table = RatingTable(np.array([[reference, arm]], dtype=float), np.arange(3))
    found = only(table)
    nothing = NotEstimable(reason)
    assert found.mean.area == (nothing if area is None else area)
    assert found.mean.interval == found.mean.p == found.p_holm == nothing
    assert found.others.p == nothing
    assert isinstance(found.curve, NotEstimable) == (area is None)


def test_one_reader_says_nothing_of_others() -> None:
    table = some_ratings()
    one = only(RatingTable(table.ratings[:1], table.patients))
    assert one.others.p == NotEstimable(Reason.ONE_READER)
    assert isinstance(one.mean.p, float)
    alike = only(RatingTable(table.ratings[[0, 0]], table.patients))
    assert alike.others.p == NotEstimable(Reason.READERS_ALIKE)


def test_resampled_areas_are_those_of_the_patients_drawn() -> None:
    """Two of a patient's items, a rating that is missing; each sample written out."""
    table = some_ratings(patients=8)
    ratings = table.ratings.copy()
    ratings[1, 0, 3] = np.nan
    table = RatingTable(ratings, np.array([0, 0, 1, 2, 3, 4, 5, 6]))
    drawn = resampled_patients(patients=7, replicates=300, seed=4)
    means = []
    for times in drawn:
        chosen = np.repeat(np.arange(8), times[table.patients])
        areas = []
        for reference, arm in ratings[:, :, chosen]:
            both = ~np.isnan(reference) & ~np.isnan(arm)
            apart = np.sign(arm[both][:, None] - reference[both])
            areas.append(apart.mean() / 2 + 0.5)
        means.append(np.mean(areas))
    found = vgc_bootstrap(table, arm=1, reference=0, replicates=300, seed=4)
    assert isinstance(found.percentile, Interval)
    ends = np.quantile(means, [0.025, 0.975])
    assert (found.percentile.low, found.percentile.high) == pytest.approx(tuple(ends))
    assert isinstance(found.bca, Interval)
    assert found.undefined == 0


def test_bca_is_the_percentile_interval_moved_by_bias_and_skew() -> None:
    """By scipy, of one reader: patients are drawn as pairs of ratings."""
    from scipy import stats

    table = some_ratings(patients=40, better=1.6)
    reference, arm = table.ratings[0]

    def area(chosen: np.ndarray) -> float:
        apart = np.sign(arm[chosen][:, None] - reference[chosen])
        return float(apart.mean() / 2 + 0.5)

    theirs = stats.bootstrap(
        (np.arange(40),),
        area,
        n_resamples=4000,
        method="BCa",
        vectorized=False,
        rng=np.random.default_rng(1),
    ).confidence_interval
    one = replace(table, ratings=table.ratings[:1])
    found = vgc_bootstrap(one, arm=1, reference=0, replicates=20_000)
    assert isinstance(found.bca, Interval)
    ends = (found.bca.low, found.bca.high)
    assert ends == pytest.approx((theirs.low, theirs.high), abs=0.006)
    assert isinstance(found.percentile, Interval)
    assert found.bca.low < found.percentile.low - 0.001


@pytest.mark.parametrize(
    ("ratings", "patients", "reason"),
    [
        ([[[np.nan, np.nan], [1, 2]]], [0, 1], Reason.NO_RATINGS),
        ([[[1, 2], [1, 2]], [[np.nan, 2], [1, np.nan]]], [0, 1], Reason.READER_MISSING),
        ([[[1, 2], [2, 3]]], [0, 0], Reason.ONE_PATIENT),
        ([[[1, 2], [3, 4]]], [0, 1], Reason.NO_OVERLAP),
        ([[[3, 3], [3, 3]]], [0, 1], Reason.NO_VARIATION),
    ],
)
def test_why_there_is_no_resampled_interval(ratings, patients, reason) -> None:
    table = RatingTable(np.array(ratings, dtype=float), np.array(patients))
    found = vgc_bootstrap(table, arm=1, reference=0, replicates=50)
    assert found.percentile == NotEstimable(reason)
    assert isinstance(found.bca, NotEstimable)


def test_a_report_that_was_frozen_without_resampled_intervals_can_be_read() -> None:
    from pydantic import TypeAdapter

    from stats.reporting.arms import ArmName
    from stats.reporting.rating_section import GradedArm

    found = only(some_ratings())
    odds = better_odds(some_ratings(), reference=0, categories=SCALE).arms[0]
    graded = GradedArm(
        ArmName("a", "A", "m", 1),
        found.readers,
        found.mean,
        found.others,
        0.5,
        ((0, 0),),
        odds,
    )
    adapter = TypeAdapter(GradedArm)
    kept = adapter.dump_python(graded)
    del kept["resampled"]
    assert adapter.validate_python(kept).resampled is None
