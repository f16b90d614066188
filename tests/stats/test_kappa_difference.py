"""The difference of two arms' kappas against scikit-learn and its own limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.agreement.kappa import influences, weighted_kappa
from stats.multireader.kappa_difference import Pairs, kappa_difference, not_inferior
from stats.outcomes import Interval, NotEstimable, Reason

from .difference_coverage import difference_coverage, simulate_grades

pytestmark = pytest.mark.pure

SCALE = (1, 2, 3, 4)
Arms = list[tuple[Pairs, Pairs]]


def some_readers(seed: int, *, readers: int = 3, patients: int = 12) -> Arms:
    rng = np.random.default_rng(seed)
    grades = simulate_grades(
        rng, patients=patients, readers=readers, errors=(0.4, 0.8), correlation=0.6
    )
    owners = np.repeat(np.arange(patients), 2).tolist()
    return [
        (Pairs(one[0], one[1], owners), Pairs(one[0], one[2], owners))
        for one in grades.reshape(readers, 3, -1).tolist()
    ]


def difference(arms: Arms):
    return kappa_difference(arms, categories=SCALE, weighting="quadratic")


def sklearn_difference(arms: Arms, weights: np.ndarray) -> float:
    """The same number by scikit-learn, with a weight for each patient."""
    from sklearn.metrics import cohen_kappa_score

    means = [
        np.mean(
            [
                cohen_kappa_score(
                    reader[place].standard,
                    reader[place].grades,
                    labels=SCALE,
                    weights="quadratic",
                    sample_weight=weights[reader[place].patients],
                )
                for reader in arms
            ]
        )
        for place in (0, 1)
    ]
    return float(means[0] - means[1])


@pytest.mark.parametrize("seed", range(3))
def test_difference_and_error_are_those_of_scikit_learn_with_weighted_patients(
    seed: int,
) -> None:
    """The infinitesimal jackknife: how the number moves as one patient weighs more."""
    arms, patients, step = some_readers(seed), 12, 1e-5
    result = difference(arms)
    assert result.difference == pytest.approx(sklearn_difference(arms, np.ones(12)))
    assert result.difference == pytest.approx(result.first - result.second)
    slopes = []
    for patient in range(patients):
        ends = []
        for sign in (1, -1):
            weights = np.ones(patients)
            weights[patient] += sign * step
            ends.append(sklearn_difference(arms, weights))
        slopes.append((ends[0] - ends[1]) / (2 * step))
    expected = np.sqrt(patients / (patients - 1) * np.sum(np.square(slopes)))
    assert result.standard_error == pytest.approx(expected, rel=1e-6)
    assert isinstance(result.interval, Interval)
    assert result.interval.degrees_of_freedom == 11


def without(pairs: Pairs, lost: set[int]) -> Pairs:
    """The pairs but for those at these places."""
    kept = [place for place in range(len(pairs.grades)) if place not in lost]
    return Pairs(
        [pairs.standard[place] for place in kept],
        [pairs.grades[place] for place in kept],
        [pairs.patients[place] for place in kept],
    )


def test_arms_of_unequal_sides_are_each_of_their_own_and_still_clustered() -> None:
    """Held to scikit-learn's kappas, each patient's weight moved a little in turn."""
    arms = some_readers(5, patients=15)
    arms[0] = (without(arms[0][0], {0, 1, 7}), without(arms[0][1], {20}))
    arms[2] = (arms[2][0], without(arms[2][1], {0, 2, 3, 12}))
    found = difference(arms)
    assert found.patients == 15
    assert found.difference == pytest.approx(sklearn_difference(arms, np.ones(15)))
    step, moved = 1e-5, []
    for patient in range(15):
        up, down = np.ones(15), np.ones(15)
        up[patient] += step
        down[patient] -= step
        slope = sklearn_difference(arms, up) - sklearn_difference(arms, down)
        moved.append(slope / (2 * step))
    error = np.sqrt(15 / 14 * np.sum(np.square(moved)))
    assert found.standard_error == pytest.approx(error, rel=1e-6)


def test_reads_of_other_patients_add_their_variances() -> None:
    ((first, second),) = some_readers(1, readers=1, patients=30)
    apart = Pairs(second.standard, second.grades, [p + 30 for p in second.patients])
    result = difference([(first, apart)])
    squares = 0.0
    for pairs in (first, second):
        alone = weighted_kappa(
            pairs.standard,
            pairs.grades,
            categories=SCALE,
            patients=pairs.patients,
            weighting="quadratic",
        )
        squares += alone.standard_error_clustered**2 * (29 / 30)
    assert result.standard_error == pytest.approx(np.sqrt(squares * 60 / 59))
    assert result.patients == 60


def test_arms_read_alike_do_not_differ_and_have_no_interval() -> None:
    arms = [(first, first) for first, _ in some_readers(2)]
    result = difference(arms)
    assert result.difference == 0
    assert result.interval == NotEstimable(Reason.NO_VARIATION)
    assert not_inferior(result, margin=0.1) == NotEstimable(Reason.NO_VARIATION)


def test_a_kappa_that_does_not_exist_leaves_no_difference() -> None:
    (one, two, three) = some_readers(3)
    constant = Pairs([4] * 24, [4] * 24, one[0].patients)
    result = difference([one, (two[0], constant), three])
    assert not isinstance(result.first, NotEstimable)
    nothing = NotEstimable(Reason.READER_MISSING)
    assert (result.second, result.difference, result.interval) == (nothing,) * 3
    assert difference([]).difference == nothing


def test_perfect_agreement_hides_its_variation_so_there_is_no_interval() -> None:
    (one, two, three) = some_readers(3)
    perfect = Pairs(one[0].standard, one[0].standard, one[0].patients)
    result = difference([(perfect, one[1]), two, three])
    assert isinstance(result.difference, float)
    assert result.standard_error == NotEstimable(Reason.PERFECT)
    assert result.interval == NotEstimable(Reason.PERFECT)


def test_not_inferior_is_an_interval_above_minus_the_margin() -> None:
    result = difference(some_readers(4, patients=60))
    assert isinstance(result.interval, Interval)
    low = result.interval.low
    swapped = difference([(b, a) for a, b in some_readers(4, patients=60)])
    assert isinstance(swapped.interval, Interval)
    margin = -swapped.interval.low
    assert margin > 0
    assert not_inferior(swapped, margin=margin * 1.01) is True
    assert not_inferior(swapped, margin=margin * 0.99) is False
    assert not_inferior(result, margin=0.001) is (low > -0.001)
    with pytest.raises(ValueError, match="negative"):
        not_inferior(result, margin=-0.1)


def test_influences_of_readings_without_kappa_are_an_error() -> None:
    with pytest.raises(ValueError, match="not estimable"):
        influences([4, 4], [4, 4], categories=SCALE, weighting="linear")


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_it_turns_with_the_arms_and_depends_on_no_order(
    seed: int, random: object
) -> None:
    arms = some_readers(seed, patients=10)
    result = difference(arms)
    turned = difference([(b, a) for a, b in arms])
    order = list(range(20))
    random.shuffle(order)

    def shuffled(pairs: Pairs) -> Pairs:
        return Pairs(*([list(v)[i] for i in order] for v in pairs.__dict__.values()))

    again = difference([(shuffled(a), shuffled(b)) for a, b in reversed(arms)])
    if isinstance(result.interval, NotEstimable):
        assert turned.interval == result.interval
        assert isinstance(again.interval, NotEstimable)
        return
    assert turned.difference == pytest.approx(-result.difference)
    assert turned.interval.low == pytest.approx(-result.interval.high)
    assert again.interval.low == pytest.approx(result.interval.low)
    assert again.interval.high == pytest.approx(result.interval.high)
    low, high = result.interval.low, result.interval.high
    assert low <= result.difference <= high


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    # 500 replicates: a standard error of 1 %. docs/statistics.md has 6,000.
    coverage = difference_coverage(replicates=500, seed=2)
    assert 0.925 <= coverage.together <= 0.975
    assert coverage.apart > coverage.together + 0.01  # too wide: arms go together
