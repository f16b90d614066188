"""What the stability suite found of the study's arms, against the protocol's limits.

It is about images, not about how they were read. What it found of the cohort's cases
stands here; how many of them the study reads is said with it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readerstudy.cases.models import Stability as Found
from readerstudy.cases.models import StabilityCase
from readerstudy.cases.selectors.stability import (
    stabilities_of,
    stability_cases,
    stability_is_current,
)
from readerstudy.cases.selectors.stability import stability_digest as found_digest
from readerstudy.imaging.stability_measures import GROUPS, MEASURES, Measure, is_beyond
from readerstudy.reading.models import Study
from readerstudy.reading.protocol.frozen import current

from .. import selectors
from .arms import ArmName, arm_name

WORST = 3  # cases of a measure
BEYOND, WITHIN = "beyond", "within"


@dataclass(frozen=True)
class MeasureLimit:
    """A measure as the registry had it when the report was frozen, with the limit that
    holds in this study. planned: the protocol sets it, and not the registry."""

    key: str
    group: str
    title: str  # English, translated where it is shown
    unit: str
    side: str  # most, least, within: see imaging.stability_measures
    limit: float | None
    planned: bool
    map: str


@dataclass(frozen=True)
class StabilityNumber:
    """One measure of one arm. value: None where there is none; reason: why (English).
    verdict: BEYOND or WITHIN; empty where there is no limit or no value."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str
    verdict: str


@dataclass(frozen=True)
class MeasureLine:
    """One measure of all arms, in their order."""

    measure: MeasureLimit
    numbers: tuple[StabilityNumber, ...]

    @property
    def is_estimated(self) -> bool:
        """Of one arm at least."""
        return any(one.value is not None for one in self.numbers)


@dataclass(frozen=True)
class Dose:
    """Error against the reference at a share of its counts, in % of its SD."""

    dose: float
    output: float
    low: float | None
    high: float | None
    input: float


@dataclass(frozen=True)
class SideUptake:
    """Binding ratios of one side. grade: None where no standard is known."""

    case: str
    side: str
    reference: float
    output: float
    grade: int | None


@dataclass(frozen=True)
class StabilityArm:
    """cases: that the suite looked at; shared: of them, those that the study reads.
    suite: name of the calculation. images_sha256: of all images that went in;
    found_sha256: of all that came out."""

    arm: ArmName
    cases: int
    shared: int
    failed: int
    suite: str
    seed: int
    repeats: int
    outdated: bool  # the images have been changed since
    rescanned: bool  # patients were scanned again; else the noise is modelled
    images_sha256: str
    found_sha256: str
    doses: tuple[Dose, ...]
    sides: tuple[SideUptake, ...]

    @property
    def is_of_other_cases(self) -> bool:
        return self.shared < self.cases


@dataclass(frozen=True)
class WorstStability:
    """A case that is furthest on the wrong side. value: None where only the arm has
    one. maps_sha256: of the maps that belong to these numbers."""

    arm: ArmName
    measure: str
    rank: int
    case: str
    value: float | None
    map: str
    maps_sha256: str


@dataclass(frozen=True)
class ArmVerdict:
    """Measures beyond their limits, of so many that could be judged."""

    arm: StabilityArm
    beyond: tuple[MeasureLimit, ...]
    judged: int


@dataclass(frozen=True)
class Stability:
    """Arms that the suite looked at, in the study's order; missing: those it did not.

    worst: of each arm, for each measure that has a map.
    """

    arms: tuple[StabilityArm, ...]
    missing: tuple[ArmName, ...]
    study_cases: int
    groups: tuple[tuple[str, str], ...]  # key, title in English
    measures: tuple[MeasureLine, ...]
    worst: tuple[WorstStability, ...]

    @property
    def by_group(self) -> tuple[tuple[str, tuple[MeasureLine, ...]], ...]:
        """Title of each group, with those of its measures that an arm has."""
        estimated = [one for one in self.measures if one.is_estimated]
        found = (
            (title, tuple(one for one in estimated if one.measure.group == key))
            for key, title in self.groups
        )
        return tuple((title, lines) for title, lines in found if lines)

    @property
    def declined(self) -> tuple[tuple[str, tuple[MeasureLimit, ...]], ...]:
        """Measures that no arm has, by the reason that the first arm was given."""
        found: dict[str, list[MeasureLimit]] = {}
        for line in self.measures:
            if line.numbers and not line.is_estimated:
                found.setdefault(line.numbers[0].reason, []).append(line.measure)
        return tuple((reason, tuple(measures)) for reason, measures in found.items())

    @property
    def verdicts(self) -> tuple[ArmVerdict, ...]:
        """Arm by arm."""
        return tuple(
            ArmVerdict(
                arm=arm,
                beyond=tuple(
                    one.measure
                    for one in self.measures
                    if one.numbers[place].verdict == BEYOND
                ),
                judged=sum(bool(one.numbers[place].verdict) for one in self.measures),
            )
            for place, arm in enumerate(self.arms)
        )

    @property
    def limits_are_planned(self) -> bool:
        return any(one.measure.planned for one in self.measures)

    @property
    def outdated(self) -> tuple[ArmName, ...]:
        """Arms whose images are no longer those that the suite looked at."""
        return tuple(arm.arm for arm in self.arms if arm.outdated)

    @property
    def has_other_cases(self) -> bool:
        return any(arm.is_of_other_cases for arm in self.arms)

    @property
    def worst_by_arm(
        self,
    ) -> tuple[tuple[ArmName, tuple[tuple[str, tuple[WorstStability, ...]], ...]], ...]:
        """Of each arm the worst cases by each of its maps, as ranked."""
        found: dict[ArmName, dict[str, list[WorstStability]]] = {}
        for one in self.worst:
            if one.map:
                found.setdefault(one.arm, {}).setdefault(one.map, []).append(one)
        return tuple(
            (arm, tuple((name, tuple(worst)) for name, worst in maps.items()))
            for arm, maps in found.items()
        )

    @property
    def worst_by_map(self) -> tuple[tuple[str, tuple[WorstStability, ...]], ...]:
        """Of each map the very worst case of each arm, the arms in their order."""
        maps = dict.fromkeys(one.map for one in self.worst)
        return tuple(
            (name, tuple(o for o in self.worst if o.map == name and o.rank == 1))
            for name in maps
        )


