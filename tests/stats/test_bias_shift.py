"""Signed ranks, sign flips and grade shifts against R, scipy and their own limits."""

from itertools import product

import numpy as np
import pytest
from scipy import stats as scipy_stats

from stats.bias.shift import grade_shifts, of_reader, repeat_shifts
from stats.comparison.rank_tests import sign_flip, signed_rank
from stats.comparison.ranks import holm
from stats.outcomes import Interval, NotEstimable, Reason
from stats.readings import MISSING, GradeTable

pytestmark = pytest.mark.pure

UNTIED = (1.5, 0.5, -0.25, 2, 0.75, -1, 1.25, 3)
TIED = (0.5, 0.5, 0, -0.5, 1, 1, 0, 0.5, -1, 1.5, 0.5, 0)


def some_table(seed: int = 1, *, patients: int = 10, lift: float = 0.4) -> GradeTable:
    """Three readers, two arms, two sides; the second arm is graded higher."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, 2 * patients)
    noise = 0.7 * rng.standard_normal((3, 3, 2 * patients))
    drift = np.array([0, 0, lift])[:, None]
    all_of_them = np.clip(np.rint(truth + noise + drift), 0, 3).astype(np.int64)
    return GradeTable(
        categories=(1, 2, 3, 4),
        grades=all_of_them[:, 1:],
        standard=all_of_them[:, 0],
        patients=np.repeat(np.arange(patients), 2),
    )


def test_signed_ranks_without_ties_are_those_of_r() -> None:
    """d <- c(1.5,0.5,-0.25,2,0.75,-1,1.25,3); wilcox.test(d, exact=TRUE):
    V = 31, p-value = 0.07813"""
    found = signed_rank(UNTIED)
    assert (found.positive, found.negative, found.exact) == (31, 5, True)
    assert found.p == pytest.approx(0.078125)


def test_ties_and_zeros_are_those_of_r_and_scipy() -> None:
    """e <- c(0.5,0.5,0,-0.5,1,1,0,0.5,-1,1.5,0.5,0); wilcox.test(e, exact=FALSE):
    V = 35, p-value = 0.1463498267"""
    plain = signed_rank(TIED, zeros="wilcoxon", exact=False)
    assert (plain.positive, plain.zeros, plain.patients) == (35, 3, 12)
    assert plain.p == pytest.approx(0.1463498267)
    pratt = scipy_stats.wilcoxon(
        TIED, zero_method="pratt", correction=True, method="asymptotic"
    )
    assert signed_rank(TIED, exact=False).p == pytest.approx(pratt.pvalue)


@pytest.mark.parametrize("zeros", ["pratt", "wilcoxon"])
def test_exact_p_is_counted_over_all_signs_of_the_tied_ranks(zeros: str) -> None:
    kept = np.array([one for one in TIED if one or zeros == "pratt"])
    ranks = scipy_stats.rankdata(np.abs(kept))[kept != 0]
    found = signed_rank(TIED, zeros=zeros)
    sums = np.array([np.dot(s, ranks) for s in product((0, 1), repeat=len(ranks))])
    tails = (sums <= found.positive).mean(), (sums >= found.positive).mean()
    assert found.p == pytest.approx(2 * min(tails))


def test_equal_values_that_differ_by_rounding_are_tied() -> None:
    found = signed_rank([0.1 + 0.2, -0.3, 0.3, 1e-13])
    assert (found.positive, found.negative, found.zeros) == (6, 3, 1)


def test_many_patients_take_the_normal_distribution_and_hardly_differ() -> None:
    rng = np.random.default_rng(3)
    values = np.round(rng.normal(0.1, 1, 150), 1)
    exact, normal = signed_rank(values), signed_rank(values, exact=False)
    assert (exact.exact, normal.exact) == (True, False)
    assert exact.p == pytest.approx(normal.p, abs=0.002)
    assert not signed_rank(np.arange(1.0, 400)).exact


def test_no_difference_is_no_test() -> None:
    for test in (signed_rank, sign_flip):
        assert test([]).p == NotEstimable(Reason.NO_READS)
        assert test([0.0, 0.0]).p == NotEstimable(Reason.NO_DIFFERENCE)
        assert test([1.0]).p == 1.0


def test_sign_flips_of_few_patients_are_all_of_them() -> None:
    """The same as scipy's exact permutation test of paired samples."""
    found = sign_flip(UNTIED)
    expected = scipy_stats.permutation_test(
        (np.array(UNTIED), np.zeros(8)),
        lambda x, y: np.mean(x - y),
        permutation_type="samples",
        n_resamples=np.inf,
    )
    assert (found.exact, found.flips, found.seed) == (True, 256, None)
    assert found.p == pytest.approx(expected.pvalue)


