"""Arms compared for readers beyond these: the analysis of Obuchowski and Rockette.

Any figure of merit of r readers in t arms (kappa, ROC area, …): a two-way analysis of
variance of the figures, with the error covariances that reading the same patients
brings, from leaving out one patient after the other. No Django.

Error covariances: cov1, same reader in two arms; cov2, two readers in the same arm;
cov3, two readers in two arms.

References
----------
Obuchowski NA, Rockette HE (1995) Hypothesis testing of diagnostic accuracy for
    multiple readers and multiple tests: an ANOVA approach with dependent observations.
    Commun Stat Simul Comput 24:285-308. doi:10.1080/03610919508813243
Hillis SL, Obuchowski NA, Schartz KM, Berbaum KS (2005) A comparison of the
    Dorfman-Berbaum-Metz and Obuchowski-Rockette methods for receiver operating
    characteristic (ROC) data. Stat Med 24:1579-1607. doi:10.1002/sim.2024
Hillis SL (2007) A comparison of denominator degrees of freedom methods for multiple
    observer ROC analysis. Stat Med 26:596-619. doi:10.1002/sim.2532
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from ..outcomes import ROUNDING, Interval, NotEstimable, Reason
from .covariance import Floats, jackknife_covariance
from .variance_components import (
    ErrorCovariances,
    MeanSquares,
    error_covariances,
    mean_squares,
)


class Generalises(StrEnum):
    """To whom the results extend, beyond what was seen."""

    READERS_AND_PATIENTS = "readers and patients"
    PATIENTS = "patients"
    READERS = "readers"


@dataclass(frozen=True)
class ArmMean:
    """An arm's mean figure over readers, from this arm's numbers alone."""

    mean: float
    standard_error: float
    degrees_of_freedom: float | None  # None: the normal distribution
    interval: Interval


@dataclass(frozen=True)
class MeanDifference:
    """first, second: places of arms. difference: first minus second."""

    first: int
    second: int
    difference: float
    t: float
    p: float
    interval: Interval


@dataclass(frozen=True)
class Analysis:
    """Test of equal arms, and every pair of them.

    statistic: F with degrees_of_freedom_arms and degrees_of_freedom; with fixed
    readers χ² with degrees_of_freedom_arms, and degrees_of_freedom is None.
    standard_error: of each difference, the same for all pairs.
    """

    generalises_to: Generalises
    degrees_of_freedom_arms: int
    degrees_of_freedom: float | None
    statistic: float
    p: float
    standard_error: float
    differences: tuple[MeanDifference, ...]
    means: tuple[ArmMean | NotEstimable, ...]

    def between(self, first: int, second: int) -> MeanDifference:
        """Arm `first` minus arm `second`, whichever comes first in `differences`."""
        for one in self.differences:
            if (one.first, one.second) == (first, second):
                return one
            if (one.first, one.second) == (second, first):
                return _turned(one)
        raise ValueError("an arm is not compared with itself")


@dataclass(frozen=True)
class ObuchowskiRockette:
    """All three analyses. readers ≥ 2, arms ≥ 2; patients: left out in turn."""

    readers: int
    arms: int
    patients: int
    errors: ErrorCovariances
    squares: MeanSquares
    analyses: tuple[Analysis | NotEstimable, ...]  # in the order of Generalises


def _turned(one: MeanDifference) -> MeanDifference:
    interval = replace(one.interval, low=-one.interval.high, high=-one.interval.low)
    return MeanDifference(
        one.second, one.first, -one.difference, -one.t, one.p, interval
    )


def obuchowski_rockette(
    figures: Floats, replicates: Floats, *, level: float = 0.95
) -> ObuchowskiRockette | NotEstimable:
    """All readers read all patients in all arms.

    figures: (readers, arms). replicates: (patients, readers, arms), the same without
    one patient after the other; from pseudovalues Y = Gθ - (G-1)θ₍g₎ they are
    (Gθ - Y)/(G-1).

    Not estimable: one reader, one arm, one patient, a figure that does not exist, or
    that does not without one of the patients; or one that no patient moves, as where
    agreement is perfect or a reading constant: its error is unknown, and not 0.
    """
    readers, arms = figures.shape
    reason = _untestable(figures, replicates)
    if reason is not None:
        return NotEstimable(reason)
    covariance = jackknife_covariance(replicates)
    errors = error_covariances(covariance.reshape(readers, arms, readers, arms))
    return analyse(figures, errors, patients=len(replicates), level=level)


def cut_means(
    found: ObuchowskiRockette, *, low: float, high: float
) -> ObuchowskiRockette:
    """The same, with intervals of arms' means cut where the figure cannot be."""
    analyses = tuple(
        one
        if isinstance(one, NotEstimable)
        else replace(one, means=tuple(_cut(mean, low, high) for mean in one.means))
        for one in found.analyses
    )
    return replace(found, analyses=analyses)


