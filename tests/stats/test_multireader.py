"""Kappas of readers and arms together: covariance, means, differences, margins."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from stats.agreement.kappa import weighted_kappa
from stats.agreement.resampling import left_one_out_kappas, patient_sums
from stats.comparison import holm_of
from stats.multireader import (
    against_margin,
    combine,
    compare_with_control,
    complete_items,
    difference,
    jackknife_covariance,
    jackknife_replicates,
    joint_kappas,
    kappas_of_tables,
    mean_kappa,
    patient_tables,
)
from stats.outcomes import Interval, NotEstimable, Reason
from stats.readings import MISSING, GradeTable

from .difference_coverage import simulate_grades
from .multireader_coverage import errors_of_arms_compared

pytestmark = pytest.mark.pure

SCALE = (1, 2, 3, 4)


def some_table(
    seed: int = 0,
    *,
    patients: int = 40,
    readers: int = 3,
    arms: int = 4,
    missing: float = 0.0,
) -> GradeTable:
    """Arms share the patients' disease; every second one has noisier images."""
    rng = np.random.default_rng(seed)
    found = [
        simulate_grades(
            np.random.default_rng(seed),
            patients=patients,
            readers=readers,
            errors=(0.4 + 0.2 * (arm % 2), 0.4),
            correlation=0.6,
        ).reshape(readers, 3, -1)
        for arm in range(arms)
    ]
    grades = np.stack([one[:, 1] for one in found], axis=1) - 1
    flip = rng.random(grades.shape) < 0.25
    grades = np.where(
        flip, np.clip(grades + rng.choice([-1, 1], grades.shape), 0, 3), grades
    )
    grades = np.where(rng.random(grades.shape) < missing, MISSING, grades)
    return GradeTable(
        SCALE,
        grades.astype(np.int64),
        (found[0][:, 0] - 1).astype(np.int64),
        np.repeat(np.arange(patients), 2),
    )


def one_by_one(table: GradeTable, reader: int, arm: int, *, without: int = -1):
    both = (table.grades[reader, arm] != MISSING) & (table.standard[reader] != MISSING)
    both &= table.patients != without
    return weighted_kappa(
        table.standard[reader, both].tolist(),
        table.grades[reader, arm, both].tolist(),
        categories=range(4),
        patients=table.patients[both].tolist(),
        weighting="quadratic",
    )


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_each_kappa_and_its_error_are_those_of_one_reader_in_one_arm(
    missing: float,
) -> None:
    table = some_table(missing=missing)
    joint = joint_kappas(table, weighting="quadratic")
    for reader in range(3):
        for arm in range(4):
            alone = one_by_one(table, reader, arm)
            assert joint.kappas[reader][arm] == alone.kappa
            assert joint.pairs[reader][arm] == alone.items
            of_one = error_of_one(joint, reader, arm)
            assert of_one == pytest.approx(alone.standard_error_clustered, rel=1e-12)


def error_of_one(joint, reader: int, arm: int) -> float:
    weights = np.zeros((3, 4))
    weights[reader, arm] = 1
    found = combine(joint, weights).standard_error
    assert isinstance(found, float)
    return found


@pytest.mark.parametrize("weighting", ["unweighted", "linear", "quadratic"])
def test_tables_give_the_kappas_of_scikit_learn_without_each_patient(
    weighting: str,
) -> None:
    from sklearn.metrics import cohen_kappa_score

    table = some_table(3, patients=12, arms=2)
    replicates = jackknife_replicates(table, weighting=weighting)
    for patient in range(12):
        kept = table.patients != patient
        for reader in range(3):
            expected = cohen_kappa_score(
                table.standard[reader, kept],
                table.grades[reader, 1, kept],
                labels=range(4),
                weights=None if weighting == "unweighted" else weighting,
            )
            assert replicates[patient, reader, 1] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("weighting", ["unweighted", "linear", "quadratic"])
