"""All cases' findings together: the numbers of an arm, each counting patients once.

Patients, not cases or sides, are independent: means are over patients' means, slopes
and ratios have intervals clustered by patient, curves are resampled by patient.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from readerstudy.imaging.marking import gettext_noop
from readerstudy.imaging.stability_measures import MEASURES, Measure

from . import doses
from .findings import ArmFindings, CaseFindings, Finding, Settings
from .geometry import SIDES

NO_CASE = gettext_noop("There is no case.")
ONE_PATIENT = gettext_noop("There are too few patients.")
NO_SPREAD = gettext_noop("The reference's binding ratios do not differ.")
ALL_ALIKE = gettext_noop("The output's binding ratios do not differ.")
ENDS = ("reference", "output")
EMPHASIS = "striatal-emphasis"
WORST = 5  # cases that are named

Floats = NDArray[np.float64]


def measure_arm(cases: Sequence[CaseFindings], *, settings: Settings) -> ArmFindings:
    """The arm's numbers. Every key of MEASURES is there, with a value or a reason."""
    curve = doses.dose_curve(cases, settings=settings)
    measures = {
        key: _of_arm(key, cases, settings, curve)
        if measure.of_arm or key == EMPHASIS
        else _mean(key, cases, settings)
        for key, measure in MEASURES.items()
    }
    return ArmFindings(
        measures=measures,
        series={
            "dose": curve.rows,
            "grades": _grades(cases, settings),
            "severity": _sides(cases),
        },
        worst={key: _worst(measure, cases) for key, measure in MEASURES.items()},
    )


def _of_arm(
    key: str,
    cases: Sequence[CaseFindings],
    settings: Settings,
    curve: doses.DoseCurve,
) -> Finding:
    """Of what no case has a number by itself, or no good one."""
    name, _, side = key.rpartition("-")
    if name == "repeat-icc":
        return _icc(side, cases, settings)
    if side == "cases":
        return _share(f"{name}-peak", cases, settings)
    if key == "severity-slope":
        return _slope(cases, settings)
    if key == EMPHASIS:
        return _emphasis(cases, settings)
    return curve.findings[key]


def _reason(key: str, cases: Sequence[CaseFindings]) -> str:
    """What most cases say."""
    told = Counter(case.reasons[key] for case in cases if key in case.reasons)
    return told.most_common(1)[0][0] if told else NO_CASE


def by_patient(
    key: str, cases: Sequence[CaseFindings], *, detail: bool = False
) -> Mapping[str, list[float]]:
    """patient → the numbers of the cases that have one."""
    found: dict[str, list[float]] = {}
    for case in cases:
        numbers = case.details if detail else case.numbers
        if key in numbers:
            found.setdefault(case.patient, []).append(numbers[key])
    return found


def _mean(key: str, cases: Sequence[CaseFindings], settings: Settings) -> Finding:
    """Of patients' means, with Student's t."""
    patients = by_patient(key, cases)
    if not patients:
        return Finding(None, reason=_reason(key, cases))
    n = sum(map(len, patients.values()))
    return _interval([float(np.mean(v)) for v in patients.values()], n, settings)


def _interval(means: Sequence[float], n: int, settings: Settings) -> Finding:
    value = float(np.mean(means))
    if len(means) < 2:
        return Finding(value, n=n)
    error = float(np.std(means, ddof=1) / np.sqrt(len(means)))
    half = float(stats.t.ppf((1 + settings.level) / 2, len(means) - 1)) * error
    return Finding(value, value - half, value + half, n)


def _share(key: str, cases: Sequence[CaseFindings], settings: Settings) -> Finding:
    """Cases beyond Settings.peak, in %, with Wilson's interval over patients: one has
    it if any of its cases does."""
    patients = by_patient(key, cases)
    if not patients:
        return Finding(None, reason=_reason(key, cases))
    n = len(patients)
    hits = sum(max(values) > settings.peak for values in patients.values())
    interval = stats.binomtest(hits, n).proportion_ci(settings.level, method="wilson")
    return Finding(100 * hits / n, 100 * interval.low, 100 * interval.high, n)


def _icc(side: str, cases: Sequence[CaseFindings], settings: Settings) -> Finding:
    """ICC(1,1) of Shrout and Fleiss 1979, with their interval by F. Of patients with
    several cases the first one counts."""
    key = f"repeat-sbr-sd-{side}"
    first = {case.patient: case for case in reversed(cases) if key in case.numbers}
    if not first:
        return Finding(None, reason=_reason(key, cases))
    repeats = min(int(case.details["repeats"]) for case in first.values())
    n = len(first)
    if n < 2:
        return Finding(None, n=n, reason=ONE_PATIENT)
    means = [case.details[f"repeat-mean-{side}"] for case in first.values()]
    within = float(np.mean([case.numbers[key] ** 2 for case in first.values()]))
    between = repeats * float(np.var(means, ddof=1))
    if within <= 0:
        alike = Finding(None, n=n, reason=ALL_ALIKE)
        return Finding(1.0, n=n) if between > 0 else alike
    ratio = between / within
    freedom = n - 1, n * (repeats - 1)
    tail = (1 + settings.level) / 2
    low = ratio / float(stats.f.ppf(tail, *freedom))
    high = ratio * float(stats.f.ppf(tail, *freedom[::-1]))
    value, least, most = ((f - 1) / (f + repeats - 1) for f in (ratio, low, high))
    return Finding(value, least, most, n)


