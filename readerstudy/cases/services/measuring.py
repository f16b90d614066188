"""Binding ratios of scans that are stored already."""

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.striatal_binding import binding_ratios
from readerstudy.imaging.study_types import STUDY_TYPES

from .. import selectors
from ..models import Case, Cohort, Series

SHOWS_BINDING = ("NM", "PT")


def shows_binding(modality: str, study_type: str) -> bool:
    """Whether there is a striatum to be measured."""
    return modality in SHOWS_BINDING and STUDY_TYPES[study_type].has_regions


def cohort_measure(*, cohort: Cohort, again: bool = False) -> tuple[int, list[str]]:
    """Measure every scan that has no ratio yet, or all of them `again`.

    How many were measured, and the reason for each that cannot be read.
    """
    scans = Series.objects.filter(case__cohort=cohort).select_related("case__cohort")
    if not again:
        scans = scans.filter(
            binding_ratio_right__isnull=True, binding_ratio_left__isnull=True
        )
    measured, reasons = 0, []
    for series in scans.order_by("case__code", "role").iterator(chunk_size=100):
        try:
            series_measure(series=series)
        except Refused as refusal:
            reasons.append(str(refusal))
        else:
            measured += series.binding_ratio_right is not None
    return measured, reasons


def case_measure(*, case: Case) -> None:
    """Measure both scans at the slice that the case is read at now."""
    for series in case.series.select_related("case__cohort"):
        series_measure(series=series)


def series_measure(*, series: Series) -> None:
    """The ratios of both sides; none for CT, which shows no binding."""
    right = left = None
    if shows_binding(series.modality, series.case.cohort.study_type):
        volume = selectors.series_volume(series)
        central_slice = series.case.central_slice
        right, left = binding_ratios(volume, central_slice=central_slice)
    series.binding_ratio_right, series.binding_ratio_left = right, left
    series.save(update_fields=["binding_ratio_right", "binding_ratio_left"])
