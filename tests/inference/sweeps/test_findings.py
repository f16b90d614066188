"""What a sweep concludes: curves, intervals, and the smallest level that is enough."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from inference.sweeps import findings, fitting
from inference.sweeps.findings import Measured, conclude

pytestmark = pytest.mark.pure

LEVELS = [2, 4, 8, 16, 32, 64, 120]


def points(
    *, levels=LEVELS, seeds=3, cases=37, between=0.03, noise=0.05, chance=1, curve=None
) -> list[Measured]:
    """Cases differ much, seeds a little; the curve is 33 − 3 · level^−0.7."""
    rng = np.random.default_rng(chance)
    curve = curve or (lambda level: 33 - 3 * level**-0.7)
    of_case = rng.normal(0, 3, cases)
    found = []
    for level in levels:
        for seed in range(1, seeds + 1):
            values = curve(level) + of_case + rng.normal(0, between)
            values = values + rng.normal(0, noise, cases)
            named = {f"C{n:03}": float(v) for n, v in enumerate(values)}
            found.append(Measured(level, seed, named))
    return found


def concluded(found: list[Measured], **more: object) -> findings.Findings:
    levels = sorted({point.level for point in found})
    wanted: dict = {"factor": "cases", "levels": levels, "margin": 0.3, **more}
    return conclude(found, **wanted)


def test_a_curve_without_noise_is_found_to_the_last_digits():
    curve = fitting.fit(LEVELS, [33 - 5 * n**-0.7 for n in LEVELS])
    assert (curve.a, curve.b, curve.c) == pytest.approx((33, -5, 0.7), abs=1e-6)
    assert not curve.at_edge


def test_a_noisy_curve_is_that_which_scipy_s_curve_fit_finds():
    rng = np.random.default_rng(5)
    means = [33 - 3 * n**-0.6 + rng.normal(0, 0.05) for n in LEVELS]
    theirs, _ = curve_fit(
        lambda n, a, b, c: a + b * n**-c, np.array(LEVELS, float), means, (33, -3, 0.5)
    )
    ours = fitting.fit(LEVELS, means)
    assert (ours.a, ours.b, ours.c) == pytest.approx(tuple(theirs), rel=1e-4)


def test_many_curves_at_once_are_those_of_one_at_a_time():
    rng = np.random.default_rng(6)
    means = np.array([[33 - 3 * n**-0.6 for n in LEVELS]]) + rng.normal(0, 0.05, (9, 7))
    for row, drawn in zip(means, fitting.fit_many(LEVELS, means), strict=True):
        alone = fitting.fit(LEVELS, list(row))
        assert drawn.c == pytest.approx(alone.c, rel=0.013)
        assert drawn.a == pytest.approx(alone.a, abs=0.01)


def test_the_smallest_level_is_the_first_that_stays_within_the_margin():
    found = concluded(points())
    assert (found.best, found.cases) == (120, 37)
    # 33 − 3 · 16^−0.7 is 0.33 below that of 120, of 32 it is 0.16 below
    assert found.smallest == 32
    verdicts = {one.level: one.verdict for one in found.levels}
    assert verdicts[120] == "best"
    assert [verdicts[level] for level in (64, 32)] == ["non-inferior"] * 2
    assert [verdicts[level] for level in (16, 8, 4, 2)] == ["not shown"] * 4
    assert concluded(points(), margin=0.9).smallest == 8
    assert concluded(points(), margin=0.01).smallest == 120


def test_it_is_the_interval_that_must_lie_within_the_margin_and_not_the_mean():
    """By Student's table: −0.2 ± 2.776 · 0.1581 / √5 ends at −0.396."""
    away = (-0.4, -0.3, -0.2, -0.1, 0.0)
    best = {f"C{n}": 30.0 + n for n in range(5)}
    less = {code: best[code] + one for code, one in zip(best, away, strict=True)}
    points = [Measured(8, 1, best), Measured(4, 1, less)]

    level = concluded(points, margin=0.39).levels[0]

    assert level.difference.value == pytest.approx(-0.2)
    assert level.difference.low == pytest.approx(-0.3963, abs=1e-4)
    assert level.verdict == "not shown"
    assert concluded(points, margin=0.4).levels[0].verdict == "non-inferior"


def test_a_level_that_is_as_good_by_luck_below_a_worse_one_is_not_claimed():
    heights = {2: 30.0, 4: 32.9, 8: 32.0, 16: 33.0}
    found = concluded(points(levels=list(heights), curve=heights.__getitem__))
    assert found.smallest == 16
    assert found.smallest_reason == findings.BEST_ALONE


def test_what_is_best_in_the_middle_is_the_one_that_is_held_against():
    heights = {1: 32.0, 2: 32.8, 3: 33.0, 4: 32.1, 5: 32.0}
    found = concluded(
        points(levels=list(heights), curve=heights.__getitem__), factor="depth"
    )
    assert (found.best, found.smallest) == (3, 2)
    assert found.fit.reason == findings.NO_AMOUNT


