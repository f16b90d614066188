"""The patients of the examples are read in no study: their grades are told."""

from collections.abc import Iterator

from django.utils.translation import ngettext

from readerstudy.cases.digests import patient_digest
from readerstudy.cases.models import Case

from ..atlas import load_atlas
from ..models import Study
from .findings import Finding, named


def example_findings(study: Study, cases: list[Case]) -> Iterator[Finding]:
    """cases: those that are read."""
    atlas = load_atlas(study.question_set)
    told = {patient_digest(patient) for patient in atlas.patients} if atlas else set()
    trained = Case.objects.filter(pk__in=study.training.values("case"))
    codes = [
        case.code
        for case in [*cases, *trained]
        if not told.isdisjoint(case.patient_digests)
    ]
    if codes:
        yield Finding(
            ngettext(
                "The examples of the grades are made of the patient of %(count)d "
                "case: %(codes)s.",
                "The examples of the grades are made of the patients of %(count)d "
                "cases: %(codes)s.",
                len(codes),
            )
            % {"count": len(codes), "codes": named(codes)},
            "study",
        )