@pytest.mark.parametrize("seed", range(8))
def test_leaving_out_patients_is_the_same_as_beside_the_bootstrap(
    weighting: str, seed: int
) -> None:
    """Two ways of adding up the same kappas, also where some do not exist."""
    rng = np.random.default_rng(seed)
    table = GradeTable(
        SCALE,
        rng.integers(MISSING, 3, (2, 2, 8)),
        rng.integers(MISSING, 3, (2, 8)),
        np.repeat(np.arange(4), 2),
    )
    one = jackknife_replicates(table, weighting=weighting)
    other = left_one_out_kappas(patient_sums(table, weighting=weighting))
    assert one == pytest.approx(other, abs=1e-12, nan_ok=True)


def test_the_delta_methods_covariance_is_near_the_jackknifes() -> None:
    """Two derivations of one number; they part by terms of order 1/patients."""
    table = some_table(1, patients=300)
    delta = joint_kappas(table, weighting="quadratic").covariance
    left_out = jackknife_covariance(jackknife_replicates(table, weighting="quadratic"))
    scale = np.sqrt(np.outer(np.diag(delta), np.diag(delta)))
    assert np.abs(left_out - delta).max() < 0.02 * scale.max()
    assert np.allclose(delta, delta.T) and np.linalg.eigvalsh(delta).min() > -1e-15


def test_jackknife_covariance_is_that_of_pseudovalues() -> None:
    replicates = np.random.default_rng(0).normal(size=(20, 2, 3))
    figures = replicates.mean(axis=0)
    pseudo = 20 * figures - 19 * replicates
    expected = np.cov(pseudo.reshape(20, -1), rowvar=False) / 20
    assert np.allclose(jackknife_covariance(replicates), expected, rtol=1e-12)
    with pytest.raises(ValueError, match="every figure"):
        jackknife_covariance(np.full((3, 1, 1), np.nan))


def test_a_mean_is_narrower_than_one_reader_but_not_as_if_readers_were_strangers() -> (
    None
):
    table = some_table(2)
    joint = joint_kappas(table, weighting="quadratic")
    mean = mean_kappa(joint, 0)
    alone = [one_by_one(table, reader, 0) for reader in range(3)]
    errors = np.array([one.standard_error_clustered for one in alone])
    assert mean.mean == pytest.approx(np.mean([one.kappa for one in alone]))
    apart = np.sqrt((errors**2).sum()) / 3
    assert apart < mean.standard_error < errors.mean()
    assert isinstance(mean.interval, Interval)
    assert mean.interval.degrees_of_freedom == 39 and mean.pairs == 240
    # symmetric where the method says: on the Fisher z scale
    low, high = np.arctanh([mean.interval.low, mean.interval.high])
    assert (low + high) / 2 == pytest.approx(np.arctanh(mean.mean))


def test_taking_arms_as_independent_would_make_the_error_too_large() -> None:
    """By 10 to 44 % in studies like the first; that is why they are never apart."""
    ratios = []
    for seed in range(12):
        grades = simulate_grades(
            np.random.default_rng(seed),
            patients=50,
            readers=3,
            errors=(0.4, 0.8),
            correlation=0.6,
        ).reshape(3, 3, -1)
        table = GradeTable(
            SCALE, grades[:, 1:] - 1, grades[:, 0] - 1, np.repeat(np.arange(50), 2)
        )
        joint = joint_kappas(table, weighting="quadratic")
        together = difference(joint, 0, 1).standard_error
        first, second = (mean_kappa(joint, arm).standard_error for arm in (0, 1))
        ratios.append(np.hypot(first, second) / together)
    assert min(ratios) > 1
    assert 1.10 < np.mean(ratios) < 1.44


