"""Means over patients and over readers. No Django."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .outcomes import (
    ROUNDING,
    Interval,
    NotEstimable,
    Reason,
    estimated,
    student_quantile,
)


@dataclass(frozen=True)
class PatientMean:
    """A mean over patients, each counted once, with its t interval."""

    patients: int
    mean: float | NotEstimable
    interval: Interval | NotEstimable


def patient_mean(
    values: Sequence[float], *, without: Reason = Reason.NO_READS, level: float = 0.95
) -> PatientMean:
    """Mean of one value a patient ± t(n-1) · SD / √n.

    Not estimable: no patient (`without` says why there is none); the interval also
    with one patient, or where all patients have the same value.
    """
    n = len(values)
    if n == 0:
        nothing = NotEstimable(without)
        return PatientMean(0, nothing, nothing)
    mean = float(np.mean(values))
    if n == 1:
        return PatientMean(1, mean, NotEstimable(Reason.ONE_PATIENT))
    error = float(np.std(values, ddof=1) / np.sqrt(n))
    if error < ROUNDING:
        return PatientMean(n, mean, NotEstimable(Reason.NO_VARIATION))
    half = student_quantile(level=level, degrees_of_freedom=n - 1) * error
    interval = Interval(
        mean - half, mean + half, level, n - 1, "t interval over patient means"
    )
    return PatientMean(n, mean, interval)


def mean_of_estimates(
    values: Sequence[float | NotEstimable],
) -> float | NotEstimable:
    """Plain mean, but only if every one of them exists: none is left out silently."""
    numbers = [number for number in map(estimated, values) if number is not None]
    if not numbers or len(numbers) < len(values):
        return NotEstimable(Reason.READER_MISSING)
    return float(np.mean(numbers))
