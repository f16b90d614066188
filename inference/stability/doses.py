"""The error against the counts: does more help, and from where on?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readerstudy.imaging.marking import gettext_noop

from .findings import CaseFindings, Finding, Settings

NO_DOSES = gettext_noop("Which share of the counts the input has is not known.")
NEVER_AS_GOOD = gettext_noop("At no dose is it as near to the reference as the input.")
OFTEN_NEVER = gettext_noop(
    "When patients are drawn again, it often is as near to the reference at no dose."
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DoseCurve:
    """rows: see ArmFindings.series. findings: "dose-reversal" and "dose-break"."""

    rows: Sequence[Mapping[str, float | None]]
    findings: Mapping[str, Finding]


def dose_curve(cases: Sequence[CaseFindings], *, settings: Settings) -> DoseCurve:
    """Over the patients that have all doses; intervals by resampling patients."""
    doses = sorted(settings.doses)
    keys = [f"dose-{dose:g}" for dose in doses]
    wanted = [f"output-{key}" for key in keys] + [f"input-{key}" for key in keys]
    wanted += ["output-short", "input-short"]
    patients: dict[str, list[list[float]]] = {}
    for case in cases:
        if all(name in case.details for name in wanted):
            row = [case.details[name] for name in wanted]
            patients.setdefault(case.patient, []).append(row)
    if not patients:
        reason = _reason(cases)
        nothing = Finding(None, reason=reason)
        return DoseCurve([], {"dose-reversal": nothing, "dose-break": nothing})
    table = np.array([np.mean(rows, axis=0) for rows in patients.values()])
    rng = np.random.default_rng(settings.seed)
    drawn = rng.integers(len(table), size=(settings.resamples, len(table)))
    samples = table[drawn].mean(axis=1) if len(table) > 1 else None
    mean = table.mean(axis=0)
    return DoseCurve(
        rows=_rows(doses, mean, samples, settings),
        findings={
            "dose-reversal": _finding(_reversal, doses, mean, samples, table, settings),
            "dose-break": _finding(_break, doses, mean, samples, table, settings),
        },
    )


def _reason(cases: Sequence[CaseFindings]) -> str:
    """That of another measure of the method, where the arm was never run."""
    told = [case.reasons.get("identity-change", NO_DOSES) for case in cases]
    return max(set(told), key=told.count) if told else NO_DOSES


def _reversal(doses: Sequence[float], mean: Floats) -> float:
    """How far the error rises above that of any lower dose, in % of the error at the
    scan's own dose."""
    errors = mean[: len(doses)]
    best = np.minimum.accumulate(errors)
    return 100 * float(np.max(errors - best)) / max(float(mean[-2]), 1e-9)


def _break(doses: Sequence[float], mean: Floats) -> float:
    """The least dose from which on the output is as near to the reference as the short
    scan is without the arm, between two doses by their logarithm; NaN: at none."""
    errors, wanted = mean[: len(doses)], float(mean[-1])
    good = errors <= wanted
    if not good[-1]:
        return float("nan")
    bad = np.flatnonzero(~good)
    if not bad.size:
        return float(doses[0])
    last = int(bad[-1])
    part = (errors[last] - wanted) / (errors[last] - errors[last + 1])
    ends = np.log([doses[last], doses[last + 1]])
    return float(np.exp(ends[0] + part * (ends[1] - ends[0])))


def _finding(
    measure: Callable[[Sequence[float], Floats], float],
    doses: Sequence[float],
    mean: Floats,
    samples: Floats | None,
    table: Floats,
    settings: Settings,
) -> Finding:
    value = measure(doses, mean)
    if not np.isfinite(value):
        return Finding(None, n=len(table), reason=NEVER_AS_GOOD)
    if samples is None:
        return Finding(value, n=len(table))
    found = np.array([measure(doses, sample) for sample in samples])
    tail = 50 * (1 - settings.level)
    if np.isnan(found).mean() > tail / 100:
        return Finding(value, n=len(table), reason=OFTEN_NEVER)
    # a resample in which it never helps lies above all that have a dose
    found = np.where(np.isnan(found), np.nanmax(found), found)
    low, high = np.percentile(found, [tail, 100 - tail])
    return Finding(value, float(low), float(high), len(table))


def _rows(
    doses: Sequence[float],
    mean: Floats,
    samples: Floats | None,
    settings: Settings,
) -> list[Mapping[str, float | None]]:
    tail = 50 * (1 - settings.level)
    rows: list[Mapping[str, float | None]] = []
    for number, dose in enumerate(doses):
        low = high = None
        if samples is not None:
            ends = np.percentile(samples[:, number], [tail, 100 - tail])
            low, high = float(ends[0]), float(ends[1])
        rows.append(
            {
                "dose": dose,
                "output": float(mean[number]),
                "output_low": low,
                "output_high": high,
                "input": float(mean[len(doses) + number]),
            }
        )
    return rows