def test_a_difference_is_t_and_its_interval_and_p_agree() -> None:
    """In R 4.2.2: qt(c(.975, .95), 39) prints 2.022691 1.684875."""
    joint = joint_kappas(some_table(4), weighting="quadratic")
    found = difference(joint, 0, 1)
    assert found.difference == pytest.approx(found.first - found.second)
    assert found.t == pytest.approx(found.difference / found.standard_error)
    turned = difference(joint, 1, 0)
    assert (turned.difference, turned.p) == pytest.approx((-found.difference, found.p))
    half = (found.interval.high - found.interval.low) / 2
    assert half == pytest.approx(2.022691 * found.standard_error, rel=1e-6)
    narrow = (found.narrow.high - found.narrow.low) / 2
    assert narrow == pytest.approx(1.684875 * found.standard_error, rel=1e-6)


def test_the_verdict_on_a_margin_is_what_intervals_and_one_sided_tests_say() -> None:
    joint = joint_kappas(some_table(5, patients=80), weighting="quadratic")
    seen = set()
    for first, second in ((0, 1), (1, 0), (0, 2)):
        found = difference(joint, first, second)
        for margin in (0.01, 0.05, 0.1, 0.2, 0.5):
            verdict = against_margin(found, margin=margin)
            assert verdict.not_inferior == (verdict.p_inferior < 0.025)
            assert verdict.equivalent == (verdict.p_equivalent < 0.05)
            assert verdict.equivalent_strictly == (verdict.p_equivalent < 0.025)
            seen.add((verdict.not_inferior, verdict.equivalent))
    assert len(seen) >= 3  # better, the same, neither
    assert against_margin(found, margin=0.5).equivalent_strictly is True
    assert against_margin(found, margin=0.0).equivalent is False
    with pytest.raises(ValueError, match="negative"):
        against_margin(found, margin=-0.1)


def test_holm_is_that_of_statsmodels_and_counts_what_has_no_p() -> None:
    p = [0.01, 0.04, 0.03, 0.2]
    assert holm_of(p) == pytest.approx(multipletests(p, method="holm")[1])
    nothing = NotEstimable(Reason.PERFECT)
    adjusted = holm_of([0.01, nothing, 0.04])
    assert adjusted[1] == nothing
    assert (adjusted[0], adjusted[2]) == pytest.approx((0.03, 0.08))


def test_every_arm_meets_the_control_on_the_sides_that_both_have() -> None:
    table = some_table(6, missing=0.1)
    found = compare_with_control(
        table, 2, weighting="quadratic", margin=0.1, permutations=99
    )
    assert [one.arm for one in found] == [0, 1, 3]
    for one in found:
        graded = (table.grades[:, [one.arm, 2]] != MISSING).all(axis=1)
        assert one.mean.pairs == int(graded.sum()) < 240
        assert [reader.readers for reader in one.by_reader] == [1, 1, 1]
        mean = np.mean([reader.difference for reader in one.by_reader])
        assert one.mean.difference == pytest.approx(mean)
        assert one.swaps.difference == pytest.approx(one.mean.difference)
        assert one.margins is not None
    adjusted = multipletests([one.mean.p for one in found], method="holm")[1]
    assert [one.p_holm for one in found] == pytest.approx(adjusted)


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_the_order_of_patients_sides_and_readers_does_not_matter(seed: int) -> None:
    table = some_table(7, missing=0.1)
    rng = np.random.default_rng(seed)
    order, people = rng.permutation(80), rng.permutation(40)
    readers = rng.permutation(3)
    mixed = GradeTable(
        SCALE,
        table.grades[readers][:, :, order],
        table.standard[readers][:, order],
        people[table.patients][order],
    )
    one, two = (
        difference(joint_kappas(each, weighting="linear"), 0, 1)
        for each in (table, mixed)
    )
    assert (one.difference, one.standard_error, one.p) == pytest.approx(
        (two.difference, two.standard_error, two.p), rel=1e-9
    )


def test_turning_the_scale_around_changes_nothing() -> None:
    table = some_table(8, missing=0.1)
    turned = replace(
        table,
        grades=np.where(table.grades == MISSING, MISSING, 3 - table.grades),
        standard=3 - table.standard,
    )
    one, two = (
        mean_kappa(joint_kappas(each, weighting="quadratic"), 1)
        for each in (table, turned)
    )
    assert one.mean == pytest.approx(two.mean, rel=1e-12)
    assert one.standard_error == pytest.approx(two.standard_error, rel=1e-12)


