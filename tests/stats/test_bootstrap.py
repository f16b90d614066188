"""Resampled patients: every replicate of kappa, and the intervals made of them."""

from types import SimpleNamespace

import numpy as np
import pytest

from readerstudy.imaging.errors import Refused
from stats.agreement.bootstrap import (
    KappaBootstrap,
    bootstrap_kappa,
    resampled_kappas,
    resampled_patients,
)
from stats.agreement.kappa import WEIGHTINGS, Weighting, weighted_kappa
from stats.outcomes import Interval, NotEstimable, Reason
from stats.readings import MISSING, GradeTable

from .coverage import interval_coverage
from .grade_tables import drawn_table, one_reader

pytestmark = pytest.mark.pure


def scikit_learn(first: np.ndarray, second: np.ndarray, weighting: Weighting) -> float:
    from sklearn.metrics import cohen_kappa_score

    name = None if weighting == "unweighted" else weighting
    return cohen_kappa_score(first, second, labels=[0, 1, 2, 3], weights=name)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_every_replicate_is_what_scikit_learn_gives_for_its_sides(
    weighting: Weighting, missing: float
) -> None:
    table = drawn_table(missing=missing, patients=12)
    found = resampled_kappas(table, weighting=weighting, replicates=40, seed=3)
    counts = resampled_patients(patients=12, replicates=40, seed=3)
    for drawn, kappas in zip(counts, found.replicates, strict=True):
        times = drawn[table.patients]
        for reader in range(3):
            for arm in range(2):
                x, y = table.standard[reader], table.grades[reader, arm]
                both = (x != MISSING) & (y != MISSING)
                first, second = (np.repeat(g[both], times[both]) for g in (x, y))
                assert kappas[reader, arm] == pytest.approx(
                    scikit_learn(first, second, weighting), abs=1e-12
                )


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_single_and_double_precision_give_the_same_kappas(
    weighting: Weighting, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stats.agreement import resampling

    table = drawn_table(missing=0.1)
    single = resampled_kappas(table, weighting=weighting, replicates=300)
    monkeypatch.setattr(resampling, "EXACT_IN_SINGLE", 0)
    monkeypatch.setattr(resampling, "PIECE", 1000)
    double = resampled_kappas(table, weighting=weighting, replicates=300)
    assert np.array_equal(single.replicates, double.replicates, equal_nan=True)
    assert np.array_equal(single.left_one_out, double.left_one_out)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_a_large_study_loses_no_digits(weighting: Weighting) -> None:
    table = drawn_table(patients=4000, readers=1, arms=1)
    found = resampled_kappas(table, weighting=weighting, replicates=1)
    assert found.estimates[0, 0] == pytest.approx(
        scikit_learn(table.standard[0], table.grades[0, 0], weighting), abs=1e-12
    )


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_kappa_itself_and_without_each_patient_are_those_of_weighted_kappa(
    weighting: Weighting,
) -> None:
    table = drawn_table(missing=0.2, patients=9)
    found = resampled_kappas(table, weighting=weighting, replicates=1)
    x, y = table.standard[1], table.grades[1, 1]
    both = (x != MISSING) & (y != MISSING)

    def without(patient: int | None) -> float | NotEstimable:
        kept = both & (table.patients != patient)
        return weighted_kappa(
            (x[kept] + 1).tolist(),
            (y[kept] + 1).tolist(),
            categories=table.categories,
            patients=table.patients[kept].tolist(),
            weighting=weighting,
        ).kappa

    assert found.estimates[1, 1] == pytest.approx(without(None), abs=1e-12)
    assert found.left_one_out[:, 1, 1] == pytest.approx(
        [without(patient) for patient in range(9)], abs=1e-12
    )


def test_percentile_and_bca_are_those_that_scipy_makes_of_the_same_replicates() -> None:
    from scipy.stats import bootstrap

    table = drawn_table(seed=4, patients=7)
    found = resampled_kappas(table, weighting="quadratic", replicates=2000)
    assert (found.replicates[:, 2, 1] == found.estimates[2, 1]).sum() > 5  # ties
    ours = bootstrap_kappa(table, weighting="quadratic", replicates=2000)

    def kappa(patients: np.ndarray) -> float:
        rows = np.concatenate([2 * patients, 2 * patients + 1]).astype(int)
        x, y = table.standard[2][rows], table.grades[2, 1][rows]
        return scikit_learn(x, y, "quadratic")

    for name, method in (("percentile", "percentile"), ("bca", "BCa")):
        theirs = bootstrap(
            (np.arange(7),),
            kappa,
            n_resamples=0,
            method=method,
            vectorized=False,
            bootstrap_result=SimpleNamespace(
                bootstrap_distribution=found.replicates[:, 2, 1]
            ),
        ).confidence_interval
        interval = getattr(ours[2][1], name)
        assert (interval.low, interval.high) == pytest.approx(
            (theirs.low, theirs.high), abs=1e-12
        )


def test_the_jackknife_is_close_to_the_default_interval() -> None:
    table = drawn_table(seed=5, patients=100)
    one = bootstrap_kappa(table, weighting="quadratic", replicates=4000)[0][0]
    default = weighted_kappa(
        table.standard[0].tolist(),
        table.grades[0, 0].tolist(),
        categories=(0, 1, 2, 3),
        patients=table.patients.tolist(),
        weighting="quadratic",
    )
    assert one.kappa == pytest.approx(default.kappa, abs=1e-12)
    assert isinstance(default.interval, Interval)
    for other in (one.jackknife, one.percentile, one.bca):
        assert isinstance(other, Interval)
        assert other.low == pytest.approx(default.interval.low, abs=0.02)
        assert other.high == pytest.approx(default.interval.high, abs=0.02)
    assert one.jackknife.degrees_of_freedom == 99


# numpy 2.4: Generator(PCG64(1)).integers(0, 5, size=(3, 5), dtype=int32) gives
# [[2 2 3 4 0] [0 4 4 1 1] [4 2 1 4 1]]; counted
DRAWN = [[1, 0, 2, 1, 1], [1, 2, 0, 0, 2], [0, 2, 1, 0, 2]]


def test_the_same_seed_draws_the_same_patients_for_ever() -> None:
    counts = resampled_patients(patients=5, replicates=3, seed=1)
    assert (counts.sum(axis=1) == 5).all()
    assert counts.tolist() == DRAWN
    assert resampled_patients(patients=5, replicates=3, seed=2).tolist() != DRAWN


def test_the_draws_are_the_same_in_whatever_pieces_they_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from stats.agreement import bootstrap

    whole = resampled_patients(patients=7, replicates=50, seed=3)
    monkeypatch.setattr(bootstrap, "PIECE", 25)
    pieces = resampled_patients(patients=7, replicates=50, seed=3)
    assert pieces.tolist() == whole.tolist()


def test_each_patient_is_drawn_as_often_as_any_other() -> None:
    counts = resampled_patients(patients=20, replicates=20_000, seed=9)
    assert counts.mean(axis=0) == pytest.approx(np.ones(20), abs=0.035)
    assert counts.var() == pytest.approx(19 / 20, abs=0.02)


def test_readers_and_arms_have_the_numbers_that_they_have_alone() -> None:
    table = drawn_table(missing=0.1)
    together = bootstrap_kappa(table, weighting="linear", replicates=200)
    alone = GradeTable(
        table.categories,
        table.grades[2:, 1:],
        table.standard[2:],
        table.patients,
    )
    assert (
        bootstrap_kappa(alone, weighting="linear", replicates=200)[0][0]
        == (together[2][1])
    )


def reasons(one: KappaBootstrap) -> dict[str, Reason]:
    return {
        name: value.reason
        for name, value in one.__dict__.items()
        if isinstance(value, NotEstimable)
    }


def only(standard: list[int], grades: list[int], **owners: list[int]) -> KappaBootstrap:
    table = one_reader(standard, grades, **owners)
    return bootstrap_kappa(table, weighting="quadratic", replicates=400)[0][0]


INTERVALS = {"percentile", "bca", "bias", "acceleration", "jackknife"}


@pytest.mark.parametrize(
    ("standard", "grades", "patients", "reason"),
    [
        ([], [], [], Reason.NO_READS),
        ([0, MISSING], [MISSING, 1], [0, 1], Reason.NO_READS),
        ([0, 1], [0, 1], [0, 0], Reason.ONE_PATIENT),
        ([3, 3, 3], [3, 3, 3], [0, 1, 2], Reason.BOTH_CONSTANT),
        ([3, 3, 3], [2, 2, 2], [0, 1, 2], Reason.BOTH_CONSTANT),
    ],
)
def test_without_reads_patients_or_variation_nothing_is_estimable(
    standard: list[int], grades: list[int], patients: list[int], reason: Reason
) -> None:
    found = reasons(only(standard, grades, patients=patients))
    assert found == dict.fromkeys(INTERVALS | {"kappa"}, reason)


@pytest.mark.parametrize(
    ("standard", "grades", "kappa", "reason"),
    [
        ([3, 3, 3, 3], [0, 1, 2, 3], 0, Reason.ONE_CONSTANT),
        ([0, 1, 2, 3], [0, 1, 2, 3], 1, Reason.PERFECT),
        ([0, 3, 0, 3], [3, 0, 3, 0], -1, Reason.OPPOSITE),
    ],
)
def test_a_kappa_without_variation_has_no_interval(
    standard: list[int], grades: list[int], kappa: float, reason: Reason
) -> None:
    found = only(standard, grades)
    assert found.kappa == kappa
    assert reasons(found) == dict.fromkeys(INTERVALS, reason)


def test_replicates_without_a_kappa_are_dropped_and_counted() -> None:
    # all but patients 3 and 4 have the same grade: without both there is no kappa
    table = one_reader([3, 3, 3, 0, 3], [3, 3, 3, 1, 2])
    one = bootstrap_kappa(table, weighting="quadratic", replicates=1000, seed=2)[0][0]
    counts = resampled_patients(patients=5, replicates=1000, seed=2)
    constant = (counts[:, 3:] == 0).all(axis=1) | (counts[:, 3] == 5)
    constant |= counts[:, 4] == 5  # one patient five times
    assert one.undefined == constant.sum() > 50
    assert isinstance(one.percentile, Interval)
    assert one.percentile.low >= -1 and one.percentile.high <= 1


def test_where_one_patient_makes_all_the_difference_there_is_no_jackknife() -> None:
    one = only([3, 3, 3, 0], [3, 3, 3, 1])
    found = reasons(one)
    assert found.pop("jackknife") is Reason.LEFT_OUT_UNDEFINED
    assert found == {
        "acceleration": Reason.LEFT_OUT_UNDEFINED,
        "bca": Reason.LEFT_OUT_UNDEFINED,
    }
    assert isinstance(one.percentile, Interval)


def test_a_place_outside_the_declared_grades_is_refused() -> None:
    with pytest.raises(Refused, match="Place 4"):
        only([0, 1], [0, 4])


def test_bootstrap_intervals_hold_the_truth_nearly_as_often_as_they_say() -> None:
    # 400 studies of 500 resamples: a standard error of 1.1 %
    coverage = interval_coverage(replicates=400, seed=3, resamples=500)
    for share in (coverage.percentile, coverage.bca, coverage.jackknife):
        assert 0.91 <= share <= 0.98
