"""Choices between two images: Davidson's model, held to R, statsmodels and itself."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.discrete.conditional_models import ConditionalLogit

from stats.bias import WaldTest
from stats.outcomes import Interval, NotEstimable, Reason
from stats.preference import (
    LEFT,
    RIGHT,
    TIE,
    BradleyTerry,
    Choices,
    bradley_terry,
    pair_shares,
    side_effect,
    tie_share,
)
from stats.preference.fitting import (
    chances,
    clustered_covariance,
    design,
    fit,
    why_none,
)

from .question_coverage import some_choices

pytestmark = pytest.mark.pure

R_DAVIDSON = """
answer <- c(1,3,2,1,1,3,2,3,1,2,1,1,3,2,1,1,3,1,1,2,3,2,3,3,
            1,1,1,3,2,1,2,1,3,1,3,2,1,1,2,1,2,3,3,1,1,2,1,3)
d <- expand.grid(pair = 1:3, reader = 0:1, patient = 0:7)
one <- c(0, 0, 1)[d$pair]; other <- c(1, 2, 2)[d$pair]
turned <- (d$patient + d$reader + one + other) %% 2 == 0
left <- ifelse(turned, other, one) + 1; right <- ifelse(turned, one, other) + 1
n <- length(answer); g <- d$patient + 1; G <- 8
X <- array(0, c(n, 3, 5))  # outcomes left, right, tie; arms 1 to 3, log nu, left side
for (r in 1:n) {
  X[r, 1, left[r]] <- 1; X[r, 2, right[r]] <- 1
  X[r, 3, c(left[r], right[r])] <- 0.5; X[r, 3, 4] <- 1
  X[r, 1, 5] <- 0.5; X[r, 2, 5] <- -0.5
}
run <- function(cols) {  # the same as a Poisson model with a constant for each choice
  M <- do.call(rbind, lapply(1:n, function(r) X[r, , cols]))
  y <- as.vector(t(outer(answer, 1:3, "==") * 1))
  own <- model.matrix(~ factor(rep(1:n, each = 3)) - 1)
  b <- coef(glm.fit(cbind(M, own), y, family = poisson(),
                    control = glm.control(epsilon = 1e-14)))[seq_along(cols)]
  k <- length(cols); s <- matrix(0, G, k); I <- replicate(G, matrix(0, k, k), FALSE)
  for (r in 1:n) {
    x <- X[r, , cols]; p <- as.vector(exp(x %*% b)); p <- p / sum(p)
    m <- colSums(p * x)
    s[g[r], ] <- s[g[r], ] + x[answer[r], ] - m
    I[[g[r]]] <- I[[g[r]]] + t(x) %*% (p * x) - m %o% m
  }
  total <- Reduce(`+`, I)
  moves <- t(sapply(1:G, function(q) solve(total - I[[q]], s[q, ])))
  V <- (G - 1) / G * crossprod(scale(moves, scale = FALSE))
  print(c(b, sqrt(diag(V))), digits = 10)
  V <- V[1:2, 1:2]; F <- drop(b[1:2] %*% solve(V) %*% b[1:2]) * (G - 2) / (2 * (G - 1))
  print(c(F, pf(F, 2, G - 2, lower.tail = FALSE)), digits = 10)
}
run(2:4); run(2:5)
"""


def r_choices() -> Choices:
    """The study of R_DAVIDSON."""
    (text,) = re.findall(r"answer <- c\(([\d,\s]+)\)", R_DAVIDSON)
    answers = np.array([int(one) for one in text.split(",")])
    patient, reader, pair = (one.ravel() for one in np.indices((8, 2, 3)))
    first, second = np.array([0, 0, 1])[pair], np.array([1, 2, 2])[pair]
    turned = (patient + reader + first + second) % 2 == 0
    left, right = np.where(turned, (second, first), (first, second))
    return Choices(3, left, right, answers, reader, patient)


def test_davidson_s_model_and_its_clustered_errors_are_those_of_r() -> None:
    """R 4.2.2 prints for run(2:4): 0.06049012459 0.66556976272 -0.16096411016 and
    0.5381885102 0.4843555349 0.1910315131; 1.844806891 0.237429321."""
    found = bradley_terry(r_choices())
    assert (found.choices, found.ties, found.patients) == (48, 14, 8)
    odds = {(one.first, one.second): one for one in found.preferences}
    assert np.log(odds[0, 1].odds) == pytest.approx(-0.06049012459, abs=1e-9)
    assert np.log(odds[0, 2].odds) == pytest.approx(-0.66556976272, abs=1e-9)
    assert np.log(found.tie) == pytest.approx(-0.16096411016, abs=1e-9)
    t = 0.66556976272 / 0.4843555349
    assert odds[0, 2].p == pytest.approx(2 * scipy_stats.t.sf(t, 7), abs=1e-8)
    span = odds[0, 2].interval
    assert isinstance(span, Interval)
    half = scipy_stats.t.ppf(0.975, 7) * 0.4843555349
    assert np.log(span.high) == pytest.approx(-0.66556976272 + half, abs=1e-8)
    assert found.test.statistic == pytest.approx(1.844806891, abs=1e-8)
    assert (found.test.numerator, found.test.denominator) == (2, 6)
    assert found.test.p == pytest.approx(0.237429321, abs=1e-8)


def test_the_side_of_the_screen_is_that_of_r() -> None:
    """R 4.2.2 prints for run(2:5), of the last column: 0.63802824219, 0.22746593421."""
    found = side_effect(r_choices())
    assert (found.left, found.right, found.ties) == (22, 12, 14)
    assert found.share.value == pytest.approx(22 / 34)
    assert np.log(found.odds) == pytest.approx(0.63802824219, abs=1e-9)
    t = 0.63802824219 / 0.2274659342
    assert found.p == pytest.approx(2 * scipy_stats.t.sf(t, 7), abs=1e-8)


def test_the_estimates_are_those_of_statsmodels_conditional_logit() -> None:
    choices = some_choices(
        np.random.default_rng(3),
        patients=25,
        readers=2,
        abilities=(0.0, 0.6, 1.1, -0.4),
        spread=0.5,
        side=0.4,
    )
    model = design(choices, ties=True, side=True)
    found = fit(model)
    n, outcomes, k = model.scores.shape
    chosen = np.eye(outcomes)[model.chosen].ravel()
    groups = np.repeat(np.arange(n), outcomes)
    other = ConditionalLogit(chosen, model.scores.reshape(-1, k), groups=groups).fit(
        method="newton", disp=False
    )
    assert found.estimates == pytest.approx(other.params, abs=1e-5)
    errors = np.sqrt(np.diag(np.linalg.inv(found.information)))
    assert errors == pytest.approx(other.bse, rel=1e-4)


def test_one_step_without_a_patient_is_nearly_all_the_way() -> None:
    """The jackknife with every model fitted anew."""
    choices = some_choices(
        np.random.default_rng(8),
        patients=30,
        readers=3,
        abilities=(0.0, 0.5, 1.0),
        spread=0.8,
    )
    model = design(choices, ties=True, side=False)
    without = []
    for one in range(30):
        kept = choices.only(choices.patients != one)
        without.append(fit(design(kept, ties=True, side=False)).estimates)
    away = np.array(without) - np.mean(without, axis=0)
    expected = 29 / 30 * (away.T @ away)
    found = clustered_covariance(fit(model))
    assert isinstance(found, np.ndarray)
    scale = np.sqrt(np.diag(expected))
    assert np.sqrt(np.diag(found)) == pytest.approx(scale, rel=0.02)
    apart = (found - expected) / np.outer(scale, scale)
    assert np.abs(apart).max() < 0.03


def test_two_arms_without_ties_have_the_odds_of_the_counts() -> None:
    answers = np.repeat([LEFT, RIGHT], [30, 10])
    none = np.zeros(40, dtype=int)
    choices = Choices(2, none, none + 1, answers, none, np.arange(40))
    found = bradley_terry(choices)
    assert found.preferences[0].odds == pytest.approx(3)
    assert found.tie == 0
    # with one answer a patient the error is that of a share, but for 40/39
    error = found.abilities[0].standard_error
    assert error == pytest.approx(np.sqrt(1 / 30 + 1 / 10) / 2, rel=0.03)


def test_a_tie_counts_half_for_each_arm_and_says_how_alike_they_look() -> None:
    """Of two arms: odds of wins; ν = ties over the geometric mean of wins."""
    answers = np.repeat([LEFT, RIGHT, TIE], [24, 6, 12])
    none = np.zeros(42, dtype=int)
    found = bradley_terry(Choices(2, none, none + 1, answers, none, np.arange(42)))
    assert found.preferences[0].odds == pytest.approx(4)
    assert found.tie == pytest.approx(12 / np.sqrt(24 * 6))


def test_fitted_chances_add_up_to_what_was_answered() -> None:
    """A property of the maximum: each arm's expected points are its points."""
    choices = r_choices()
    model = design(choices, ties=True, side=False)
    found = fit(model)
    chance = chances(model, found.estimates)
    assert chance[:, 2].sum() == pytest.approx(14)
    for arm in range(3):
        points = ((choices.answers == LEFT) & (choices.left == arm)).sum()
        points = points + ((choices.answers == RIGHT) & (choices.right == arm)).sum()
        met = (choices.left == arm) | (choices.right == arm)
        points = points + ((choices.answers == TIE) & met).sum() / 2
        expected = chance[choices.left == arm, 0].sum()
        expected += chance[choices.right == arm, 1].sum() + chance[met, 2].sum() / 2
        assert expected == pytest.approx(points)


