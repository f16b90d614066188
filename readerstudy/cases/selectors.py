"""What the rest of the house may read of cohorts."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Count
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import STORED_SLICES
from readerstudy.imaging.volume import Volume

from .models import Case, Cohort, Rendition, Series
from .plan import CohortPlan


def rendition_get(*, case: Case, method: str) -> Rendition:
    """The image of `case` made by `method`; Rendition.DoesNotExist if not made."""
    return Rendition.objects.get(case=case, method=method)


def rendition_values(rendition: Rendition) -> NDArray[np.float32]:
    """float32 (5, 64, 64), only if the file is still the one that was stored."""
    try:
        with rendition.values.open("rb") as file:
            content = file.read()
    except OSError as error:
        raise Refused(_damaged(rendition, "its file cannot be read")) from error
    if hashlib.sha256(content).hexdigest() != rendition.sha256:
        raise Refused(_damaged(rendition, "its file has been changed"))
    values: NDArray[np.float32] = np.load(BytesIO(content), allow_pickle=False)
    return values


def rendition_is_whole(rendition: Rendition) -> bool:
    """Whether its file is still there and still the one that was stored."""
    try:
        rendition_values(rendition)
    except Refused:
        return False
    return True


def _damaged(rendition: Rendition, what: str) -> str:
    return (
        f"The stored image of case {rendition.case.code} ({rendition.method}) "
        f"cannot be used: {what}."
    )


def series_volume(series: Series) -> Volume:
    """The decoded acquisition, upright and with its spacing."""
    try:
        with series.counts.open("rb") as file:
            counts = np.load(BytesIO(file.read()), allow_pickle=False)
    except (OSError, ValueError) as error:
        raise Refused(
            _("The stored scan (%(role)s) of case %(case)s cannot be read.")
            % {"role": series.get_role_display(), "case": series.case.code}
        ) from error
    return Volume(
        counts.astype(np.float32, copy=False),
        (series.slice_spacing_mm, series.row_spacing_mm, series.column_spacing_mm),
    )


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
    """The cohorts that `user` coordinates, each with `case_count`."""
    return Cohort.objects.visible_to(user).annotate(case_count=Count("cases"))


@dataclass(frozen=True)
class CaseRow:
    """A case and its image by each method; None where it is not made yet."""

    case: Case
    renditions: list[tuple[str, Rendition | None]]


def case_row(case: Case, methods: Iterable[str]) -> CaseRow:
    made = {rendition.method: rendition for rendition in case.renditions.all()}
    return CaseRow(case, [(method, made.get(method)) for method in methods])


def stored_slices(case: Case) -> list[tuple[int, int]]:
    """(index in the stored image, number from 1 in the volume), lowest first."""
    lowest = case.central_slice - STORED_SLICES // 2 + 1
    return [(index, lowest + index) for index in range(STORED_SLICES)]


def reasons_and_files(plan: CohortPlan) -> list[tuple[str, list[str]]]:
    """Each reason for leaving files out with their names, the rarest first."""
    files: dict[str, list[str]] = defaultdict(list)
    for one in plan.left_out:
        files[one.reason].append(one.name)
    return sorted(files.items(), key=lambda item: (len(item[1]), item[0]))