def test_sign_flips_of_many_patients_are_drawn_from_a_seed() -> None:
    values = np.tile(UNTIED, 3) - 0.6
    found = sign_flip(values)
    assert (found.exact, found.flips, found.seed) == (False, 20_000, 1)
    assert found == sign_flip(values)
    assert found.p == pytest.approx(sign_flip(-values).p, abs=0.015)
    t = scipy_stats.ttest_1samp(values, 0).pvalue
    assert found.p == pytest.approx(t, abs=0.03)
    assert sign_flip(np.ones(30)).p == pytest.approx(1 / 20_001)


def test_a_shift_is_the_mean_over_patients_of_means_over_readers_and_sides() -> None:
    table = some_table()
    low, high = grade_shifts(table)
    differences = table.grades[:, 1] - table.standard
    means = differences.mean(axis=0).reshape(-1, 2).mean(axis=1)
    assert high.mean.mean == pytest.approx(means.mean())
    interval = high.mean.interval
    assert isinstance(interval, Interval)
    expected = scipy_stats.ttest_1samp(means, 0).confidence_interval()
    assert (interval.low, interval.high) == pytest.approx(tuple(expected))
    assert (high.pairs, sum(high.counts)) == (60, 60)
    assert (
        dict(zip(high.steps, high.counts, strict=True))[1] == (differences == 1).sum()
    )
    assert high.readers[1].mean == pytest.approx(differences[1].mean())
    assert [low.p_holm, high.p_holm] == pytest.approx(
        holm([low.wilcoxon.p, high.wilcoxon.p])
    )


def test_order_of_patients_readers_and_arms_changes_nothing() -> None:
    table, order = some_table(), np.random.default_rng(2).permutation(20)
    turned = GradeTable(
        table.categories,
        table.grades[::-1, ::-1][:, :, order],
        table.standard[::-1][:, order],
        9 - table.patients[order],
    )
    for one, other in zip(grade_shifts(table), grade_shifts(turned)[::-1], strict=True):
        assert other.mean.mean == pytest.approx(one.mean.mean)
        assert other.counts == one.counts
        assert other.wilcoxon.p == pytest.approx(one.wilcoxon.p)
        assert other.permutation.p == pytest.approx(one.permutation.p)
        assert other.p_holm == pytest.approx(one.p_holm)


def test_grades_turned_around_turn_the_shift_around() -> None:
    table = some_table()
    turned = GradeTable(
        table.categories, 3 - table.grades, 3 - table.standard, table.patients
    )
    for one, other in zip(grade_shifts(table), grade_shifts(turned), strict=True):
        assert other.mean.mean == pytest.approx(-one.mean.mean)
        assert other.counts == one.counts[::-1]
        assert other.wilcoxon.p == pytest.approx(one.wilcoxon.p)


def test_sides_without_a_grade_are_left_out_and_an_empty_arm_says_why() -> None:
    table = some_table()
    table.grades[:, 0] = MISSING
    table.grades[0, 1, :4] = MISSING
    empty, part = grade_shifts(table)
    nothing = NotEstimable(Reason.NO_READS)
    assert empty.mean.mean == empty.wilcoxon.p == empty.p_holm == nothing
    assert (part.pairs, part.mean.patients, part.readers[0].patients) == (56, 10, 8)
    # an arm that nobody read was to be compared all the same
    assert part.p_holm == pytest.approx(min(1, 2 * part.wilcoxon.p))
    alone = grade_shifts(of_reader(table, 0))[1]
    assert alone.mean == part.readers[0]


def test_second_readings_are_compared_with_first_ones_reader_by_reader() -> None:
    table = some_table()
    second = GradeTable(
        table.categories, table.grades[:, 1:], table.grades[:, 0], table.patients
    )
    everyone, *alone = repeat_shifts(second)
    assert len(alone) == 3
    assert everyone.mean.mean == pytest.approx(
        (table.grades[:, 1] - table.grades[:, 0]).mean()
    )
    assert everyone.p_holm == everyone.wilcoxon.p
    assert [one.p_holm for one in alone] == pytest.approx(
        holm([one.wilcoxon.p for one in alone])
    )
