"""Exported files: what the stability suite found of each arm.

Columns are plain ASCII: the data dictionary reads the same in any program.
"""

from collections.abc import Iterator

from readerstudy.cases.selectors.stability import stabilities_of, stability_cases
from readerstudy.cases.selectors.stability import stability_digest as found_digest
from readerstudy.reading.models import Study

from .. import selectors
from ..reporting.report import Report
from ..reporting.stability_section import Stability, StabilityArm
from .lines import Line, head
from .shared_columns import ARM, ARM_TITLE, CASE, PROTOCOL, SIMULATED, STUDY, Column

MEASURE = Column(
    "measure", "what was measured; docs/stability.md defines each", "", "text"
)
UNIT = Column(
    "unit", "of value, interval and limit", "", "%, mm, SD or empty: a plain number"
)
HASH = "64 hexadecimal digits"

STABILITY = (
    STUDY,
    PROTOCOL,
    SIMULATED,
    ARM,
    ARM_TITLE,
    Column("group", "measures that belong together", "", "text"),
    MEASURE,
    Column("value", "mean over patients, or of the arm", "as in unit", "number"),
    Column("low", "lower end of its 95 % interval over patients", "", "number"),
    Column("high", "upper end of its 95 % interval over patients", "", "number"),
    UNIT,
    Column("n", "cases, or sides, that it is made of", "", "integer"),
    Column("limit", "beyond which an arm is told to fail", "", "number, or empty"),
    Column(
        "limit_side",
        "most: the value may be at most the limit; least: at least; within: its size "
        "may be at most the limit",
        "",
        "most, least or within",
    ),
    Column(
        "limit_planned",
        "whether the protocol sets the limit; else it is the program's usual one",
        "",
        "TRUE or FALSE",
    ),
    Column(
        "verdict",
        "of the value against the limit",
        "",
        "within, beyond, or empty: no limit or no value",
    ),
    Column("cases", "cases of the cohort that the suite looked at", "", "integer"),
    Column("cases_read", "of them, those that the study reads", "", "integer"),
    Column("suite", "name of the calculation", "", "text"),
    Column("seed", "of the noise and directions", "", "integer"),
    Column("repeats", "inputs of another noise each, a case", "", "integer"),
    Column("images_sha256", "SHA-256 over all images that went in", "", HASH),
    Column("found_sha256", "SHA-256 over all that came out, maps included", "", HASH),
    Column("not_estimable", "why there is no value", "", "text; empty with a value"),
)
STABILITY_CASES = (
    STUDY,
    SIMULATED,
    ARM,
    CASE,
    Column("read", "whether the study reads the case", "", "TRUE or FALSE"),
    MEASURE,
    Column("value", "of this case alone", "as in stability.csv", "number, or empty"),
    Column("maps_sha256", "SHA-256 of the case's maps", "", HASH),
)

FILES: dict[str, tuple[Column, ...]] = {
    "stability.csv": STABILITY,
    "stability_cases.csv": STABILITY_CASES,
}


def stability(study: Study, report: Report) -> Iterator[Line]:
    """Arm by arm, every measure."""
    found = report.stability
    if found is None:
        return
    for place, arm in enumerate(found.arms):
        yield from _of_arm(report, found, place, arm)


def _of_arm(
    report: Report, found: Stability, place: int, arm: StabilityArm
) -> Iterator[Line]:
    for line in found.measures:
        measure, number = line.measure, line.numbers[place]
        yield {
            **head(report, arm.arm),
            "group": measure.group,
            "measure": measure.key,
            "value": number.value,
            "low": number.low,
            "high": number.high,
            "unit": measure.unit,
            "n": number.n,
            "limit": measure.limit,
            "limit_side": measure.side,
            "limit_planned": measure.planned,
            "verdict": number.verdict,
            "cases": arm.cases,
            "cases_read": arm.shared,
            "suite": arm.suite,
            "seed": arm.seed,
            "repeats": arm.repeats,
            "images_sha256": arm.images_sha256,
            "found_sha256": arm.found_sha256,
            "not_estimable": number.reason,
        }


def stability_of_cases(study: Study, report: Report) -> Iterator[Line]:
    """Every measure of every case. Of an arm that was looked at again since the report
    was frozen nothing: those would be other numbers than the report's."""
    found = report.stability
    if found is None:
        return
    read = set(selectors.study_cases(study).values_list("code", flat=True))
    known = stabilities_of(study.cohort, [arm.arm.method for arm in found.arms])
    for arm in found.arms:
        now = known.get(arm.arm.method)
        cases = list(stability_cases(now)) if now else []
        if now is None or found_digest(now, cases) != arm.found_sha256:
            continue
        for case in cases:
            for key, value in case.numbers.items():
                yield {
                    "study": report.slug,
                    "simulated": report.simulated,
                    "arm": arm.arm.code,
                    "case": case.case.code,
                    "read": case.case.code in read,
                    "measure": key,
                    "value": value,
                    "maps_sha256": case.sha256,
                }


ROWS = {"stability.csv": stability, "stability_cases.csv": stability_of_cases}