def _sides(cases: Sequence[CaseFindings]) -> list[dict[str, float | str | None]]:
    return [
        {
            "case": case.code,
            "side": side,
            "reference": case.details[f"sbr-reference-{side}"],
            "output": case.details[f"sbr-output-{side}"],
            "grade": case.details.get(f"grade-{side}"),
        }
        for case in cases
        for side in SIDES
        if f"sbr-reference-{side}" in case.details
    ]


def _errors(cases: Sequence[CaseFindings]) -> tuple[Floats, Floats, list[str]]:
    """Reference, error and patient of every side."""
    found = [
        (case.details[f"sbr-reference-{s}"], case.details[f"sbr-output-{s}"])
        for case in cases
        for s in SIDES
        if f"sbr-reference-{s}" in case.details
    ]
    patients = [
        case.patient
        for case in cases
        for s in SIDES
        if f"sbr-reference-{s}" in case.details
    ]
    both = np.array(found, dtype=np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1] - both[:, 0], patients


def _slope(cases: Sequence[CaseFindings], settings: Settings) -> Finding:
    """Least squares of error on reference; sandwich by patient with the factor
    G / (G − 1) · (n − 1) / (n − 2) and Student's t with G − 1 degrees of freedom."""
    reference, error, patients = _errors(cases)
    groups = sorted(set(patients))
    if not groups:
        return Finding(None, reason=_reason(EMPHASIS, cases))
    if len(groups) < 3:
        return Finding(None, n=len(patients), reason=ONE_PATIENT)
    design = np.stack([np.ones_like(reference), reference], axis=1)
    if np.ptp(reference) < 1e-9:
        return Finding(None, n=len(patients), reason=NO_SPREAD)
    bread = np.linalg.inv(design.T @ design)
    fitted = bread @ design.T @ error
    left = (error - design @ fitted)[:, None] * design
    names = np.array(patients)
    scores = np.stack([left[names == group].sum(axis=0) for group in groups])
    g, n = len(groups), len(error)
    factor = g / (g - 1) * (n - 1) / (n - 2)
    spread = factor * (bread @ scores.T @ scores @ bread)[1, 1]
    half = float(stats.t.ppf((1 + settings.level) / 2, g - 1) * np.sqrt(spread))
    value = float(fitted[1])
    return Finding(value, value - half, value + half, n)


def _emphasis(cases: Sequence[CaseFindings], settings: Settings) -> Finding:
    """Sum of all errors over the sum of all references, in %: no patient with hardly
    any binding outweighs the others. Its variance is linearised, by patient."""
    reference, error, patients = _errors(cases)
    groups = sorted(set(patients))
    if not groups or reference.sum() <= 0:
        return Finding(None, reason=_reason(EMPHASIS, cases))
    ratio = float(error.sum() / reference.sum())
    n, g = len(error), len(groups)
    if g < 2:
        return Finding(100 * ratio, n=n)
    names, left = np.array(patients), error - ratio * reference
    sums = np.array([left[names == group].sum() for group in groups])
    spread = float(np.sqrt(g / (g - 1) * (sums**2).sum()) / reference.sum())
    half = float(stats.t.ppf((1 + settings.level) / 2, g - 1)) * spread
    return Finding(100 * ratio, 100 * (ratio - half), 100 * (ratio + half), n)


def _grades(
    cases: Sequence[CaseFindings], settings: Settings
) -> list[dict[str, float | None]]:
    """Mean error of the binding ratio by grade of the standard, patients once."""
    found: dict[float, dict[str, list[float]]] = {}
    for case in cases:
        for side in SIDES:
            grade = case.details.get(f"grade-{side}")
            ends = [case.details.get(f"sbr-{end}-{side}") for end in ENDS]
            if grade is None or ends[0] is None or ends[1] is None:
                continue
            errors = found.setdefault(grade, {}).setdefault(case.patient, [])
            errors.append(ends[1] - ends[0])
    rows: list[dict[str, float | None]] = []
    for grade, patients in sorted(found.items()):
        n = sum(map(len, patients.values()))
        means = [float(np.mean(each)) for each in patients.values()]
        finding = _interval(means, n, settings)
        rows.append(
            {
                "grade": grade,
                "n": n,
                "bias": finding.value,
                "low": finding.low,
                "high": finding.high,
            }
        )
    return rows


def _worst(measure: Measure, cases: Sequence[CaseFindings]) -> list[str]:
    """Codes of the cases furthest on the measure's wrong side, worst first."""
    key = measure.case_key or measure.key
    numbers = [(case.numbers[key], case.code) for case in cases if key in case.numbers]
    if measure.side == "least":
        ordered = sorted(numbers)
    elif measure.side == "within":
        ordered = sorted(numbers, key=lambda each: -abs(each[0]))
    else:
        ordered = sorted(numbers, key=lambda each: -each[0])
    return [code for _, code in ordered[:WORST]]