def _cut(
    mean: ArmMean | NotEstimable, low: float, high: float
) -> ArmMean | NotEstimable:
    if isinstance(mean, NotEstimable):
        return mean
    span = mean.interval
    if low <= span.low and span.high <= high:
        return mean
    method = f"{span.method}, cut at {low:g} and {high:g}"
    cut = replace(
        span, low=max(low, span.low), high=min(high, span.high), method=method
    )
    return replace(mean, interval=cut)


def _untestable(figures: Floats, replicates: Floats) -> Reason | None:
    readers, arms = figures.shape
    if readers < 2:
        return Reason.ONE_READER
    if arms < 2:
        return Reason.ONE_ARM
    if len(replicates) < 2:
        return Reason.ONE_PATIENT
    if not np.isfinite(figures).all():
        return Reason.READER_MISSING
    if not np.isfinite(replicates).all():
        return Reason.ONE_PATIENT_DECIDES
    still = np.ptp(replicates, axis=0) < ROUNDING
    return Reason.NO_VARIATION if still.any() else None


def analyse(
    figures: Floats, errors: ErrorCovariances, *, patients: int, level: float = 0.95
) -> ObuchowskiRockette:
    """From figures (readers, arms) and error covariances, wherever these are from."""
    squares = mean_squares(figures)
    each: tuple[Callable[..., Analysis | NotEstimable], ...] = (
        _readers_and_patients,
        _patients_only,
        _readers_only,
    )
    return ObuchowskiRockette(
        readers=len(figures),
        arms=figures.shape[1],
        patients=patients,
        errors=errors,
        squares=squares,
        analyses=tuple(one(figures, errors, squares, level) for one in each),
    )


def _readers_and_patients(
    figures: Floats, errors: ErrorCovariances, squares: MeanSquares, level: float
) -> Analysis | NotEstimable:
    """Denominator MS(TR) + r·max(Cov2 - Cov3, 0), Hillis' degrees of freedom."""
    readers, arms = figures.shape
    denominator = squares.interaction + readers * max(errors.cov2 - errors.cov3, 0)
    if squares.interaction < ROUNDING**2:
        return NotEstimable(Reason.READERS_ALIKE)
    freedom = (readers - 1) * (arms - 1) * (denominator / squares.interaction) ** 2
    means: list[ArmMean | NotEstimable] = []
    for mean, square, (_variance, cov2) in zip(
        figures.mean(axis=0), squares.readers_within, errors.of_arm, strict=True
    ):
        total = square + readers * max(cov2, 0)
        own = (readers - 1) * (total / square) ** 2 if square > ROUNDING**2 else 0.0
        means.append(_arm_mean(float(mean), total / readers, own, level))
    return _analysis(
        Generalises.READERS_AND_PATIENTS,
        figures,
        squares.arms / denominator,
        2 * denominator / readers,
        freedom,
        means,
        level,
    )


