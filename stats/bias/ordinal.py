"""Odds of a healthier grade in one arm against the reference. No Django.

A proportional odds model, grade ~ arm + reader, by generalised estimating equations
(statsmodels' OrdinalGEE) with independence as the working correlation and a variance
clustered by patient, corrected for few of them. It is marginal: the odds are those of
all patients, not of one.

References
----------
Lipsitz SR, Kim K, Zhao L (1994) Analysis of repeated categorical data using generalized
    estimating equations. Stat Med 13:1149-1163. doi:10.1002/sim.4780131106
Mancl LA, DeRouen TA (2001) A covariance estimator for GEE with improved small-sample
    properties. Biometrics 57:126-134. doi:10.1111/j.0006-341X.2001.00126.x
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..comparison.ranks import holm_of
from ..outcomes import Interval, NotEstimable, Reason
from ..readings import MISSING, GradeTable, Integers
from .effects import exponential, exponential_interval
from .t_intervals import t_interval, t_p

Floats = NDArray[np.float64]

METHOD = "proportional odds by GEE, bias-reduced variance clustered by patient, t"
MOST_GRADES = 200_000  # some seconds of calculation
MOST_STEPS = 60
# A log odds ratio beyond this is a grade that one arm never has, not an effect.
SEPARATED = 10.0


@dataclass(frozen=True)
class OddsRatio:
    """Odds of a grade above any given one, arm : reference; above 1 looks healthier.

    p: of a ratio of 1; p_holm: over all arms.
    """

    ratio: float | NotEstimable
    interval: Interval | NotEstimable
    p: float | NotEstimable
    p_holm: float | NotEstimable


@dataclass(frozen=True)
class OrdinalModel:
    """arms: every arm of the table but the first, the reference. grades, patients:
    what the model is of."""

    grades: int
    patients: int
    arms: tuple[OddsRatio, ...]


def ordinal_model(table: GradeTable, *, level: float = 0.95) -> OrdinalModel:
    """Odds ratios of all arms against the first one of the table, the reference.

    Student's t has the patients less one as degrees of freedom. All arms are not
    estimable: no grades; one patient; a single grade was given; no more patients than
    coefficients; more than MOST_GRADES grades; no convergence, or an estimate that runs
    away, as where an arm has nothing but the highest grade. One arm alone: none of its
    sides was graded (NO_READS), or the reference has none.
    """
    grades, arms, readers, owners = _long(table)
    compared = range(1, table.grades.shape[1])
    present = set(np.unique(arms).tolist())
    used = [arm for arm in compared if arm in present] if 0 in present else []
    patients = len(np.unique(owners))
    columns = [(arms, arm) for arm in sorted(present)[1:]]
    columns += [(readers, one) for one in np.unique(readers)[1:]]
    reason = _refused(grades, patients, len(columns)) if used else Reason.NO_READS
    found = reason or _fitted(grades, _design(columns), owners)
    nothing = NotEstimable(Reason.NO_READS)
    empty = OddsRatio(nothing, nothing, nothing, nothing)
    if isinstance(found, Reason):
        why = NotEstimable(found)
        none = OddsRatio(why, why, why, why)
        lines = [none if arm in used or not used else empty for arm in compared]
        return OrdinalModel(len(grades), patients, tuple(lines))
    ratios = [
        _ratio(found, used.index(arm), patients, level) if arm in used else empty
        for arm in compared
    ]
    corrected = holm_of([one.p for one in ratios])
    return OrdinalModel(
        len(grades),
        patients,
        tuple(
            OddsRatio(one.ratio, one.interval, one.p, p_holm)
            for one, p_holm in zip(ratios, corrected, strict=True)
        ),
    )


def _design(columns: Sequence[tuple[Integers, int]]) -> Floats:
    """(n, columns) 1 where the labels (n,) are the one, 0 where they are not."""
    one = [(labels == which).astype(np.float64) for labels, which in columns]
    return np.stack(one, axis=1)


def _long(table: GradeTable) -> tuple[Integers, Integers, Integers, Integers]:
    """(n,) grade, arm, reader and patient of every side that has a grade."""
    readers, arms, items = np.nonzero(table.grades != MISSING)
    grades = table.grades[readers, arms, items]
    order = np.argsort(table.patients[items], kind="stable")
    return (
        grades[order],
        arms[order],
        readers[order],
        table.patients[items][order],
    )


def _refused(grades: Integers, patients: int, effects: int) -> Reason | None:
    thresholds = len(np.unique(grades)) - 1
    if patients == 1:
        return Reason.ONE_PATIENT
    if thresholds < 1:
        return Reason.ONE_GRADE
    if patients <= effects + thresholds:
        return Reason.MORE_EFFECTS
    return Reason.TOO_LARGE if len(grades) > MOST_GRADES else None


@dataclass(frozen=True)
class _Fitted:
    """Of the columns: logarithms of odds ratios, and their standard errors."""

    estimates: Floats
    errors: Floats


def _fitted(grades: Integers, design: Floats, owners: Integers) -> _Fitted | Reason:
    # here and not above: statsmodels takes seconds of a start-up
    from statsmodels.genmod.cov_struct import Independence
    from statsmodels.genmod.generalized_estimating_equations import OrdinalGEE

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            model = OrdinalGEE(grades, design, groups=owners, cov_struct=Independence())
            fit = model.fit(maxiter=MOST_STEPS, cov_type="bias_reduced")
            covariance = np.asarray(fit.cov_params(), dtype=np.float64)
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            return Reason.NOT_CONVERGED
    estimates = np.asarray(fit.params, dtype=np.float64)[-design.shape[1] :]
    variances = np.diag(covariance)[-design.shape[1] :]
    settled = bool(fit.converged) and np.isfinite(estimates).all()
    if not settled or not (variances > 0).all() or not np.isfinite(variances).all():
        return Reason.NOT_CONVERGED
    if np.abs(estimates).max() > SEPARATED:
        return Reason.NOT_CONVERGED
    return _Fitted(estimates, np.sqrt(variances))


def _ratio(found: _Fitted, place: int, patients: int, level: float) -> OddsRatio:
    estimate, error = float(found.estimates[place]), float(found.errors[place])
    freedom = patients - 1
    interval = t_interval(estimate, error, freedom=freedom, level=level, method=METHOD)
    p = t_p(estimate / error, freedom=freedom)
    return OddsRatio(exponential(estimate), exponential_interval(interval), p, p)
