"""What the pages of the stability suite are given."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inference.curves import Dose, dose_curve
from inference.models import StabilityRun
from readerstudy.cases.models import Cohort, Stability, StabilityCase
from readerstudy.cases.selectors import cases_unreferenced
from readerstudy.cases.selectors.stability import stability_cases, stability_is_current
from readerstudy.imaging.map_pictures import STYLES
from readerstudy.imaging.stability_measures import GROUPS, MEASURES, Measure, is_beyond
from readerstudy.imaging.study_types import DAT_SPECT

from .methods import Subject, subjects

WORST_SHOWN = 3  # cases of a measure that has a map


@dataclass(frozen=True)
class MethodRow:
    """A method of the cohort with its last run and what is known of it."""

    subject: Subject
    run: StabilityRun | None
    stability: Stability | None
    outdated: bool  # the images have been changed since
    beyond: int  # measures beyond their usual limit
    judged: int  # of so many that have one, and a value
    can_retry: bool
    failures: list[tuple[str, str]]

    @property
    def method(self) -> str:
        return self.subject.method


def method_rows(cohort: Cohort) -> list[MethodRow]:
    runs = cohort.stabilityruns.select_related("requested_by", "weights")
    last: dict[str, StabilityRun] = {}
    for run in runs:  # the newest first
        last.setdefault(run.rendition_method, run)
    known = {one.method: one for one in Stability.objects.filter(cohort=cohort)}
    return [
        _row(subject, last.get(subject.method), known.get(subject.method))
        for subject in subjects(cohort)
    ]


def _row(
    subject: Subject, run: StabilityRun | None, stability: Stability | None
) -> MethodRow:
    lines = measure_lines(stability) if stability else []
    judged = [one for one in lines if one.verdict]
    ended = (StabilityRun.State.FAILED, StabilityRun.State.CANCELLED)
    return MethodRow(
        subject=subject,
        run=run,
        stability=stability,
        outdated=bool(stability and not stability_is_current(stability)),
        beyond=sum(one.verdict == "beyond" for one in judged),
        judged=len(judged),
        can_retry=bool(run and run.state in ended),
        failures=sorted(run.failures.items()) if run else [],
    )


@dataclass(frozen=True)
class MeasureLine:
    """One measure of a method. verdict: "within" or "beyond" its usual limit; empty
    where it has none, or no value. worst: codes of cases, worst first."""

    measure: Measure
    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str
    verdict: str
    worst: tuple[str, ...]


def measure_lines(stability: Stability) -> list[MeasureLine]:
    """In the order of the registry; of an older suite, those that are still known."""
    worst: Mapping[str, list[str]] = stability.series.get("worst", {})
    return [
        _line(measure, stability.measures[key], worst.get(key, []))
        for key, measure in MEASURES.items()
        if key in stability.measures
    ]


def _line(measure: Measure, told: Mapping[str, Any], worst: list[str]) -> MeasureLine:
    value = told["value"]
    verdict = ""
    if value is not None and measure.limit is not None:
        verdict = "beyond" if is_beyond(measure, value, limit=None) else "within"
    return MeasureLine(
        measure=measure,
        value=value,
        low=told["low"],
        high=told["high"],
        n=told["n"],
        reason=told["reason"],
        verdict=verdict,
        worst=tuple(worst),
    )


@dataclass(frozen=True)
class Group:
    """Measures that are shown together."""

    key: str
    title: str
    lines: tuple[MeasureLine, ...]


@dataclass(frozen=True)
class WorstPicture:
    """A case to look at: the map's file names the picture's version."""

    case: str
    map_name: str
    title: str  # of the map
    number: float | None
    measure: Measure
    sha256: str


@dataclass(frozen=True)
class StabilityPage:
    stability: Stability
    groups: tuple[Group, ...]  # of measures that have a value
    declined: tuple[tuple[str, tuple[Measure, ...]], ...]  # reason → measures
    beyond: int
    judged: int
    dose: Dose | None
    grades: list[dict[str, Any]]
    pictures: tuple[tuple[Measure, tuple[WorstPicture, ...]], ...]
    cases: int
    failed: list[tuple[str, str]]
    unreferenced: bool  # some case has no reference
    modelled: bool  # the noise of repeats is modelled, not counted again
    other_kind: bool  # of images for which the usual limits were not set

    @property
    def declined_count(self) -> int:
        return sum(len(measures) for _reason, measures in self.declined)


def stability_page(stability: Stability) -> StabilityPage:
    lines = measure_lines(stability)
    judged = [one for one in lines if one.verdict]
    estimated = [one for one in lines if one.value is not None]
    cases = {one.case.code: one for one in stability_cases(stability)}
    return StabilityPage(
        stability=stability,
        groups=tuple(
            Group(key, title, tuple(o for o in estimated if o.measure.group == key))
            for key, title in GROUPS.items()
            if any(one.measure.group == key for one in estimated)
        ),
        declined=_declined(lines),
        beyond=sum(one.verdict == "beyond" for one in judged),
        judged=len(judged),
        dose=dose_curve(stability.series.get("dose", [])),
        grades=stability.series.get("grades", []),
        pictures=_pictures(lines, cases),
        cases=len(cases),
        failed=sorted(stability.series.get("failed", {}).items()),
        unreferenced=cases_unreferenced([one.case for one in cases.values()]).exists(),
        modelled=not stability.series.get("rescanned"),
        other_kind=stability.cohort.study_type != DAT_SPECT,
    )


def _declined(
    lines: list[MeasureLine],
) -> tuple[tuple[str, tuple[Measure, ...]], ...]:
    """Measures without a value by the reason for it."""
    found: dict[str, list[Measure]] = {}
    for line in lines:
        if line.value is None:
            found.setdefault(line.reason, []).append(line.measure)
    return tuple((reason, tuple(measures)) for reason, measures in found.items())


def _pictures(
    lines: list[MeasureLine], cases: Mapping[str, StabilityCase]
) -> tuple[tuple[Measure, tuple[WorstPicture, ...]], ...]:
    """One measure a map, the first one that has worst cases: a map of invented places
    is the same, whichever share of it was counted."""
    found: dict[str, tuple[Measure, tuple[WorstPicture, ...]]] = {}
    for line in lines:
        name = line.measure.map
        if not name or name in found:
            continue
        shown = [
            WorstPicture(
                case=code,
                map_name=name,
                title=STYLES[name].title,
                number=cases[code].numbers.get(line.measure.key),
                measure=line.measure,
                sha256=cases[code].sha256,
            )
            for code in line.worst[:WORST_SHOWN]
            if code in cases and name in cases[code].map_names
        ]
        if shown:
            found[name] = line.measure, tuple(shown)
    return tuple(found.values())
