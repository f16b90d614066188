"""The likelihood of choices, and its highest point. No Django.

Each answer is one of three outcomes with a linear score: that of the left image, of the
right one, and of no difference. The logarithm of the likelihood is concave, so Newton's
steps find its highest point wherever there is one; a linear program says beforehand
whether there is.

References
----------
Davidson RR (1970) On extending the Bradley-Terry model to accommodate ties in paired
    comparison experiments. J Am Stat Assoc 65:317-328.
    doi:10.1080/01621459.1970.10481082
Albert A, Anderson JA (1984) On the existence of maximum likelihood estimates in
    logistic regression models. Biometrika 71:1-10. doi:10.1093/biomet/71.1.1
"""

from dataclasses import dataclass

import numpy as np

from ..outcomes import Reason
from ..ratings import Floats
from ..readings import Integers
from .choices import LEFT, RIGHT, TIE, Choices

MOST_STEPS = 100
SETTLED = 1e-10
MOST_PULLED = 1e12  # condition number of the information without one of the patients


@dataclass(frozen=True)
class Model:
    """scores: (n, outcomes, k) what each coefficient adds to the score of left, right
    and no difference, of which the last is absent where it was never answered. chosen:
    (n,) 0, 1 or 2. patients: (n,) numbers from 0 without a gap. times: (n,) how often.
    """

    scores: Floats
    chosen: Integers
    patients: Integers
    times: Floats


@dataclass(frozen=True)
class Fit:
    """estimates: (k,). information: (k, k) minus the second derivative. scores:
    (patients, k) first derivatives by patient, which add up to nothing, or to the
    penalty's part. parts: (patients, k, k) of the information."""

    estimates: Floats
    information: Floats
    scores: Floats
    parts: Floats


def design(choices: Choices, *, ties: bool, side: bool) -> Model:
    """Coefficients: abilities of all arms but the first, then the logarithm of
    Davidson's ν if there are ties, then how much the left side adds, half to it and
    half taken from the right.

    Davidson: the chances of left, right and no difference are as π_l : π_r :
    ν √(π_l π_r). Without ties the third outcome is left out.
    """
    n, k = len(choices.answers), choices.arms - 1 + ties + side
    scores = np.zeros((n, 3, k + 1))  # with the first arm, which goes at the end
    rows = np.arange(n)
    scores[rows, 0, choices.left] += 1
    scores[rows, 1, choices.right] += 1
    scores[rows, 2, choices.left] += 0.5
    scores[rows, 2, choices.right] += 0.5
    if ties:
        scores[:, 2, choices.arms] = 1
    if side:
        scores[:, 0, -1] = 0.5
        scores[:, 1, -1] = -0.5
    chosen = np.select(
        [choices.answers == LEFT, choices.answers == RIGHT, choices.answers == TIE],
        [0, 1, 2],
    ).astype(np.int64)
    owners = np.unique(choices.patients, return_inverse=True)[1].astype(np.int64)
    used = scores[:, : 3 if ties else 2, 1:]
    return Model(used, chosen, owners, np.ones(n))


def why_none(model: Model) -> Reason | None:
    """Why the likelihood has no highest point; None where it has just one.

    It has none where some change of the coefficients makes no answer less likely and
    one of them more; more than one where some change makes no difference at all.
    """
    from scipy.optimize import linprog

    rows = np.arange(len(model.chosen))
    won = model.scores[rows, model.chosen][:, None, :] - model.scores
    steps = np.unique(won.reshape(-1, won.shape[-1]), axis=0)
    steps = steps[steps.any(axis=1)]
    k = steps.shape[1]
    if not k or np.linalg.matrix_rank(steps) < k:
        return Reason.NOT_CONNECTED
    found = linprog(
        -steps.sum(axis=0), A_ub=-steps, b_ub=np.zeros(len(steps)), bounds=[(-1, 1)] * k
    )
    return Reason.ALWAYS_PREFERRED if -found.fun > 1e-7 else None


