"""What the rest of the house may read of cohorts."""

import hashlib
from io import BytesIO

import numpy as np
from django.db.models import Count
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.volume import Volume

from .models import Case, Cohort, Rendition, Series


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
            f"The stored {series.role} scan of case {series.case.code} cannot be read."
        ) from error
    return Volume(
        counts,
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
