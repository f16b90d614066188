"""The columns of a cohort's CSV: their names, what they say, where they come from.

Plain ASCII: the dictionary reads the same in any program.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ..models import Series
from ..selectors.table import TableRow

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Column:
    """One column. unit: of its numbers; empty where it has none."""

    name: str
    says: str
    value: Callable[[TableRow], Cell]
    unit: str = ""


def _finding_kinds(row: TableRow, *, blocking: bool) -> str:
    findings = row.case.parity.get("findings", ())
    return " ".join(one["kind"] for one in findings if one["blocking"] is blocking)


def _offset(axis: int) -> Callable[[TableRow], Cell]:
    def cell(row: TableRow) -> Cell:
        offset = row.case.parity.get("offset_mm")
        return float(offset[axis]) if offset else None

    return cell


def _candidate(rule: str) -> Callable[[TableRow], Cell]:
    def cell(row: TableRow) -> Cell:
        found = row.case.slice_candidates.get(rule)
        return None if found is None else int(found) + 1

    return cell


OF_THE_CASE = (
    Column("cohort", "name of the cohort", lambda row: row.case.cohort.name),
    Column(
        "study_type",
        "what a case is: dat-spect, or image-to-image of whole stacks",
        lambda row: row.case.cohort.study_type,
    ),
    Column("case", "code of the case", lambda row: row.case.code),
    Column(
        "patient_digest",
        "the same 64 digits for the same patient, in this installation only: a keyed "
        "digest, which leads back to nobody without the key",
        lambda row: row.case.patient_digest,
    ),
    Column(
        "second_patient_digest",
        "that of the short scan, where the two scans bear two patient ids and a person "
        "has said that they belong together; else empty",
        lambda row: row.case.second_patient_digest,
    ),
    Column(
        "split",
        "training, validation, test, or empty",
        lambda row: row.case.split,
    ),
    Column(
        "age",
        "at the examination; 90 stands for 90 and older",
        lambda row: row.case.age_years,
        "years",
    ),
    Column("sex", "F, M, O (other), or empty", lambda row: row.case.sex),
    Column(
        "central_slice",
        "the middle one of the five stored slices, or of a whole stack; 1 = the lowest "
        "of the scan",
        lambda row: row.case.central_slice + 1,
    ),
    Column(
        "central_rule",
        "what chose that slice: central-region, hottest-voxel, largest-sum or person; "
        "middle of a whole stack",
        lambda row: row.case.central_rule,
    ),
    Column(
        "central_reason",
        "why a person chose another slice",
        lambda row: row.case.central_reason,
    ),
    *(
        Column(
            f"slice_{rule.replace('-', '_')}",
            f"the slice that the rule {rule} takes, counted from 1",
            _candidate(rule),
        )
        for rule in ("central-region", "hottest-voxel", "largest-sum")
    ),
    Column(
        "count_ratio",
        "counts of the reference scan / counts of the short scan",
        lambda row: row.count_ratio,
    ),
    *(
        Column(
            f"offset_{name}",
            f"how far the short scan lies from the reference, towards {towards}; empty "
            "where that cannot be estimated",
            _offset(axis),
            "mm",
        )
        for axis, (name, towards) in enumerate(
            (
                ("left", "the patient's left"),
                ("back", "the back"),
                ("head", "the top of the head"),
            )
        )
    ),
    Column(
        "parity_blocking",
        "kinds of differences between the scans that block a study until accepted",
        lambda row: _finding_kinds(row, blocking=True),
    ),
    Column(
        "parity_told",
        "kinds of further differences between the scans",
        lambda row: _finding_kinds(row, blocking=False),
    ),
    Column(
        "parity_accepted",
        "whether somebody accepted the blocking differences",
        lambda row: row.case.parity_accepted_at is not None,
    ),
    Column(
        "parity_reason",
        "why they were accepted",
        lambda row: row.case.parity_reason,
    ),
    Column(
        "note",
        "notes of the import, parted by |",
        lambda row: " | ".join(row.case.notes),
    ),
    Column(
        "images",
        "methods by which the case has an image, parted by spaces",
        lambda row: " ".join(method for method, made in row.images if made),
    ),
)


# Of each scan; the name of its role stands before each.
_OF_A_SCAN: tuple[tuple[str, str, str, Callable[[Series], Cell]], ...] = (
    ("modality", "NM, PT or CT", "", lambda one: one.modality),
    ("unit", "of its voxels: counts or HU", "", lambda one: one.unit),
    ("maker", "maker of the camera, if known", "", lambda one: one.manufacturer),
    ("duration", "time that was measured for", "s", lambda one: one.duration_s),
    (
        "started_after",
        "from the start of the case's earlier scan",
        "s",
        lambda one: one.started_after_s,
    ),
    (
        "counts",
        "sum of all voxels of the file, in their unit",
        "counts",
        lambda one: one.total_counts,
    ),
    (
        "negative",
        "voxels of the file below zero",
        "voxels",
        lambda one: one.negative_voxels,
    ),
    ("columns", "matrix", "pixels", lambda one: one.columns),
    ("rows", "matrix", "pixels", lambda one: one.rows),
    ("slices", "number of slices", "slices", lambda one: one.slices),
    ("column_spacing", "pixel size", "mm", lambda one: one.column_spacing_mm),
    ("row_spacing", "pixel size", "mm", lambda one: one.row_spacing_mm),
    (
        "slice_spacing",
        "between the middles of slices",
        "mm",
        lambda one: one.slice_spacing_mm,
    ),
    (
        "resampled",
        "whether it had other pixels and was resampled to these",
        "",
        lambda one: one.resampled_from is not None,
    ),
    (
        "binding_right",
        "striatal binding ratio of the patient's right side",
        "",
        lambda one: one.binding_ratio_right,
    ),
    (
        "binding_left",
        "striatal binding ratio of the patient's left side",
        "",
        lambda one: one.binding_ratio_left,
    ),
)


def _of_scan(role: str, value: Callable[[Series], Cell]) -> Callable[[TableRow], Cell]:
    def cell(row: TableRow) -> Cell:
        series = row.reference if role == Series.Role.REFERENCE else row.short
        return value(series) if series else None

    return cell


COLUMNS: tuple[Column, ...] = OF_THE_CASE + tuple(
    Column(f"{role}_{name}", f"{role} scan: {says}", _of_scan(role, value), unit)
    for role in Series.Role.values
    for name, says, unit, value in _OF_A_SCAN
)