def stability_section(study: Study) -> Stability | None:
    """None where the suite looked at no arm."""
    arms = selectors.made_arms(study)
    found = stabilities_of(study.cohort, [arm.method for arm in arms])
    looked_at = [
        (arm_name(arm), found[arm.method]) for arm in arms if arm.method in found
    ]
    if not looked_at:
        return None
    codes = set(selectors.study_cases(study).values_list("code", flat=True))
    cases = {name.code: list(stability_cases(one)) for name, one in looked_at}
    limits = _limits(study)
    return Stability(
        arms=tuple(_arm(name, one, cases[name.code], codes) for name, one in looked_at),
        missing=tuple(arm_name(arm) for arm in arms if arm.method not in found),
        study_cases=len(codes),
        groups=tuple(GROUPS.items()),
        measures=tuple(
            MeasureLine(limit, tuple(_number(limit, one) for _name, one in looked_at))
            for limit in limits
            if any(limit.key in one.measures for _name, one in looked_at)
        ),
        worst=tuple(
            worst
            for name, one in looked_at
            for worst in _worst(name, one, cases[name.code])
        ),
    )


def stability_digests(study: Study) -> dict[str, str]:
    """Code of each arm that the suite looked at → digest of what it knows of it now."""
    arms = selectors.made_arms(study)
    found = stabilities_of(study.cohort, [arm.method for arm in arms])
    return {
        arm.code: found_digest(one, list(stability_cases(one)))
        for arm in arms
        if (one := found.get(arm.method))
    }


def _limits(study: Study) -> list[MeasureLimit]:
    told = (current(study).get("analysis") or {}).get("stability_limits") or {}
    planned = {key: float(limit) for key, limit in told.items()}
    return [_limit(one, planned.get(key)) for key, one in MEASURES.items()]


def _limit(measure: Measure, planned: float | None) -> MeasureLimit:
    return MeasureLimit(
        key=measure.key,
        group=measure.group,
        title=measure.title,
        unit=measure.unit,
        side=measure.side,
        limit=measure.limit if planned is None else planned,
        planned=planned is not None,
        map=measure.map,
    )


def _number(limit: MeasureLimit, found: Found) -> StabilityNumber:
    told = found.measures.get(limit.key)
    if told is None:  # of an older suite
        return StabilityNumber(None, None, None, 0, "", "")
    value, verdict = told["value"], ""
    if value is not None and limit.limit is not None:
        beyond = is_beyond(MEASURES[limit.key], value, limit=limit.limit)
        verdict = BEYOND if beyond else WITHIN
    return StabilityNumber(
        value, told["low"], told["high"], told["n"], told["reason"], verdict
    )


def _arm(
    name: ArmName, found: Found, cases: Sequence[StabilityCase], read: set[str]
) -> StabilityArm:
    settings: Mapping[str, Any] = found.settings
    return StabilityArm(
        arm=name,
        cases=len(cases),
        shared=sum(one.case.code in read for one in cases),
        failed=len(found.series.get("failed", {})),
        suite=found.suite,
        seed=int(settings.get("seed", 0)),
        repeats=int(settings.get("repeats", 0)),
        outdated=not stability_is_current(found),
        rescanned=bool(found.series.get("rescanned")),
        images_sha256=found.images_sha256,
        found_sha256=found_digest(found, cases),
        doses=tuple(
            Dose(
                float(row["dose"]),
                float(row["output"]),
                row.get("output_low"),
                row.get("output_high"),
                float(row["input"]),
            )
            for row in found.series.get("dose", [])
        ),
        sides=tuple(
            SideUptake(
                row["case"],
                row["side"],
                float(row["reference"]),
                float(row["output"]),
                row.get("grade"),
            )
            for row in found.series.get("severity", [])
        ),
    )


def _worst(
    name: ArmName, found: Found, cases: Sequence[StabilityCase]
) -> Iterator[WorstStability]:
    """Of each measure with a map, the first of those that share it."""
    by_code = {one.case.code: one for one in cases}
    shown: set[str] = set()
    for key, measure in MEASURES.items():
        codes = found.series.get("worst", {}).get(key, [])
        if not measure.map or measure.map in shown or not codes:
            continue
        shown.add(measure.map)
        known = [code for code in codes if _is_shown(by_code.get(code), measure)]
        for rank, code in enumerate(known[:WORST], start=1):
            case = by_code[code]
            yield WorstStability(
                arm=name,
                measure=key,
                rank=rank,
                case=code,
                value=case.numbers.get(key),
                map=measure.map if measure.map in case.map_names else "",
                maps_sha256=case.sha256,
            )


def _is_shown(case: StabilityCase | None, measure: Measure) -> bool:
    """An image in which nothing was found is nobody's worst."""
    return case is not None and case.numbers.get(measure.key) != 0
