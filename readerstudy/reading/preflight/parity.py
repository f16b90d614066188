"""Scans of a case that differ in more than their time: not without a reason."""

from collections import defaultdict
from collections.abc import Iterator

from django.utils.translation import ngettext

from readerstudy.cases.acceptance import KINDS, open_findings
from readerstudy.cases.models import Case

from .findings import Finding, named


def acceptance_findings(cases: list[Case]) -> Iterator[Finding]:
    """One for each kind of difference that nobody has accepted."""
    waiting: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        for finding in open_findings(case):
            waiting[finding.kind].append(case.code)
    for kind, codes in waiting.items():
        yield Finding(
            ngettext(
                "The two scans of %(count)d case differ in a way that could bias "
                "the comparison or tell the arms apart (%(kind)s): %(codes)s. Say on "
                "the cohort's page why they may stay, or leave the case out.",
                "The two scans of %(count)d cases differ in a way that could bias "
                "the comparison or tell the arms apart (%(kind)s): %(codes)s. Say on "
                "the cohort's page why they may stay, or leave the cases out.",
                len(codes),
            )
            % {"count": len(codes), "kind": KINDS[kind], "codes": named(codes)},
            "cohort",
        )
