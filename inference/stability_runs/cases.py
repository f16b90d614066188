"""A cohort's cases as the stability suite takes them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from inference.stability import CaseImages
from readerstudy.cases.learning import LEARNED_FROM, Learned
from readerstudy.cases.models import Case, Cohort, Rendition, Series
from readerstudy.cases.selectors import (
    cases_unreferenced,
    patients_of,
    rendition_values,
)
from readerstudy.imaging.study_types import study_type_get

KNOWN_TO_IT = frozenset({Learned.TRAINING, Learned.VALIDATION})
SHORT_SHARE = 0.2  # the study's, 5 minutes of 25, where scans tell no counts


@dataclass(frozen=True)
class CaseFiles:
    """One case with the images that are looked at. patient: its cluster. reference:
    None where a person has said that there is none."""

    case: Case
    patient: str
    reference: Rendition | None
    short: Rendition
    output: Rendition

    @property
    def hashes(self) -> tuple[str, str, str]:
        reference = self.reference.sha256 if self.reference else ""
        return reference, self.short.sha256, self.output.sha256


def cases_of(cohort: Cohort, method: str) -> list[CaseFiles]:
    """In the order of their codes, those that have all their images.

    Not those that the method has learned from, or was chosen by: what it does to them
    says nothing of others, and no study may have them read.
    """
    cases = list(cohort.cases.order_by("code"))
    patients = patients_of(cases)
    unreferenced = {case.pk for case in cases_unreferenced(cases)}
    made = {
        (row.case_id, row.method): row
        for row in Rendition.objects.filter(
            case__cohort=cohort, method__in=[*Series.Role.values, method]
        ).select_related("case")
    }
    found = []
    for case in cases:
        rows = [made.get((case.pk, one)) for one in (*Series.Role.values, method)]
        reference, short, output = rows
        if not (short and output and (reference or case.pk in unreferenced)):
            continue
        if output.provenance.get(LEARNED_FROM) in KNOWN_TO_IT:
            continue
        found.append(CaseFiles(case, patients[case.pk], reference, short, output))
    return found


def images_of(
    files: CaseFiles, *, grades: Mapping[str, int] | None = None
) -> CaseImages:
    """Refused where a file is damaged. grades: of each side, where they are known."""
    kind = study_type_get(files.case.cohort.study_type)
    scans = {one.role: one for one in files.case.series.all()}
    stacks = [
        rendition_values(one).astype(np.float32)
        for one in (files.reference or files.short, files.short, files.output)
    ]
    within = _range(kind.ranges, scans)
    if within is not None:
        stacks = [np.clip(one, *within) for one in stacks]
    reference, short, output = stacks
    known = grades or {}
    return CaseImages(
        code=files.case.code,
        patient=files.patient,
        reference=reference,
        short=short,
        output=output,
        spacing_mm=_spacing(_grid(scans)),
        window=within or _window(kind.is_stack, reference),
        relative=not kind.is_stack,
        striatal=kind.has_regions,
        short_share=_share(kind.is_stack, scans),
        grades=(known.get("right"), known.get("left")),
        referenced=files.reference is not None,
    )


def _grid(scans: Mapping[str, Series]) -> Series | None:
    return scans.get(Series.Role.REFERENCE) or scans.get(Series.Role.SHORT)


def _spacing(scan: Series | None) -> tuple[float, float, float]:
    if scan is None:
        return (1.0, 1.0, 1.0)
    return scan.slice_spacing_mm, scan.row_spacing_mm, scan.column_spacing_mm


def _range(
    ranges: Mapping[str, tuple[float, float]], scans: Mapping[str, Series]
) -> tuple[float, float] | None:
    """All that counts of values in their unit, if that is known: beyond it lies what
    scanners fill a CT slice up with outside of what they scanned."""
    scan = _grid(scans)
    return ranges.get(scan.unit) if scan else None


def _window(
    is_stack: bool, reference: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]"
) -> tuple[float, float]:
    """All that counts of its values: of counts, up to the reference's maximum, or the
    input's where there is none."""
    if not is_stack:
        return 0.0, 1.0
    return min(0.0, float(reference.min())), float(reference.max())


def _share(is_stack: bool, scans: Mapping[str, Series]) -> float | None:
    """Counts of the short scan ÷ counts of the reference. Where nobody counted, that
    of the study for its kind of images; of others it is not known."""
    unknown = None if is_stack else SHORT_SHARE
    reference = scans.get(Series.Role.REFERENCE)
    short = scans.get(Series.Role.SHORT)
    if not reference or not short or {reference.unit, short.unit} != {"counts"}:
        return unknown
    if not 0 < short.total_counts < reference.total_counts:
        return unknown
    return short.total_counts / reference.total_counts