def test_naming_the_arms_otherwise_changes_nothing() -> None:
    choices = r_choices()
    names = np.array([2, 0, 1])
    renamed = replace(choices, left=names[choices.left], right=names[choices.right])
    one, other = bradley_terry(choices), bradley_terry(renamed)
    for arm in range(3):
        assert other.abilities[names[arm]].ability == pytest.approx(
            one.abilities[arm].ability
        )
        assert other.abilities[names[arm]].standard_error == pytest.approx(
            one.abilities[arm].standard_error
        )
    assert other.test.statistic == pytest.approx(one.test.statistic)
    assert sum(one.ability for one in one.abilities) == pytest.approx(0)


def test_turning_every_screen_changes_nothing_but_the_side() -> None:
    choices = r_choices()
    turned = replace(
        choices,
        left=choices.right,
        right=choices.left,
        answers=np.array([0, RIGHT, LEFT, TIE])[choices.answers],
    )
    one, other = bradley_terry(choices), bradley_terry(turned)
    assert one.abilities[0].ability == pytest.approx(other.abilities[0].ability)
    first, second = side_effect(choices), side_effect(turned)
    assert first.odds == pytest.approx(1 / second.odds)
    assert first.p == pytest.approx(second.p)


def test_pairs_are_counted_whichever_side_they_stood_on() -> None:
    choices = Choices(
        3,
        left=np.array([0, 1, 0, 2, 2]),
        right=np.array([1, 0, 1, 1, 1]),
        answers=np.array([LEFT, LEFT, TIE, LEFT, RIGHT]),
        readers=np.array([0, 0, 1, 0, 1]),
        patients=np.array([4, 7, 4, 4, 7]),
    )
    first, second = pair_shares(choices)
    assert (first.first, first.second) == (0, 1)
    assert (first.for_first, first.for_second, first.ties) == (1, 1, 1)
    assert first.net.value == 0 and first.patients == 2
    assert (second.first, second.second) == (1, 2)
    assert (second.for_first, second.for_second) == (1, 1)
    (alone,) = pair_shares(choices, reader=1)[1:]
    assert (alone.for_first, alone.for_second, alone.ties) == (1, 0, 0)
    assert tie_share(choices).value == pytest.approx(0.2)


