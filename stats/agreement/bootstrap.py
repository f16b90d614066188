"""Intervals of weighted kappa from resampled patients: bootstrap and jackknife.

Patients are drawn, not sides: all that a patient has, left and right, in every arm
and by every reader, is drawn together. One set of resamples serves all readers and
arms, so that replicates of means and differences are those of the same patients.
No Django.

References
----------
Efron B (1987) Better bootstrap confidence intervals. J Am Stat Assoc 82:171-185.
    doi:10.1080/01621459.1987.10478410
Davison AC, Hinkley DV (1997) Bootstrap methods and their application. Cambridge
    University Press, chapter 5.
Field CA, Welsh AH (2007) Bootstrapping clustered data. J R Stat Soc B 69:369-390.
    doi:10.1111/j.1467-9868.2007.00593.x
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..outcomes import ROUNDING, Interval, NotEstimable, Reason, normal_quantile
from ..readings import MISSING, GradeTable, Integers
from .kappa import Weighting, fisher_interval
from .resampling import (
    PIECE,
    Booleans,
    Floats,
    left_one_out_kappas,
    patient_sums,
    sampled_kappas,
)

REPLICATES = 10_000
SEED = 1
PERCENTILE = "percentile bootstrap of patients"
BCA = "bias-corrected and accelerated bootstrap of patients"
JACKKNIFE = "delete-one-patient jackknife, t on the Fisher z scale"
# of the whole numbers that need the least memory
Counts = NDArray[np.unsignedinteger]
NO_KAPPA = (Reason.NO_READS, Reason.ONE_PATIENT, Reason.BOTH_CONSTANT)


@dataclass(frozen=True)
class ResampledKappas:
    """Kappas of all readers and arms, and those of every resample of the patients.

    estimates: (readers, arms). replicates: (replicates, readers, arms).
    left_one_out: (patients, readers, arms), without each patient.
    contributes: (patients, readers, arms), whether the patient has a pair there.
    All kappas are -1 to 1, NaN where kappa is not defined.
    """

    estimates: Floats
    replicates: Floats
    left_one_out: Floats
    contributes: Booleans

    @property
    def undefined(self) -> Integers:
        """(readers, arms) how many replicates have no kappa; intervals drop them."""
        count: Integers = np.isnan(self.replicates).sum(axis=0)
        return count


@dataclass(frozen=True)
class KappaBootstrap:
    """One reader in one arm.

    kappa: -1 to 1. undefined: replicates without a kappa, dropped from the intervals.
    bias: z0 of BCa, the normal quantile of the share of replicates below kappa (ties
        count half). acceleration: of BCa, from leaving out each patient.
    """

    kappa: float | NotEstimable
    replicates: int
    undefined: int
    percentile: Interval | NotEstimable
    bca: Interval | NotEstimable
    bias: float | NotEstimable
    acceleration: float | NotEstimable
    jackknife: Interval | NotEstimable


def resampled_patients(*, patients: int, replicates: int, seed: int) -> Counts:
    """(replicates, patients) how often each patient is drawn; each row adds up to
    `patients`. The same seed draws the same ones; a test notices where another version
    of numpy would not."""
    counts: Counts = np.empty((replicates, patients), dtype=_counting(patients))
    start = 0
    for piece in resampled_pieces(patients=patients, replicates=replicates, seed=seed):
        counts[start : start + len(piece)] = piece
        start += len(piece)
    return counts


def _counting(patients: int) -> type[np.unsignedinteger]:
    return np.uint16 if patients < 2**16 else np.uint32


def resampled_pieces(*, patients: int, replicates: int, seed: int) -> Iterator[Counts]:
    """The rows of resampled_patients in pieces, as many as memory should hold."""
    rng = np.random.Generator(np.random.PCG64(seed))
    kind = _counting(patients)
    step = max(PIECE // max(patients, 1), 1)
    for start in range(0, replicates, step):
        rows = min(step, replicates - start)
        drawn = rng.integers(0, patients, size=(rows, patients), dtype=np.int32)
        drawn += np.arange(rows, dtype=np.int32)[:, None] * patients
        flat = np.bincount(drawn.ravel(), minlength=rows * patients)
        yield flat.reshape(rows, patients).astype(kind)


def resampled_kappas(
    table: GradeTable,
    *,
    weighting: Weighting,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> ResampledKappas:
    """Kappa of every reader and arm against the table's standard, and its replicates.

    All patients of the table are drawn from, those too who have no pair for some
    reader or arm. Raises Refused for a place outside the table's categories.
    """
    sums = patient_sums(table, weighting=weighting)
    people = sums.patients
    if not people:
        nothing = np.full((0, *sums.shape), np.nan)
        estimates = np.full(sums.shape, np.nan)
        none = np.zeros((0, *sums.shape), dtype=bool)
        return ResampledKappas(estimates, nothing, nothing, none)
    pieces = resampled_pieces(patients=people, replicates=replicates, seed=seed)
    drawn = [sampled_kappas(sums, counts) for counts in pieces]
    return ResampledKappas(
        estimates=sampled_kappas(sums, np.ones((1, people)))[0],
        replicates=np.concatenate([np.empty((0, *sums.shape)), *drawn]),
        left_one_out=left_one_out_kappas(sums),
        contributes=sums.contributes,
    )


def bootstrap_kappa(
    table: GradeTable,
    *,
    weighting: Weighting,
    replicates: int = REPLICATES,
    seed: int = SEED,
    level: float = 0.95,
) -> tuple[tuple[KappaBootstrap, ...], ...]:
    """Reader by reader, arm by arm, the intervals of kappa from resampled patients.

    Percentile: the (1 ± level)/2 quantiles (type 7) of the replicates that are
    defined. BCa: the same at Φ(z0 + (z0 + z)/(1 - a (z0 + z))). Jackknife: SE² =
    (G-1)/G Σ (κ without patient g - their mean)² over the G patients with a pair,
    and tanh(atanh κ ± t(G-1) · SE/(1-κ²)).

    Not estimable, as for weighted_kappa: all of it without pairs, with one patient or
    with both readings constant; the intervals with one reading constant, with perfect
    agreement or total disagreement, or where kappa does not vary. BCa also where all
    replicates lie on one side of kappa, or where kappa is undefined without one of
    the patients, as is the jackknife then.

    Raises Refused for a place outside the table's categories.
    """
    found = resampled_kappas(
        table, weighting=weighting, replicates=replicates, seed=seed
    )
    readers, arms = found.estimates.shape
    return tuple(
        tuple(_one(table, found, reader, arm, level) for arm in range(arms))
        for reader in range(readers)
    )


def _one(
    table: GradeTable, found: ResampledKappas, reader: int, arm: int, level: float
) -> KappaBootstrap:
    contributes = found.contributes[:, reader, arm]
    replicates = found.replicates[:, reader, arm]
    estimate = float(found.estimates[reader, arm])
    undefined = int(np.isnan(replicates).sum())
    reason = _without(table, reader, arm, estimate, patients=int(contributes.sum()))
    if reason:
        nothing = NotEstimable(reason)
        kappa = nothing if reason in NO_KAPPA else estimate
        return KappaBootstrap(kappa, len(replicates), undefined, *(nothing,) * 5)
    left_out = found.left_one_out[contributes, reader, arm]
    defined = np.sort(replicates[~np.isnan(replicates)])
    bias, acceleration = _bias(defined, estimate), _acceleration(left_out)
    return KappaBootstrap(
        kappa=estimate,
        replicates=len(replicates),
        undefined=undefined,
        percentile=percentile_interval(defined, level=level),
        bca=_bca(defined, bias, acceleration, level),
        bias=bias,
        acceleration=acceleration,
        jackknife=_jackknife(estimate, left_out, level),
    )


def _without(
    table: GradeTable, reader: int, arm: int, estimate: float, *, patients: int
) -> Reason | None:
    """Why there is no interval, and in NO_KAPPA no kappa either."""
    x, y = table.standard[reader], table.grades[reader, arm]
    both = (x != MISSING) & (y != MISSING)
    if patients < 2:
        return Reason.ONE_PATIENT if patients else Reason.NO_READS
    used = {len(np.unique(x[both])), len(np.unique(y[both]))}
    if used == {1}:
        return Reason.BOTH_CONSTANT
    if 1 in used:
        return Reason.ONE_CONSTANT
    if 1 - abs(estimate) < ROUNDING:
        return Reason.PERFECT if estimate > 0 else Reason.OPPOSITE
    return None


def percentile_interval(replicates: Floats, *, level: float) -> Interval | NotEstimable:
    """Quantiles (type 7) of replicates (n,), of which none may be NaN."""
    return _between(replicates, (1 - level) / 2, (1 + level) / 2, level, PERCENTILE)


def bca_interval(
    replicates: Floats, *, estimate: float, left_out: Floats, level: float
) -> Interval | NotEstimable:
    """BCa of replicates (n,), none of them NaN, of an estimate of anything.

    left_out: (patients,) the estimate without each of them, NaN where there is none.
    Not estimable as in `bootstrap_kappa`.
    """
    bias, acceleration = _bias(replicates, estimate), _acceleration(left_out)
    return _bca(replicates, bias, acceleration, level)


def _between(
    replicates: Floats, low: float, high: float, level: float, method: str
) -> Interval | NotEstimable:
    if not len(replicates):
        return NotEstimable(Reason.NO_RESAMPLE)
    if np.ptp(replicates) < ROUNDING:
        return NotEstimable(Reason.NO_VARIATION)
    ends = np.quantile(replicates, [low, high])
    return Interval(float(ends[0]), float(ends[1]), level, None, method)


def _bias(replicates: Floats, estimate: float) -> float | NotEstimable:
    from scipy import special

    if not len(replicates):
        return NotEstimable(Reason.NO_RESAMPLE)
    below = (replicates < estimate - ROUNDING).mean()
    ties = (np.abs(replicates - estimate) <= ROUNDING).mean()
    share = float(below + ties / 2)
    if share in (0, 1):
        return NotEstimable(Reason.ONE_SIDED)
    return float(special.ndtri(share))


def _acceleration(left_out: Floats) -> float | NotEstimable:
    """a = Σ d³ / (6 (Σ d²)^1.5), d the mean without a patient minus each."""
    if np.isnan(left_out).any():
        return NotEstimable(Reason.LEFT_OUT_UNDEFINED)
    apart = left_out.mean() - left_out
    squares = float((apart**2).sum())
    if np.sqrt(squares) < ROUNDING:
        return NotEstimable(Reason.NO_VARIATION)
    return float((apart**3).sum() / (6 * squares**1.5))


def _bca(
    replicates: Floats,
    bias: float | NotEstimable,
    acceleration: float | NotEstimable,
    level: float,
) -> Interval | NotEstimable:
    from scipy import special

    if isinstance(bias, NotEstimable):
        return bias
    if isinstance(acceleration, NotEstimable):
        return acceleration
    half = normal_quantile(level=level)
    shares = []
    for z in (bias - half, bias + half):
        if 1 - acceleration * z <= 0:
            return NotEstimable(Reason.ONE_SIDED)
        shares.append(float(special.ndtr(bias + z / (1 - acceleration * z))))
    return _between(replicates, shares[0], shares[1], level, BCA)


def _jackknife(
    estimate: float, left_out: Floats, level: float
) -> Interval | NotEstimable:
    if np.isnan(left_out).any():
        return NotEstimable(Reason.LEFT_OUT_UNDEFINED)
    return fisher_interval(
        estimate,
        jackknife_error(left_out),
        degrees_of_freedom=len(left_out) - 1,
        level=level,
        method=JACKKNIFE,
    )


def jackknife_error(left_out: Floats) -> float:
    """√((G-1)/G Σ (θ without g - their mean)²) of G values (G,)."""
    groups = len(left_out)
    squares = float(((left_out - left_out.mean()) ** 2).sum())
    return float(np.sqrt((groups - 1) / groups * squares))