def test_differences_are_paired_and_so_narrower_than_the_cases_apart():
    level = concluded(points()).levels[0]
    by_case = level.by_case.high - level.by_case.low
    paired = level.difference.high - level.difference.low
    assert by_case > 1.5
    assert paired < by_case / 3


def test_seeds_that_differ_much_widen_what_is_said_about_seeds_and_differences():
    calm, wild = concluded(points()), concluded(points(between=0.5))
    for name in ("by_seed", "difference"):
        one, other = (getattr(found.levels[0], name) for found in (calm, wild))
        assert other.high - other.low > 3 * (one.high - one.low)
    assert wild.smallest is not None
    assert wild.smallest >= calm.smallest


def test_the_curve_s_intervals_hold_its_numbers():
    fit = concluded(points(between=0.01, noise=0.02)).fit
    assert fit.a.low < fit.a.value < fit.a.high
    assert fit.c.low < 0.7 < fit.c.high
    assert fit.b.low < -3 < fit.b.high
    assert 0 < fit.twice.low < fit.twice.high < 0.1, "cases cancel in differences"
    assert fit.twice.value < fit.unlimited.value
    assert fit.unlimited.value == pytest.approx(3 * 120**-0.7, abs=0.06)
    assert len(fit.line) == 60
    assert fit.line[0][0] == 2
    assert all(low <= value <= high for _, value, low, high in fit.line)


def test_the_same_points_conclude_the_same():
    assert concluded(points()) == concluded(points())


def test_one_seed_says_that_chance_in_training_is_not_in_it():
    found = concluded(points(seeds=1))
    assert found.levels[0].by_seed.low is None
    assert found.levels[0].by_seed.reason == findings.ONE_SEED
    assert found.levels[0].difference.reason == findings.ONE_SEED
    assert found.levels[0].difference.low is not None


def test_one_seed_says_so_where_no_case_differs_from_another_too():
    same = {"C1": 30.0, "C2": 31.0}
    found = concluded([Measured(level, 1, same) for level in (2, 4)])
    assert found.levels[1].difference.reason == findings.ONE_SEED


def test_one_case_gives_means_and_no_verdict():
    found = concluded(points(cases=1))
    assert found.levels[0].difference.reason == findings.FEW_CASES
    assert {one.verdict for one in found.levels} == {"best", ""}
    assert found.smallest == found.best


def test_levels_without_points_say_so_and_stop_the_claim():
    some = [point for point in points() if point.level != 64]
    found = concluded(some, levels=LEVELS)
    waiting = next(one for one in found.levels if one.level == 64)
    assert waiting.by_case.reason == findings.NOTHING
    assert found.smallest == 120, "64 lies between and is not known"


def test_nothing_measured_concludes_nothing():
    found = concluded([], levels=LEVELS)
    assert (found.best, found.smallest) == (None, None)
    assert found.fit.reason == findings.FEW_LEVELS
    assert found.fit.a.value is None


def test_seeds_that_are_not_the_same_are_not_paired():
    some = [p for p in points() if (p.level == 120) == (p.seed == 1)]
    found = concluded(some)
    assert found.levels[0].difference.reason == findings.NO_SEED
    assert found.levels[0].verdict == ""


def test_a_case_that_is_missing_somewhere_is_left_out_everywhere():
    found = points()
    without = {case: v for case, v in found[3].values.items() if case != "C005"}
    found[3] = Measured(found[3].level, found[3].seed, without)
    assert concluded(found).cases == 36


def test_three_levels_give_no_curve():
    assert concluded(points(levels=[2, 8, 32])).fit.reason == findings.FEW_LEVELS


def test_levels_that_do_not_bend_have_no_limit():
    rising = points(curve=lambda level: 30 + 0.5 * np.log2(level), between=0.001)
    assert concluded(rising).fit.reason == findings.NO_BEND
    flat = points(curve=lambda level: 33.0, between=0, noise=0)
    assert concluded(flat).fit.reason == findings.NO_BEND


def test_a_curve_that_bends_by_luck_has_no_intervals():
    found = concluded(points(curve=lambda level: 33.0, between=0.2, chance=3))
    fit = found.fit
    assert fit.reason == findings.NO_BEND or fit.a.reason == findings.OFTEN_NO_BEND
    assert fit.a.low is None


@pytest.mark.parametrize(("seeds", "least"), [(3, 0.93), (8, 0.93)])
def test_the_interval_of_a_difference_holds_the_truth_as_often_as_it_says(seeds, least):
    """400 sweeps of two levels; cases and seeds both left to chance."""
    truth = 3 * (8**-0.7 - 2**-0.7)
    held = 0
    for chance in range(400):
        found = concluded(
            points(
                levels=[2, 8],
                seeds=seeds,
                between=0.1,
                noise=0.2,
                cases=20,
                chance=chance,
            )
        )
        difference = found.levels[0].difference
        if found.best == 8:
            held += difference.low <= truth <= difference.high
    assert held / 400 >= least