def test_with_one_answer_a_patient_the_pair_s_p_is_the_sign_test() -> None:
    answers = np.repeat([LEFT, RIGHT, TIE], [14, 4, 5])
    none = np.zeros(23, dtype=int)
    (found,) = pair_shares(Choices(2, none, none + 1, answers, none, np.arange(23)))
    assert found.p == pytest.approx(scipy_stats.binomtest(14, 18).pvalue)
    assert found.net.value == pytest.approx(10 / 23)


def test_readers_of_one_patient_do_not_count_as_many() -> None:
    """Three readers who all agree with the first give the same p, and no more."""
    rng = np.random.default_rng(1)
    one = some_choices(rng, patients=30, readers=1, abilities=(0, 0.5), spread=0)
    three = Choices(
        2,
        *(np.tile(part, 3) for part in (one.left, one.right, one.answers)),
        np.repeat([0, 1, 2], 30),
        np.tile(one.patients, 3),
    )
    assert pair_shares(three)[0].p == pytest.approx(pair_shares(one)[0].p)
    first, other = bradley_terry(one), bradley_terry(three)
    assert other.preferences[0].p == pytest.approx(first.preferences[0].p)


def beaten(*answers: tuple[int, int, int]) -> Choices:
    """(left, right, answer) of as many patients, three arms."""
    left, right, given = np.array(answers).T
    return Choices(3, left, right, given, np.zeros_like(left), np.arange(len(left)))


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        (beaten((0, 1, LEFT), (0, 1, RIGHT)), Reason.NOT_CONNECTED),
        (beaten((0, 1, TIE), (1, 2, TIE), (0, 2, TIE)), Reason.ALL_TIES),
        (
            beaten((0, 1, LEFT), (0, 2, LEFT), (1, 2, LEFT), (1, 2, RIGHT)),
            Reason.ALWAYS_PREFERRED,
        ),
        (
            beaten((0, 1, LEFT), (0, 1, RIGHT), (1, 2, LEFT), (0, 2, LEFT)),
            Reason.ALWAYS_PREFERRED,
        ),
    ],
)
def test_without_a_highest_point_nothing_is_invented(
    choices: Choices, reason: Reason
) -> None:
    found = bradley_terry(choices)
    nothing = NotEstimable(reason)
    assert {one.ability for one in found.abilities} == {nothing}
    assert {one.p_holm for one in found.preferences} == {nothing}
    assert found.test == WaldTest(nothing, 2, 0, nothing)
    assert side_effect(choices).odds == nothing