def fit(model: Model, *, penalised: bool = False) -> Fit:
    """Newton's steps, halved where they would go down; with Firth's penalty, half the
    logarithm of the information's determinant is added to the likelihood."""
    few = _merged(model)
    estimates = np.zeros(model.scores.shape[2])
    if penalised:
        return _at(model, _penalised(few, estimates))
    for _step in range(MOST_STEPS):
        here = _at(few, estimates)
        step = np.linalg.solve(here.information, here.scores.sum(axis=0))
        if np.abs(step).max() < SETTLED:
            return _at(model, estimates)
        height = likelihood(few, estimates)
        while likelihood(few, estimates + step) < height - SETTLED:
            step = step / 2
        estimates = estimates + step
    raise FloatingPointError("the likelihood has a highest point that was not found")


def _merged(model: Model) -> Model:
    """The same answers to the same pairs as one, whoever's they are: to fit is faster,
    and the estimates are the same."""
    n, outcomes, k = model.scores.shape
    rows = np.column_stack([model.scores.reshape(n, -1), model.chosen])
    kept, which = np.unique(rows, axis=0, return_inverse=True)
    return Model(
        kept[:, :-1].reshape(-1, outcomes, k),
        kept[:, -1].astype(np.int64),
        np.zeros(len(kept), dtype=np.int64),
        np.bincount(which.ravel(), model.times).astype(np.float64),
    )


def likelihood(model: Model, estimates: Floats) -> float:
    """Its logarithm, 0 or below."""
    return float(model.times @ np.log(_chosen(model, chances(model, estimates))))


def chances(model: Model, estimates: Floats) -> Floats:
    """(n, outcomes) of each outcome, 0 to 1."""
    scores = model.scores @ estimates
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Floats = raised / raised.sum(axis=1, keepdims=True)
    return found


def _chosen(model: Model, of: Floats) -> Floats:
    found: Floats = of[np.arange(len(of)), model.chosen]
    return found


def _at(model: Model, estimates: Floats) -> Fit:
    chance = chances(model, estimates)
    mean = np.einsum("no,nok->nk", chance, model.scores)
    away = model.scores - mean[:, None, :]
    each = np.einsum("n,no,noi,noj->nij", model.times, chance, away, away)
    apart = model.times[:, None] * (_chosen(model, model.scores) - mean)
    people, k = int(model.patients.max()) + 1, len(estimates)
    scores, parts = np.zeros((people, k)), np.zeros((people, k, k))
    np.add.at(scores, model.patients, apart)
    np.add.at(parts, model.patients, each)
    return Fit(estimates, parts.sum(axis=0), scores, parts)


def _penalised(model: Model, start: Floats) -> Floats:
    from scipy.optimize import minimize

    def depth(estimates: Floats) -> float:
        information = _at(model, estimates).information
        _sign, size = np.linalg.slogdet(information)
        return -likelihood(model, estimates) - float(size) / 2

    found: Floats = minimize(depth, start, method="BFGS").x
    return found


def clustered_covariance(found: Fit) -> Floats | Reason:
    """(k, k) of the estimates, by leaving out one patient after the other in one step.

    Without patient g the estimates move by about (I - I_g)⁻¹ s_g, with I_g and s_g the
    patient's information and score; (G-1)/G times their squares about their mean. It
    is the sandwich clustered by patient, corrected for how much each patient pulls the
    estimates towards itself. A reason: one patient; one without whom nothing is left.
    """
    people = len(found.scores)
    if people < 2:
        return Reason.ONE_PATIENT
    rest = found.information - found.parts
    if np.linalg.cond(rest).max() > MOST_PULLED:
        return Reason.ONE_PATIENT_DECIDES
    moves = np.linalg.solve(rest, found.scores[:, :, None])[:, :, 0]
    away = moves - moves.mean(axis=0)
    covariance: Floats = (people - 1) / people * (away.T @ away)
    return covariance
