"""What the page of a case says of its slice and of the parity of its scans."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..acceptance import KINDS, accepted_kinds, open_findings, report_of
from ..models import Case, Cohort
from ..plan import ParityFinding, ParityReport

SHOWN = 50  # cases of one kind on the page of a cohort's differences


@dataclass(frozen=True)
class CaseChecks:
    """rules: (rule in words, index of the slice, whether it was taken).

    waiting: differences that need a reason. accepted: those that have one. others:
    those that need none.
    """

    rules: tuple[tuple[str, int, bool], ...]
    by_person: bool
    report: ParityReport | None
    waiting: tuple[ParityFinding, ...]
    accepted: tuple[tuple[ParityFinding, str], ...]
    others: tuple[ParityFinding, ...]


def case_checks(case: Case) -> CaseChecks:
    report, reasons = report_of(case), accepted_kinds(case)
    findings = report.findings if report else ()
    return CaseChecks(
        rules=tuple(
            (str(Case.SliceRule(rule).label), index, rule == case.central_rule)
            for rule, index in case.slice_candidates.items()
            if rule in Case.SliceRule.values
        ),
        by_person=case.central_rule == Case.SliceRule.PERSON,
        report=report,
        waiting=open_findings(case),
        accepted=tuple(
            (one, reasons[one.kind])
            for one in findings
            if one.blocking and one.kind in reasons
        ),
        others=tuple(one for one in findings if not one.blocking),
    )


@dataclass(frozen=True)
class KindWaiting:
    """Cases with one kind of difference that waits for a reason."""

    kind: str
    label: Any
    count: int
    cases: tuple[tuple[Case, str], ...]  # the first of them, each with its sentence


def kinds_waiting(cohort: Cohort) -> Sequence[KindWaiting]:
    """The most frequent kind first."""
    found: dict[str, list[tuple[Case, str]]] = defaultdict(list)
    cases = cohort.cases.exclude(parity={}).filter(parity_accepted_at=None)
    for case in cases.prefetch_related("renditions"):
        for finding in open_findings(case):
            found[finding.kind].append((case, finding.sentence))
    return [
        KindWaiting(kind, KINDS[kind], len(cases), tuple(cases[:SHOWN]))
        for kind, cases in sorted(found.items(), key=lambda item: -len(item[1]))
    ]