def test_what_one_reader_lacks_is_missing_for_the_mean_with_its_reason() -> None:
    table = some_table(9)
    unread = table.grades.copy()
    unread[1, 0] = MISSING
    joint = joint_kappas(replace(table, grades=unread), weighting="quadratic")
    nothing = NotEstimable(Reason.READER_MISSING)
    assert mean_kappa(joint, 0).mean == mean_kappa(joint, 0).interval == nothing
    assert difference(joint, 0, 1).p == nothing
    alone = difference(joint, 0, 1, readers=[1])
    assert alone.difference == NotEstimable(Reason.NO_READS)
    assert isinstance(difference(joint, 0, 1, readers=[0]).p, float)
    assert isinstance(mean_kappa(joint, 1).interval, Interval)
    verdict = against_margin(difference(joint, 0, 1), margin=0.1)
    assert verdict.not_inferior == verdict.p_equivalent == nothing


@pytest.mark.parametrize(
    ("how", "reason"),
    [("perfect", Reason.PERFECT), ("constant", Reason.ONE_CONSTANT)],
)
def test_where_variation_is_unknown_there_is_a_number_but_no_interval(
    how: str, reason: Reason
) -> None:
    table = some_table(10)
    grades = table.grades.copy()
    grades[0, 0] = table.standard[0] if how == "perfect" else 2
    joint = joint_kappas(replace(table, grades=grades), weighting="quadratic")
    mean, found = mean_kappa(joint, 0), difference(joint, 0, 1)
    assert isinstance(mean.mean, float) and isinstance(found.difference, float)
    assert mean.interval == found.interval == found.p == NotEstimable(reason)


def test_tables_without_a_kappa_have_none() -> None:
    tables = np.zeros((3, 4, 4))
    tables[1, 2, 2] = 7  # both constant
    tables[2, 2, 3] = 7  # both constant, another grade each
    assert np.isnan(kappas_of_tables(tables, weighting="quadratic")).all()
    tables[1, 2, 3] = 1  # one constant
    assert kappas_of_tables(tables, weighting="quadratic")[1] == pytest.approx(0)


def test_complete_sides_renumber_their_patients() -> None:
    table = some_table(11, patients=6)
    grades = table.grades.copy()
    grades[0, 1, :2] = MISSING  # the first patient
    grades[2, 0, 5] = MISSING
    complete = complete_items(replace(table, grades=grades))
    assert complete.grades.shape == (3, 4, 9)
    assert complete.patients.tolist() == [0, 0, 1, 2, 2, 3, 3, 4, 4]
    assert patient_tables(complete).sum() == 3 * 4 * 9


def test_one_patient_or_no_reader_is_no_study() -> None:
    one = joint_kappas(some_table(0, patients=1), weighting="quadratic")
    assert mean_kappa(one, 0).mean == NotEstimable(Reason.READER_MISSING)
    nobody = GradeTable(
        SCALE,
        np.zeros((0, 2, 4), np.int64),
        np.zeros((0, 4), np.int64),
        np.repeat([0, 1], 2),
    )
    joint = joint_kappas(nobody, weighting="quadratic")
    assert mean_kappa(joint, 0).mean == NotEstimable(Reason.READER_MISSING)
    (found,) = compare_with_control(nobody, 0, weighting="quadratic", permutations=9)
    assert found.mean.p == found.swaps.p == NotEstimable(Reason.READER_MISSING)


def test_intervals_hold_and_tests_err_as_often_as_they_say() -> None:
    """A few replicates of the simulation that the bench runs at length."""
    found = errors_of_arms_compared(replicates=120, seed=3, swaps=99)
    assert found.mean > 0.90 and found.difference > 0.90
    assert max(found.these, found.swapped, found.others) < 0.11
    assert found.not_estimable < 5
