"""Kappa against published tables, other libraries and its own invariants."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readerstudy.imaging.errors import Refused
from stats.agreement.kappa import (
    WEIGHTINGS,
    Agreement,
    Weighting,
    agreement_weights,
    weighted_kappa,
)
from stats.outcomes import Interval, NotEstimable, Reason

from .coverage import interval_coverage, simulate_readings

pytestmark = pytest.mark.pure

# R, package vcd 1.4-12: Kappa(SexualFun); printed at
# https://friendly.github.io/vcdExtra/reference/print.Kappa.html
SEXUAL_FUN = [[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]]
# SAS, PROC FREQ / agree; test kappa wtkap: the printout kept in
# statsmodels/stats/tests/test_inter_rater.py (commit 039c320d)
SAS = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]
# two pathologists' grades, only as an example of a table with empty cells
CARCINOMA = [[22, 2, 2, 0], [5, 7, 14, 0], [0, 2, 36, 0], [0, 1, 17, 10]]


def grades_of(table: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """The pairs of grades 1, 2, … that a table of counts was made from."""
    first, second = [], []
    for row, line in enumerate(table, start=1):
        for column, count in enumerate(line, start=1):
            first += [row] * count
            second += [column] * count
    return first, second


def kappa(
    first: Sequence[int],
    second: Sequence[int],
    *,
    weighting: Weighting = "quadratic",
    patients: Sequence[int] | None = None,
    categories: Sequence[int] = (1, 2, 3, 4),
) -> Agreement:
    return weighted_kappa(
        first,
        second,
        categories=categories,
        patients=range(len(first)) if patients is None else patients,
        weighting=weighting,
    )


@pytest.mark.parametrize(
    ("weighting", "value", "error"),
    [("unweighted", 0.1293, 0.06860), ("linear", 0.2374, 0.07832)],
)
def test_kappa_and_its_error_are_those_of_r_vcd(
    weighting: Weighting, value: float, error: float
) -> None:
    result = kappa(*grades_of(SEXUAL_FUN), weighting=weighting)
    assert result.kappa == pytest.approx(value, abs=5e-5)
    assert result.standard_error == pytest.approx(error, abs=5e-6)


@pytest.mark.parametrize(
    ("weighting", "value", "error", "error_null", "z", "p"),
    [
        ("unweighted", 0.4842, 0.1380, 0.1484, 3.2626, 0.0011),
        ("linear", 0.4701, 0.1457, 0.1426, 3.2971, 0.0010),
    ],
)
def test_both_errors_z_and_p_are_those_of_sas(
    weighting: Weighting,
    value: float,
    error: float,
    error_null: float,
    z: float,
    p: float,
) -> None:
    result = kappa(*grades_of(SAS), weighting=weighting, categories=(1, 2, 3))
    found = (
        result.kappa,
        result.standard_error,
        result.standard_error_null,
        result.z,
        result.p,
    )
    assert found == pytest.approx((value, error, error_null, z, p), abs=5.1e-5)


@pytest.mark.parametrize(
    ("weighting", "value", "z", "p"),
    [
        ("unweighted", -0.006289308, -0.0604067, 0.9518317),
        ("linear", 0.1459075, 1.282472, 0.1996772),
        ("quadratic", 0.2520325, 1.437451, 0.1505898),
    ],
)
def test_weighted_kappa_z_and_p_are_those_of_r_irr(
    weighting: Weighting, value: float, z: float, p: float
) -> None:
    # R, package irr: kappa2(anxiety[, 2:3], "unweighted" | "equal" | "squared"), as
    # kept in statsmodels/stats/tests/test_inter_rater.py. irr drops grade 5 there,
    # which neither rater used: so did they, so it is left out of the declared ones.
    columns = np.array(
        [
            *(3, 3, 3, 4, 5, 5, 2, 3, 5, 2, 2, 6, 1, 5, 2, 2, 1, 2, 4, 3),
            *(3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4),
            *(2, 1, 4, 4, 3, 2, 1, 6, 1, 1, 1, 2, 3, 3, 1, 1, 3, 3, 2, 2),
        ]
    ).reshape(3, 20)
    result = kappa(
        columns[1].tolist(),
        columns[2].tolist(),
        weighting=weighting,
        categories=(1, 2, 3, 4, 6),
    )
    assert result.kappa == pytest.approx(value, abs=5e-8)
    assert result.z == pytest.approx(z, abs=5e-7)
    assert result.p == pytest.approx(p, abs=5e-8)


def test_leaving_an_unused_grade_undeclared_would_give_another_kappa() -> None:
    # grade 2 is never given; a library that guesses makes 3 a neighbour of 1
    table = [[2, 0, 0, 0], [0, 0, 0, 0], [3, 0, 1, 3], [0, 0, 1, 1]]
    first, second = grades_of(table)
    declared = kappa(first, second)
    guessed = kappa(first, second, categories=(1, 3, 4))
    assert declared.table == tuple(map(tuple, table))
    assert declared.kappa == pytest.approx(0.497, abs=5e-4)
    assert guessed.kappa == pytest.approx(0.462, abs=5e-4)

    from sklearn.metrics import cohen_kappa_score

    assert declared.kappa == pytest.approx(
        cohen_kappa_score(first, second, labels=[1, 2, 3, 4], weights="quadratic")
    )
    assert guessed.kappa == pytest.approx(
        cohen_kappa_score(first, second, weights="quadratic")
    )


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("seed", range(5))
def test_any_table_gives_what_statsmodels_and_scikit_learn_give(
    weighting: Weighting, seed: int
) -> None:
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import cohens_kappa

    rng = np.random.default_rng(seed)
    table = rng.integers(0, 9, (4, 4)) + 3 * np.eye(4, dtype=int)
    first, second = grades_of(table.tolist())
    result = kappa(first, second, weighting=weighting)
    name = None if weighting == "unweighted" else weighting
    oracle = cohens_kappa(table, wt=name)
    assert result.kappa == pytest.approx(oracle.kappa, abs=1e-12)
    assert result.standard_error == pytest.approx(oracle.std_kappa, abs=1e-12)
    assert result.standard_error_null == pytest.approx(oracle.std_kappa0, abs=1e-12)
    assert result.p == pytest.approx(oracle.pvalue_two_sided, abs=1e-12)
    assert result.kappa == pytest.approx(
        cohen_kappa_score(first, second, labels=[1, 2, 3, 4], weights=name), abs=1e-12
    )


def two_sided_study(seed: int, patients: int = 30) -> tuple[list[int], list[int]]:
    first, second = simulate_readings(
        np.random.default_rng(seed),
        patients=patients,
        disease_correlation=0.6,
        error_correlation=0.7,
        error=0.7,
    )
    return first.ravel().tolist(), second.ravel().tolist()


@pytest.mark.parametrize("seed", range(3))
def test_the_clustered_error_is_close_to_leaving_out_each_patient(seed: int) -> None:
    first, second = two_sided_study(seed, patients=200)
    patients = np.repeat(np.arange(200), 2)
    result = kappa(first, second, patients=patients.tolist())
    without = []
    for patient in range(200):
        kept = patients != patient
        one = kappa(np.array(first)[kept].tolist(), np.array(second)[kept].tolist())
        without.append(one.kappa)
    variance = 199 / 200 * ((np.array(without) - np.mean(without)) ** 2).sum()
    assert result.standard_error_clustered == pytest.approx(np.sqrt(variance), rel=0.03)


def test_with_one_item_a_patient_the_clustered_error_is_the_asymptotic_one() -> None:
    first, second = grades_of(CARCINOMA)
    result = kappa(first, second)
    n = len(first)
    assert result.standard_error_clustered == pytest.approx(
        result.standard_error * np.sqrt(n / (n - 1)), rel=1e-12
    )


def test_doubling_every_item_of_a_patient_adds_no_knowledge() -> None:
    first, second = two_sided_study(1)
    patients = [number // 2 for number in range(60)]
    once = kappa(first, second, patients=patients)
    twice = kappa(first * 2, second * 2, patients=patients * 2)
    assert twice.kappa == pytest.approx(once.kappa)
    error = once.standard_error_clustered
    assert twice.standard_error_clustered == pytest.approx(error)
    assert twice.standard_error < 0.75 * once.standard_error


def test_the_interval_is_student_s_on_the_fisher_scale() -> None:
    from scipy import stats

    first, second = two_sided_study(2)
    result = kappa(first, second, patients=[number // 2 for number in range(60)])
    half = stats.t.ppf(0.975, 29) * result.standard_error_clustered
    half /= 1 - result.kappa**2
    assert isinstance(result.interval, Interval)
    assert np.arctanh(result.interval.low) == pytest.approx(
        np.arctanh(result.kappa) - half
    )
    assert np.arctanh(result.interval.high) == pytest.approx(
        np.arctanh(result.kappa) + half
    )
    assert result.interval.degrees_of_freedom == 29


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    # 800 replicates: a standard error of 0.8 %. docs/statistics/agreement.md has 6,000.
    coverage = interval_coverage(replicates=800, seed=3)
    assert 0.925 <= coverage.clustered <= 0.97
    assert coverage.plain < coverage.clustered - 0.015


def reasons(result: Agreement) -> dict[str, Reason | None]:
    return {
        name: value.reason if isinstance(value, NotEstimable) else None
        for name, value in result.__dict__.items()
        if name in ("kappa", "p", "z", "standard_error", "interval")
    }


def test_no_reads_have_no_kappa() -> None:
    assert set(reasons(kappa([], [])).values()) == {Reason.NO_READS}
    assert kappa([], []).exact == NotEstimable(Reason.NO_READS)


def test_one_patient_has_no_kappa() -> None:
    result = kappa([1, 4], [1, 3], patients=[7, 7])
    assert set(reasons(result).values()) == {Reason.ONE_PATIENT}


@pytest.mark.parametrize("second", [4, 3])
def test_two_constant_readings_have_no_kappa(second: int) -> None:
    result = kappa([4] * 6, [second] * 6)
    assert set(reasons(result).values()) == {Reason.BOTH_CONSTANT}


def test_one_constant_reading_has_kappa_zero_and_neither_p_nor_interval() -> None:
    for first, second in (([4] * 4, [1, 2, 3, 4]), ([1, 2, 3, 4], [4] * 4)):
        result = kappa(first, second)
        assert result.kappa == 0
        found = reasons(result)
        assert found.pop("kappa") is None
        assert set(found.values()) == {Reason.ONE_CONSTANT}


def test_perfect_agreement_is_one_and_has_no_interval() -> None:
    result = kappa([1, 2, 3, 4], [1, 2, 3, 4])
    assert result.kappa == 1
    assert result.exact == 1
    assert result.interval == NotEstimable(Reason.PERFECT)
    assert result.standard_error == NotEstimable(Reason.PERFECT)
    assert result.standard_error_clustered == NotEstimable(Reason.PERFECT)
    assert result.standard_error_null > 0
    assert result.p < 0.05


def test_total_disagreement_is_not_called_perfect() -> None:
    result = kappa([1, 4, 1, 4], [4, 1, 4, 1])
    assert result.kappa == -1
    assert result.interval == NotEstimable(Reason.OPPOSITE)
    assert result.standard_error == NotEstimable(Reason.OPPOSITE)
    assert result.standard_error_clustered == NotEstimable(Reason.OPPOSITE)
    assert result.p < 0.05


def test_patients_who_all_contribute_the_same_give_no_interval() -> None:
    result = kappa([1, 4, 1] * 5, [1, 4, 4] * 5, patients=[n // 3 for n in range(15)])
    assert result.interval == NotEstimable(Reason.NO_VARIATION)
    assert result.standard_error_clustered == NotEstimable(Reason.NO_VARIATION)
    assert result.standard_error > 0  # as if every side were another patient's


def test_grades_that_leave_kappa_no_room_have_no_p() -> None:
    # with linear weights and second always above first, chance equals observation
    result = kappa([1, 1, 1, 2], [2, 2, 2, 4], weighting="linear")
    assert result.kappa == pytest.approx(0, abs=1e-12)
    assert result.z == result.p == NotEstimable(Reason.NO_ROOM)
    assert result.standard_error_null == NotEstimable(Reason.NO_ROOM)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([2, 1, 2, 2, 2], [4, 3, 4, 2, 4]),
        ([1, 1, 2, 1, 1, 1, 1, 2, 2, 2], [3, 2, 2, 2, 2, 3, 2, 3, 3, 4]),
    ],
)
def test_rounding_is_no_room(first: list[int], second: list[int]) -> None:
    result = kappa(first, second, weighting="linear")
    assert result.standard_error_null == NotEstimable(Reason.NO_ROOM)
    assert result.p == NotEstimable(Reason.NO_ROOM)


def test_a_grade_outside_the_declared_set_is_refused() -> None:
    with pytest.raises(Refused, match="Grade 5 is not one of the declared grades 1, 2"):
        kappa([1, 5], [1, 2])


def test_readings_of_different_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="one length"):
        kappa([1, 2], [1])


def test_declared_categories_must_differ() -> None:
    with pytest.raises(ValueError, match="two different"):
        kappa([1], [1], categories=(1, 1))


def test_quadratic_weights_are_those_of_the_definition() -> None:
    weights = agreement_weights(4, weighting="quadratic")
    assert weights[0].tolist() == pytest.approx([1, 8 / 9, 5 / 9, 0])
    assert (weights == weights.T).all()


pairs = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=4, max_size=60
)


@given(pairs, st.sampled_from(WEIGHTINGS), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_kappa_does_not_depend_on_order_direction_or_who_is_first(
    items: list[tuple[int, int]], weighting: Weighting, random: object
) -> None:
    first, second = [a for a, _ in items], [b for _, b in items]
    patients = [number // 2 for number in range(len(items))]
    result = kappa(first, second, weighting=weighting, patients=patients)
    order = list(range(len(items)))
    random.shuffle(order)
    for other in (
        kappa(second, first, weighting=weighting, patients=patients),
        kappa(
            [5 - a for a in first],
            [5 - b for b in second],
            weighting=weighting,
            patients=patients,
        ),
        kappa(
            [first[i] for i in order],
            [second[i] for i in order],
            weighting=weighting,
            patients=[patients[i] for i in order],
        ),
    ):
        assert reasons(other) == reasons(result)
        if not isinstance(result.kappa, NotEstimable):
            assert -1 - 1e-12 <= result.kappa <= 1 + 1e-12
            assert other.kappa == pytest.approx(result.kappa, abs=1e-9)
        if isinstance(result.interval, Interval):
            assert result.interval.low <= result.kappa <= result.interval.high
            assert other.interval.low == pytest.approx(result.interval.low, abs=1e-9)
