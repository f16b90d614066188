"""Order, session and arm effects, and the ordinal model, against R and statsmodels."""

import numpy as np
import pytest

from stats.bias import effects
from stats.bias.effects import Circumstances, order_effects, time_ratios
from stats.bias.ordinal import ordinal_model
from stats.comparison.ranks import holm
from stats.outcomes import Interval, NotEstimable, Reason
from stats.readings import MISSING, GradeTable

from .test_bias_shift import some_table

pytestmark = pytest.mark.pure


def some_reads(
    seed: int = 1, *, fatigue: float = 0.0, learning: float = 0.0
) -> tuple[np.ndarray, Circumstances]:
    """Two readers read 20 patients in three arms, an arm's third in each session."""
    rng = np.random.default_rng(seed)
    readers, arms, patients = (one.ravel() for one in np.mgrid[:2, :3, :20])
    sessions = 1 + (arms + patients) % 3
    positions = np.zeros(120, dtype=np.int64)
    for reader in (0, 1):
        for session in (1, 2, 3):
            here = (readers == reader) & (sessions == session)
            positions[here] = 1 + rng.permutation(int(here.sum()))
    response = (
        0.3 * readers
        + 0.2 * arms
        + fatigue * positions / 10
        + learning * (sessions - 1)
        + 0.4 * rng.standard_normal(20)[patients]
        + 0.1 * rng.standard_normal(120)
    )
    return response, Circumstances(readers, arms, patients, sessions, positions)


def test_effects_are_those_of_statsmodels_least_squares() -> None:
    import statsmodels.api as sm

    response, where = some_reads(fatigue=0.3, learning=-0.2)
    design = np.column_stack(
        [
            np.ones(120),
            where.arms == 1,
            where.arms == 2,
            where.readers == 1,
            where.positions / 10,
            where.sessions - 1,
        ]
    )
    fit = sm.OLS(response, design.astype(float)).fit(
        cov_type="cluster", cov_kwds={"groups": where.patients}
    )
    found = order_effects(response, where)
    assert (found.responses, found.patients) == (120, 20)
    for slope, place in ((found.fatigue, 4), (found.learning, 5)):
        assert slope.estimate == pytest.approx(fit.params[place])
        # CR1 there and CR2 here: alike, not the same
        assert slope.standard_error == pytest.approx(fit.bse[place], rel=0.06)
    assert found.fatigue.estimate == pytest.approx(0.3, abs=0.15)
    assert found.learning.p < 0.001
    assert (found.sessions.numerator, found.sessions.denominator) == (2, 18)
    assert found.sessions.p < 0.001


def test_without_effects_few_are_found() -> None:
    found = [order_effects(*some_reads(seed)) for seed in range(40)]
    for effect in ("fatigue", "learning", "sessions"):
        assert sum(getattr(one, effect).p < 0.05 for one in found) <= 6


def test_one_session_has_fatigue_but_no_learning() -> None:
    response, where = some_reads()
    single = Circumstances(
        where.readers,
        where.arms,
        where.patients,
        where.sessions * 0 + 1,
        where.positions,
    )
    found = order_effects(response, single)
    assert not isinstance(found.fatigue.p, NotEstimable)
    assert found.learning.estimate == NotEstimable(Reason.OVERLAPPING)
    assert found.sessions.p == NotEstimable(Reason.OVERLAPPING)


def test_a_session_of_one_arm_cannot_be_told_from_the_arm() -> None:
    response, where = some_reads()
    mixed_up = Circumstances(
        where.readers, where.arms, where.patients, where.arms + 1, where.positions
    )
    assert order_effects(response, mixed_up).learning.p == NotEstimable(
        Reason.OVERLAPPING
    )


def nobody() -> Circumstances:
    nothing = np.zeros(0, dtype=np.int64)
    return Circumstances(nothing, nothing, nothing, nothing, nothing)


def test_without_reads_there_are_no_effects() -> None:
    found = order_effects(np.zeros(0), nobody())
    assert found.fatigue.estimate == NotEstimable(Reason.NO_READS)
    assert found.sessions.p == NotEstimable(Reason.NO_READS)
    (ratio,) = time_ratios(np.zeros(0), nobody(), arms=[0, 1], control=0)
    assert (ratio.arm, ratio.ratio) == (1, NotEstimable(Reason.NO_TIME_TOLD))


def test_a_ratio_of_times_is_that_of_geometric_means() -> None:
    response, where = some_reads()
    still = Circumstances(
        where.readers,
        where.arms,
        where.patients,
        where.sessions * 0 + 1,
        where.positions * 0 + 1,
    )
    first, second = time_ratios(response, still, arms=[0, 1, 2], control=1)
    assert (first.arm, second.arm, first.reads) == (0, 2, 40)
    means = [response[where.arms == arm].mean() for arm in range(3)]
    assert first.ratio == pytest.approx(np.exp(means[0] - means[1]))
    assert isinstance(second.interval, Interval)
    assert second.interval.low < np.exp(means[2] - means[1]) < second.interval.high
    assert [first.p_holm, second.p_holm] == pytest.approx(holm([first.p, second.p]))
    (turned, _) = time_ratios(response, still, arms=[1, 0, 2], control=0)
    assert turned.ratio == pytest.approx(1 / first.ratio)
    assert turned.p == pytest.approx(first.p)


