"""On which grid the images of a case lie."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from readerstudy.imaging.study_types import STUDY_TYPES

from ..models import Case, Series


def grid_series(cases: Collection[Case] | QuerySet[Case]) -> QuerySet[Series]:
    """Of each case the scan that gives its images their shape: the reference, or the
    input where there is none."""
    known = Q(role=Series.Role.REFERENCE)
    own = Series.objects.filter(known, case=OuterRef("case"))
    return Series.objects.filter(known | ~Exists(own), case__in=cases)


def grid_of(case: Case) -> Series:
    """The same of one case, from its scans that may be fetched already."""
    scans = {one.role: one for one in case.series.all()}
    return scans.get(Series.Role.REFERENCE) or scans[Series.Role.SHORT]


def cases_unreferenced(cases: Collection[Case] | QuerySet[Case]) -> QuerySet[Case]:
    """Those of which a person has said that there is no reference."""
    free = [key for key, kind in STUDY_TYPES.items() if not kind.needs_reference]
    known = Series.objects.filter(role=Series.Role.REFERENCE, case=OuterRef("pk"))
    chosen = Case.objects.filter(pk__in=[case.pk for case in cases])
    return chosen.filter(~Exists(known), cohort__study_type__in=free)
