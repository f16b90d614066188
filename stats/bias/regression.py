"""Least squares with standard errors clustered by patient. No Django.

CR2 of Bell and McCaffrey: each patient's residuals are first corrected for how much
that patient pulls the line towards itself, so that the variance is right in the mean
if observations are in truth alike and independent; t with the degrees of freedom of
Satterthwaite. With one observation a patient CR2 is HC2; with nothing but a mean it
is the plain t interval. CR1, which statsmodels and Stata offer, is too small with few
patients.

References
----------
Bell RM, McCaffrey DF (2002) Bias reduction in standard errors for linear regression
    with multi-stage samples. Survey Methodology 28:169-181.
Pustejovsky JE, Tipton E (2018) Small-sample methods for cluster-robust variance
    estimation and hypothesis testing in fixed effects models. J Bus Econ Stat
    36:672-683. doi:10.1080/07350015.2016.1247004
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..outcomes import ROUNDING, Interval, NotEstimable, Reason
from ..readings import Integers
from .t_intervals import t_interval, t_p

Floats = NDArray[np.float64]

METHOD = "least squares, CR2 variance clustered by patient, Satterthwaite t"
# of singular values, relative to the largest: below is rounding, not information
RANK_TOLERANCE = 1e-10
# products of two patients in memory at a time: all, of up to two thousand patients
PIECE = 2**22


@dataclass(frozen=True)
class Slope:
    """One coefficient of a regression, in units of the response per unit of x."""

    estimate: float | NotEstimable
    standard_error: float | NotEstimable
    interval: Interval | NotEstimable
    p: float | NotEstimable


@dataclass(frozen=True)
class WaldTest:
    """Are several coefficients all zero? F with the given degrees of freedom."""

    statistic: float | NotEstimable
    numerator: int
    denominator: int
    p: float | NotEstimable


@dataclass(frozen=True)
class ClusteredFit:
    """slopes: (k,) in the order of the columns. covariance: (k, k) CR2; zero in rows of
    columns that are not estimable. observations, patients: what it is of."""

    observations: int
    patients: int
    slopes: tuple[Slope, ...]
    covariance: Floats


def no_slope(reason: Reason) -> Slope:
    nothing = NotEstimable(reason)
    return Slope(nothing, nothing, nothing, nothing)


def clustered_fit(
    response: Floats, design: Floats, patients: Integers, *, level: float = 0.95
) -> ClusteredFit:
    """Regress response (n,) on design (n, k), its constant included.

    patients: (n,) whom each observation is of, any integers. level: of the intervals.

    Not estimable: no observations; a column that the others make up, or that never
    changes beside the constant (OVERLAPPING); standard error, interval and p also with
    one patient, and where nothing is left to vary.

    Raises ValueError for shapes that differ and for numbers that are not finite.
    """
    n, k = design.shape
    if response.shape != (n,) or patients.shape != (n,):
        raise ValueError("response, design and patients do not belong together")
    if not (np.isfinite(response).all() and np.isfinite(design).all()):
        raise ValueError("response and design must be finite")
    groups, owners = np.unique(patients, return_inverse=True)
    if n == 0:
        nothing = (no_slope(Reason.NO_READS),) * k
        return ClusteredFit(0, 0, nothing, np.zeros((k, k)))
    scale = np.abs(design).max(axis=0)
    scale[scale == 0] = 1.0
    parts = _Parts.of(design / scale, response, owners.astype(np.int64), len(groups))
    slopes = tuple(
        _slope(parts, place, scale=float(scale[place]), level=level)
        for place in range(k)
    )
    covariance = parts.influence.T @ parts.influence / np.outer(scale, scale)
    kept = parts.estimable.astype(np.float64)
    return ClusteredFit(n, len(groups), slopes, covariance * np.outer(kept, kept))


@dataclass(frozen=True)
class _Parts:
    """What the slopes of one regression have in common.

    influence: (patients, k) what each adds to the coefficients; estimable: (k,).
    bases: each patient's (rows, rank) directions and their factors of correction.
    """

    coefficients: Floats
    estimable: NDArray[np.bool_]
    influence: Floats
    leads: Floats  # (patients, k, k) X_g' A_g X_g M
    squares: Floats  # (patients, k, k) M X_g' A_g² X_g M
    inverse: Floats  # (k, k) M = (X'X)⁻
    spread: float  # root mean square of residuals

    @classmethod
    def of(
        cls, design: Floats, response: Floats, owners: Integers, count: int
    ) -> "_Parts":
        u, s, vt = np.linalg.svd(design, full_matrices=False)
        rank = int((s > RANK_TOLERANCE * s[0]).sum()) if s[0] > 0 else 0
        half = vt[:rank].T / s[:rank]  # (k, rank); M = half half'
        inverse = half @ half.T
        coefficients = half @ (u[:, :rank].T @ response)
        residuals = response - design @ coefficients
        resolved = vt[:rank].T @ vt[:rank]
        estimable = np.abs(resolved - np.eye(len(resolved))).max(axis=1) < 1e-8
        k = design.shape[1]
        influence = np.zeros((count, k))
        leads, squares = np.zeros((count, k, k)), np.zeros((count, k, k))
        order = np.argsort(owners, kind="stable")
        edges = np.searchsorted(owners[order], np.arange(count + 1))
        for group in range(count):
            rows = order[edges[group] : edges[group + 1]]
            x = design[rows]
            adjusted = _adjusted(x, half)  # A_g X_g
            influence[group] = inverse @ (adjusted.T @ residuals[rows])
            leads[group] = x.T @ adjusted @ inverse
            squares[group] = inverse @ (adjusted.T @ adjusted) @ inverse
        return cls(
            coefficients,
            estimable,
            influence,
            leads,
            squares,
            inverse,
            float(np.sqrt(np.mean(residuals**2))),
        )


def _adjusted(x: Floats, half: Floats) -> Floats:
    """A_g X_g with A_g = (I - H_gg)^(-1/2), by the thin singular values of X_g half.

    A direction that this patient alone decides (leverage 1) has no residual, and is
    left out, as the Moore-Penrose inverse does.
    """
    u, s, _ = np.linalg.svd(x @ half, full_matrices=False)
    left = np.clip(1 - s**2, 0.0, None)
    factor = np.zeros_like(left)
    np.divide(1.0, np.sqrt(left), out=factor, where=left > RANK_TOLERANCE)
    adjusted: Floats = x + u @ ((factor - 1)[:, None] * (u.T @ x))
    return adjusted


def _slope(parts: _Parts, place: int, *, scale: float, level: float) -> Slope:
    if not parts.estimable[place]:
        return no_slope(Reason.OVERLAPPING)
    estimate = float(parts.coefficients[place]) / scale
    if len(parts.influence) == 1:
        nothing = NotEstimable(Reason.ONE_PATIENT)
        return Slope(estimate, nothing, nothing, nothing)
    error = float(np.sqrt((parts.influence[:, place] ** 2).sum())) / scale
    freedom = _freedom(parts, place)
    if error < ROUNDING or parts.spread < ROUNDING or not freedom > 0:
        nothing = NotEstimable(Reason.NO_VARIATION)
        return Slope(estimate, nothing, nothing, nothing)
    return Slope(
        estimate,
        error,
        t_interval(estimate, error, freedom=freedom, level=level, method=METHOD),
        t_p(estimate / error, freedom=freedom),
    )


def _freedom(parts: _Parts, place: int) -> float:
    """Satterthwaite's: (Σ λ)² / Σ λ² of the quadratic form that the variance is."""
    # p_g = (I-H)_g' A_g X_g M c, so p_g'p_h = [g=h] a_g'a_g - b_g' M b_h
    b = parts.leads[:, :, place]
    moved, own = b @ parts.inverse, parts.squares[:, place, place]
    trace = total = 0.0
    step = max(PIECE // len(b), 1)
    for start in range(0, len(b), step):
        products = -(moved[start : start + step] @ b.T)
        rows = np.arange(len(products))
        products[rows, start + rows] += own[start : start + step]
        trace += float(products[rows, start + rows].sum())
        total += float((products**2).sum())
    return trace**2 / total if total > 0 else 0.0


def wald_test(fit: ClusteredFit, places: Sequence[int]) -> WaldTest:
    """Are the coefficients at `places` all zero?

    F = W (G-q) / (q (G-1)) on q and G-q degrees of freedom, as Hotelling's T²; W from
    the CR2 covariance of G patients. Columns that are not estimable are left out of q.
    Not estimable: none is left; patients no more than q; a covariance without inverse.
    """
    kept = [p for p in places if not isinstance(fit.slopes[p].estimate, NotEstimable)]
    q, rest = len(kept), fit.patients - len(kept)
    if q == 0:
        reason = Reason.OVERLAPPING if fit.observations else Reason.NO_READS
        return WaldTest(NotEstimable(reason), 0, 0, NotEstimable(reason))
    if rest < 1:
        few = NotEstimable(Reason.MORE_EFFECTS)
        return WaldTest(few, q, 0, few)
    estimates = np.array([fit.slopes[place].estimate for place in kept], dtype=float)
    covariance = fit.covariance[np.ix_(kept, kept)]
    if np.linalg.matrix_rank(covariance, hermitian=True) < q:
        flat = NotEstimable(Reason.NO_VARIATION)
        return WaldTest(flat, q, rest, flat)
    wald = float(estimates @ np.linalg.solve(covariance, estimates))
    statistic = wald * rest / (q * (fit.patients - 1))
    from scipy import special

    return WaldTest(statistic, q, rest, float(special.fdtrc(q, rest, statistic)))