def _patients_only(
    figures: Floats, errors: ErrorCovariances, squares: MeanSquares, level: float
) -> Analysis | NotEstimable:
    """Readers fixed: Var - Cov1 + (r - 1)·max(Cov2 - Cov3, 0), χ² and normal."""
    readers, arms = figures.shape
    denominator = errors.variance - errors.cov1
    denominator += (readers - 1) * max(errors.cov2 - errors.cov3, 0)
    if denominator < ROUNDING**2:
        return NotEstimable(Reason.NO_VARIATION)
    means = [
        _arm_mean(
            float(mean), (own + (readers - 1) * max(cov2, 0)) / readers, None, level
        )
        for mean, (own, cov2) in zip(figures.mean(axis=0), errors.of_arm, strict=True)
    ]
    return _analysis(
        Generalises.PATIENTS,
        figures,
        (arms - 1) * squares.arms / denominator,
        2 * denominator / readers,
        None,
        means,
        level,
    )


def _readers_only(
    figures: Floats, errors: ErrorCovariances, squares: MeanSquares, level: float
) -> Analysis | NotEstimable:
    """Patients fixed: the analysis of variance of the figures alone."""
    readers, arms = figures.shape
    if squares.interaction < ROUNDING**2:
        return NotEstimable(Reason.READERS_ALIKE)
    means = [
        _arm_mean(float(mean), square / readers, readers - 1.0, level)
        for mean, square in zip(
            figures.mean(axis=0), squares.readers_within, strict=True
        )
    ]
    return _analysis(
        Generalises.READERS,
        figures,
        squares.arms / squares.interaction,
        2 * squares.interaction / readers,
        float((readers - 1) * (arms - 1)),
        means,
        level,
    )


def _analysis(
    generalises_to: Generalises,
    figures: Floats,
    statistic: float,
    variance: float,
    freedom: float | None,
    means: list[ArmMean | NotEstimable],
    level: float,
) -> Analysis:
    """variance: of a difference of two arms' means. freedom: None, normal."""
    from scipy import special

    arms = figures.shape[1]
    p = (
        special.chdtrc(arms - 1, statistic)
        if freedom is None
        else special.fdtrc(arms - 1, freedom, statistic)
    )
    error = float(np.sqrt(variance))
    mean = figures.mean(axis=0)
    differences = tuple(
        _difference(
            first, second, float(mean[first] - mean[second]), error, freedom, level
        )
        for first in range(arms)
        for second in range(first + 1, arms)
    )
    return Analysis(
        generalises_to,
        arms - 1,
        freedom,
        float(statistic),
        float(p),
        error,
        differences,
        tuple(means),
    )


def _difference(
    first: int,
    second: int,
    difference: float,
    error: float,
    freedom: float | None,
    level: float,
) -> MeanDifference:
    from scipy import special

    t = difference / error
    tail = special.ndtr(-abs(t)) if freedom is None else special.stdtr(freedom, -abs(t))
    interval = _interval(difference, error, freedom, level)
    return MeanDifference(first, second, difference, t, float(2 * tail), interval)


def _arm_mean(
    mean: float, variance: float, freedom: float | None, level: float
) -> ArmMean | NotEstimable:
    if variance < ROUNDING**2 or freedom == 0:
        return NotEstimable(Reason.READERS_ALIKE)
    error = float(np.sqrt(variance))
    return ArmMean(mean, error, freedom, _interval(mean, error, freedom, level))


def _interval(
    middle: float, error: float, freedom: float | None, level: float
) -> Interval:
    from scipy import special

    half = error * float(
        special.ndtri((1 + level) / 2)
        if freedom is None
        else special.stdtrit(freedom, (1 + level) / 2)
    )
    method = "Obuchowski-Rockette, " + ("normal" if freedom is None else "t")
    return Interval(middle - half, middle + half, level, freedom, method)