def test_a_tie_with_the_best_arm_makes_it_estimable() -> None:
    """A tie is half a win: the best arm is then no longer always preferred."""
    rows = [(0, 1, LEFT), (0, 2, LEFT), (1, 2, LEFT), (1, 2, RIGHT)]
    assert bradley_terry(beaten(*rows)).test.statistic == NotEstimable(
        Reason.ALWAYS_PREFERRED
    )
    model = design(beaten(*rows, (0, 1, TIE)), ties=True, side=False)
    assert why_none(model) is None


def test_the_penalised_estimate_exists_and_has_no_interval() -> None:
    rows = [(0, 1, LEFT), (0, 2, LEFT), (1, 2, LEFT), (1, 2, RIGHT)] * 6
    found = bradley_terry(beaten(*rows), penalised=True)
    assert found.penalised is True
    best, second, third = (one.ability for one in found.abilities)
    assert isinstance(best, float) and best > 1
    assert second == pytest.approx(third, abs=1e-4)
    assert found.abilities[0].interval == NotEstimable(Reason.PENALISED)
    plain = bradley_terry(r_choices())
    near = bradley_terry(r_choices(), penalised=True)
    assert plain.penalised is False
    assert near.abilities[2].ability == pytest.approx(
        plain.abilities[2].ability, rel=0.1
    )


def test_firth_s_penalty_adds_half_a_win_to_each_of_two_arms() -> None:
    """As in logistic regression with a constant only (Firth 1993)."""
    none = np.zeros(10, dtype=int)
    answers = np.full(10, LEFT)
    found = bradley_terry(
        Choices(2, none, none + 1, answers, none, np.arange(10)), penalised=True
    )
    assert found.preferences[0].odds == pytest.approx(10.5 / 0.5, rel=1e-3)


def test_a_side_that_each_arm_kept_cannot_be_told_from_the_arms() -> None:
    none = np.zeros(12, dtype=int)
    answers = np.tile([LEFT, LEFT, RIGHT], 4)
    choices = Choices(2, none, none + 1, answers, none, np.arange(12))
    assert isinstance(bradley_terry(choices).preferences[0].odds, float)
    assert side_effect(choices).odds == NotEstimable(Reason.OVERLAPPING)
    assert side_effect(choices).share.value == pytest.approx(2 / 3)


def test_one_patient_has_estimates_and_no_intervals() -> None:
    choices = replace(r_choices(), patients=np.zeros(48, dtype=int))
    found: BradleyTerry = bradley_terry(choices)
    assert isinstance(found.abilities[0].ability, float)
    assert found.abilities[0].interval == NotEstimable(Reason.ONE_PATIENT)
    assert found.preferences[0].p == NotEstimable(Reason.ONE_PATIENT)
    assert found.test.p == NotEstimable(Reason.ONE_PATIENT)


def test_an_arm_that_only_one_patient_was_shown_in_has_no_interval() -> None:
    """Without that patient there would be no estimate of it."""
    rows = [(0, 1, LEFT), (0, 1, RIGHT), (0, 1, LEFT)] * 3
    alone = [(0, 2, LEFT), (0, 2, RIGHT)]
    left, right, given = np.array(rows + alone).T
    patients = np.array([*range(9), 9, 9])
    choices = Choices(3, left, right, given, np.zeros(11, dtype=int), patients)
    found = bradley_terry(choices)
    assert found.preferences[1].odds == pytest.approx(1)
    assert found.preferences[1].p == NotEstimable(Reason.ONE_PATIENT_DECIDES)
    assert found.test.p == NotEstimable(Reason.ONE_PATIENT_DECIDES)


def test_nothing_answered_is_nothing() -> None:
    none = np.zeros(0, dtype=int)
    choices = Choices(3, none, none, none, none, none)
    assert bradley_terry(choices).tie == NotEstimable(Reason.NO_CHOICES)
    assert pair_shares(choices) == ()
    assert tie_share(choices).value == NotEstimable(Reason.NO_CHOICES)
    assert side_effect(choices).share.value == NotEstimable(Reason.NO_CHOICES)


def test_choices_that_make_no_sense_are_refused() -> None:
    one = np.array([0])
    with pytest.raises(ValueError, match="itself"):
        Choices(2, one, one, one + 1, one, one)
    with pytest.raises(ValueError, match="neither"):
        Choices(2, one, one + 1, one + 4, one, one)
