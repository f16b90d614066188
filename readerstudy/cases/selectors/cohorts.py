"""Cohorts and their cases, as pages and reports see them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Count

from readerstudy.imaging.preprocessing import STORED_SLICES
from readerstudy.imaging.study_types import STUDY_TYPES

from ..models import Case, Cohort, Rendition, Series
from ..plan import CohortPlan
from .grids import grid_of, grid_series

FEW = 4


def cohort_methods(cohort: Cohort) -> dict[str, int]:
    """method → number of cases that have it; reference and short come first."""
    counted = (
        Rendition.objects.filter(case__cohort=cohort)
        .values("method")
        .annotate(cases=Count("case"))
        .order_by("method")
        .values_list("method", "cases")
    )
    first = {"reference": 0, "short": 1}
    return dict(sorted(counted, key=lambda row: (first.get(row[0], 2), row[0])))


def cohorts_of(user: User) -> models.QuerySet[Cohort]:
    """The cohorts that `user` coordinates by name, each with `case_count`."""
    cohorts = Cohort.objects.visible_to(user).annotate(case_count=Count("cases"))
    return cohorts.order_by("name")  # counting forgets the order of the model


@dataclass(frozen=True)
class CaseRow:
    """A case and its image by each method; None where it is not made yet."""

    case: Case
    renditions: list[tuple[str, Rendition | None]]


def case_row(case: Case, methods: Iterable[str]) -> CaseRow:
    made = {rendition.method: rendition for rendition in case.renditions.all()}
    return CaseRow(case, [(method, made.get(method)) for method in methods])


def case_has_made_images(case: Case) -> bool:
    """Whether there are images of it that filters, networks or others have made."""
    return case.renditions.exclude(method__in=Series.Role.values).exists()


def stored_slices(case: Case) -> list[tuple[int, int]]:
    """(index in the stored image, number from 1 in the volume), lowest first."""
    if STUDY_TYPES[case.cohort.study_type].is_stack:
        return [(index, index + 1) for index in range(grid_of(case).slices)]
    lowest = case.central_slice - STORED_SLICES // 2 + 1
    return [(index, lowest + index) for index in range(STORED_SLICES)]


def reasons_and_files(plan: CohortPlan) -> list[tuple[str, list[str]]]:
    """Each reason for leaving files out with their names, the rarest first."""
    files: dict[str, list[str]] = defaultdict(list)
    for one in plan.left_out:
        files[one.reason].append(one.name)
    return sorted(files.items(), key=lambda item: (len(item[1]), item[0]))


def finished_images(cohort: Cohort) -> dict[str, int]:
    """method → number of cases, of images that others have made."""
    made = Rendition.objects.filter(
        case__cohort=cohort, provenance__made_by="result"
    ).values_list("method", flat=True)
    return dict(sorted(Counter(made).items()))


def shapes_needed(cohort: Cohort) -> list[str]:
    """Shapes (slices, rows, columns) that arrays of its cases have, the first few."""
    shapes = (
        grid_series(cohort.cases.all())
        .order_by("slices", "rows", "columns")
        .values_list("slices", "rows", "columns")
        .distinct()
    )
    return [f"({', '.join(map(str, one))})" for one in shapes[:FEW]]