def test_an_arm_without_a_time_has_no_ratio_and_spoils_none() -> None:
    response, where = some_reads()
    found = time_ratios(response, where, arms=[0, 1, 7], control=0)
    assert [one.ratio for one in found][1] == NotEstimable(Reason.NO_TIME_TOLD)
    assert not isinstance(found[0].p_holm, NotEstimable)
    without = time_ratios(response, where, arms=[0, 1, 7], control=7)
    assert {one.ratio for one in without} == {NotEstimable(Reason.NO_TIME_TOLD)}


# 14 patients; reader 1 and 2 in the reference, then in the arm
HEALTHY = (
    (1, 0, 1, 1),
    (0, 0, 0, 1),
    (1, 1, 1, 1),
    (0, 0, 1, 0),
    (0, 1, 1, 1),
    (0, 0, 0, 0),
    (1, 1, 0, 1),
    (0, 0, 1, 1),
    (1, 0, 1, 1),
    (0, 0, 0, 0),
    (0, 1, 0, 1),
    (1, 1, 1, 1),
    (0, 1, 1, 0),
    (0, 0, 0, 1),
)


def test_with_two_grades_the_model_is_r_s_logistic_regression() -> None:
    """f <- glm(y ~ arm + reader, family=binomial); each patient's residuals times
    solve(I - H[r, r]) (Mancl and DeRouen) in base R: exp(coef) 2.819011358, se of the
    log 0.4478598966, exp(coef + c(-1,1)*qt(.975,13)*se) 1.071268819 7.418142763,
    p 0.03766088895"""
    by_patient = np.array(HEALTHY).reshape(14, 2, 2)  # arm, reader
    grades = by_patient.transpose(2, 1, 0)
    table = GradeTable((3, 4), grades, grades[:, 0], np.arange(14))
    model = ordinal_model(table)
    (found,) = model.arms
    assert (model.grades, model.patients) == (56, 14)
    assert found.ratio == pytest.approx(2.819011358, rel=1e-6)
    assert isinstance(found.interval, Interval)
    assert found.interval.low == pytest.approx(1.071268819, rel=1e-5)
    assert found.interval.high == pytest.approx(7.418142763, rel=1e-5)
    assert found.p == pytest.approx(0.03766088895, rel=1e-5)
    assert found.p_holm == found.p


def with_reference(table: GradeTable) -> GradeTable:
    return GradeTable(
        table.categories,
        np.concatenate([table.standard[:, None], table.grades], axis=1),
        table.standard,
        table.patients,
    )


def test_an_arm_graded_higher_has_odds_above_1_as_proportional_odds_have_it() -> None:
    """Near statsmodels' maximum likelihood, which weighs thresholds otherwise."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    table = with_reference(some_table(patients=40, lift=0.8))
    low, high = ordinal_model(table).arms
    readers, arms, _ = (one.ravel() for one in np.indices(table.grades.shape))
    design = np.stack([arms == 1, arms == 2, readers == 1, readers == 2], axis=1)
    fit = OrderedModel(table.grades.ravel(), design.astype(float), distr="logit").fit(
        method="bfgs", disp=0
    )
    for one, expected in zip((low, high), fit.params[:2], strict=True):
        assert np.log(one.ratio) == pytest.approx(expected, abs=0.05)
    assert high.ratio > 1
    assert high.p < 0.001
    turned = GradeTable(
        table.categories, 3 - table.grades, 3 - table.standard, table.patients
    )
    assert ordinal_model(turned).arms[1].ratio == pytest.approx(
        1 / high.ratio, rel=1e-4
    )


def test_what_the_model_cannot_give_says_why() -> None:
    def why(table: GradeTable) -> list[NotEstimable]:
        return [one.ratio for one in ordinal_model(with_reference(table)).arms]

    few = some_table(patients=4)
    assert why(few) == [NotEstimable(Reason.MORE_EFFECTS)] * 2
    single = some_table(patients=1)
    assert why(single) == [NotEstimable(Reason.ONE_PATIENT)] * 2
    alike = some_table()
    alike.grades[:], alike.standard[:] = 2, 2
    assert why(alike) == [NotEstimable(Reason.ONE_GRADE)] * 2
    runaway = some_table(patients=20)
    runaway.grades[:, 1] = 3
    assert why(runaway) == [NotEstimable(Reason.NOT_CONVERGED)] * 2
    unread = some_table(patients=20)
    unread.grades[:, 0] = MISSING
    none, other = ordinal_model(with_reference(unread)).arms
    assert none.ratio == NotEstimable(Reason.NO_READS)
    assert other.p_holm == pytest.approx(2 * other.p)  # both were to be compared
    unread.standard[:] = MISSING
    assert why(unread) == [NotEstimable(Reason.NO_READS)] * 2


def test_more_responses_than_a_report_has_room_for_are_said_to_be_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(effects, "MOST_RESPONSES", 3)
    ones = np.ones(4, dtype=np.int64)
    where = Circumstances(ones, np.arange(4), np.arange(4), ones, ones)
    too_many = NotEstimable(Reason.TOO_LARGE)
    found = order_effects(np.arange(4.0), where)
    assert (found.fatigue.estimate, found.sessions.p) == (too_many, too_many)
    (ratio, *_others) = time_ratios(np.arange(4.0), where, arms=[0, 1, 2, 3], control=3)
    assert (ratio.arm, ratio.reads, ratio.ratio) == (0, 1, too_many)
