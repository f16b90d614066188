"""A confirmed plan becomes a cohort: files first, then all rows at once."""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.contrib.auth.models import User
from django.core.files.storage import Storage
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import prepare_stack
from readerstudy.imaging.scans import sha256_of
from readerstudy.imaging.striatal_binding import binding_ratios
from readerstudy.imaging.volume import Volume

from ..models import Case, Cohort, Rendition, Series
from ..plan import CohortPlan, PlannedPair, ScannedSeries, scan_path
from ..storage.stored_files import (
    acquired_provenance,
    as_stack,
    link_file,
    mapped_voxels,
    npy_bytes,
    save_file,
    stack_provenance,
    unclaimed_files_delete,
)
from .measuring import shows_binding
from .scanning import Progress, no_progress

SIDE_BY_SIDE = 2
# Kept as it stands; the page translates it.
NO_PAIR = gettext_noop("No pair of a reference and a short scan was found.")


@dataclass
class _Rows:
    """Rows to be."""

    cases: list[Case] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    renditions: list[Rendition] = field(default_factory=list)

    def add(self, more: "_Rows") -> None:
        self.cases += more.cases
        self.series += more.series
        self.renditions += more.renditions


@dataclass
class _Written:
    """Files that exist and that no row points at yet."""

    files: list[tuple[Storage, str]] = field(default_factory=list)

    def file(self, model: type[Model], field_name: str, content: bytes) -> str:
        storage, name = save_file(model, field_name, content)
        self.files.append((storage, name))
        return name

    def link(self, model: type[Model], field_name: str, path: Path) -> str:
        storage, name = link_file(model, field_name, path)
        self.files.append((storage, name))
        return name

    def remove(self) -> None:
        for storage, name in self.files:
            storage.delete(name)


def cohort_import(
    *,
    plan: CohortPlan,
    name: str,
    coordinators: Iterable[User],
    simulated: bool = False,
    progress: Progress | None = None,
    by: User | None = None,
    with_rows: Callable[[Cohort], None] | None = None,
) -> Cohort:
    """Make the cohort that `plan` shows, or nothing at all.

    with_rows: called in the transaction that writes the rows; what it writes is
        committed with them, and if it raises, nothing is.

    The voxels in the plan's folder are linked into the storage and the images cut
    one by one, which takes time but holds no lock; the rows follow in one short
    transaction. Whatever goes wrong, the files are removed again; the plan's folder
    stays as it is.
    """
    progress = progress or no_progress
    name = check_name(name)
    _check_plan(plan)
    written = _Written()
    try:
        rows = _write_pairs(plan, written, progress)
        with transaction.atomic():
            cohort = _write_rows(
                rows, name, plan.study_type, list(coordinators), simulated, by
            )
            if with_rows:
                with_rows(cohort)
    except BaseException:
        written.remove()
        raise
    return cohort


def files_sweep() -> int:
    """Delete files that no row points at, a day after they were written.

    An import that was killed leaves some: they hold images of patients. How many.
    """
    return unclaimed_files_delete((Series, "counts"), (Rendition, "values"))


def check_name(name: str) -> str:
    """The name without padding. Refused if it is empty, too long or taken."""
    name = name.strip()
    longest = Cohort._meta.get_field("name").max_length or 0
    if not name:
        raise Refused(_("Please give the cohort a name."))
    if len(name) > longest:
        raise Refused(
            _("The cohort's name is longer than %(longest)d characters.")
            % {"longest": longest}
        )
    if Cohort.objects.filter(name=name).exists():
        raise _name_taken(name)
    return name


def _name_taken(name: str) -> Refused:
    return Refused(_("There is a cohort named “%(name)s” already.") % {"name": name})


def _check_plan(plan: CohortPlan) -> None:
    if not plan.pairs:
        raise Refused(NO_PAIR)
    if unsure := [pair.code for pair in plan.pairs if not pair.certain]:
        raise Refused(
            _("Please say first whether the two scans belong together: %(codes)s.")
            % {"codes": ", ".join(unsure)}
        )


def _write_pairs(plan: CohortPlan, written: _Written, progress: Progress) -> _Rows:
    """Some at once: most of it is arithmetic of NumPy, which waits for nobody."""
    rows = _Rows()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        cut = [
            pool.submit(_write_pair, plan.folder, pair, written) for pair in plan.pairs
        ]
        try:
            for number, future in enumerate(cut):
                progress(number, len(cut))
                rows.add(future.result())
            progress(len(cut), len(cut))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return rows


def _write_pair(folder: Path, pair: PlannedPair, written: _Written) -> _Rows:
    grid, scans = pair.grid, pair.scans
    case = Case(
        code=pair.code,
        split=pair.split,
        patient_digest=grid.patient,
        second_patient_digest="".join(pair.patients[1:]),
        age_years=_either(grid.age_years, pair.short.age_years),
        sex=grid.sex or pair.short.sex,
        central_slice=pair.central_slice,
        central_rule=pair.central_rule,
        slice_candidates=grid.candidates,
        parity=pair.parity.to_json() if pair.reference else {},
        note="\n".join(pair.notes),
    )
    rows = _Rows(cases=[case])
    roles = Series.Role.values[-len(scans) :]  # of one scan alone: the input
    for role, scan in zip(roles, scans, strict=True):
        volume = _volume(folder, scan)
        path = scan_path(folder, scan.number)
        series = _series(case, role, scan, volume)
        series.counts.name = written.link(Series, "counts", path)
        series.started_after_s = _started_after(scan, scans)
        if shows_binding(scan.modality, scan.study_type):
            series.binding_ratio_right, series.binding_ratio_left = binding_ratios(
                volume, central_slice=pair.central_slice
            )
        rows.series.append(series)
        rows.renditions.append(
            _whole_image(case, role, volume, written, scan.unit)
            if scan.is_stack
            else _cut_image(case, role, volume, written)
        )
    return rows


def _either(one: int | None, other: int | None) -> int | None:
    return other if one is None else one


def _started_after(scan: ScannedSeries, both: Iterable[ScannedSeries]) -> float | None:
    """Seconds from the start of the earlier one; None where a start is unknown."""
    stated = [one.acquired_at for one in both]
    if not all(stated):
        return None
    earliest = min(datetime.fromisoformat(one) for one in stated)
    return (datetime.fromisoformat(scan.acquired_at) - earliest).total_seconds()


def _volume(folder: Path, scan: ScannedSeries) -> Volume:
    """What was scanned. Refused if it is no longer there as it was."""
    try:
        voxels = mapped_voxels(scan_path(folder, scan.number))
    except (OSError, ValueError) as error:
        raise _changed(scan) from error
    if sha256_of(voxels) != scan.content:
        raise _changed(scan)
    return Volume(voxels, scan.spacing_mm)


def _changed(scan: ScannedSeries) -> Refused:
    return Refused(
        gettext_noop("%(name)s has changed since it was looked through.")
        % {"name": scan.name}
    )


def _series(case: Case, role: str, scan: ScannedSeries, volume: Volume) -> Series:
    slices, rows, columns = scan.shape
    slice_mm, row_mm, column_mm = scan.spacing_mm
    return Series(
        case=case,
        role=role,
        slices=slices,
        rows=rows,
        columns=columns,
        slice_spacing_mm=slice_mm,
        row_spacing_mm=row_mm,
        column_spacing_mm=column_mm,
        resampled_from=scan.resampled_from,
        modality=scan.modality,
        unit=scan.unit,
        manufacturer=scan.manufacturer,
        duration_s=scan.duration_s,
        total_counts=scan.total_counts,
        negative_voxels=scan.negative_voxels,
        instance_digest=scan.instances,
    )


def _cut_image(case: Case, role: str, volume: Volume, written: _Written) -> Rendition:
    """The five slices that the case is read at, as a file and a row to be."""
    stack = prepare_stack(volume, central_slice=case.central_slice)
    content = npy_bytes(stack.values)
    return Rendition(
        case=case,
        method=role,
        values=written.file(Rendition, "values", content),
        sha256=hashlib.sha256(content).hexdigest(),
        provenance=acquired_provenance(case.central_slice, stack.slice_maxima),
    )


def _whole_image(
    case: Case, role: str, volume: Volume, written: _Written, unit: str
) -> Rendition:
    """The stack that the case is read at, from end to end."""
    content = npy_bytes(as_stack(volume.counts))
    return Rendition(
        case=case,
        method=role,
        values=written.file(Rendition, "values", content),
        sha256=hashlib.sha256(content).hexdigest(),
        provenance=stack_provenance(unit),
    )


def _told_unreferenced(rows: _Rows) -> dict[str, int]:
    """How many cases somebody has said to have no reference."""
    known = sum(one.role == Series.Role.REFERENCE for one in rows.series)
    missing = len(rows.cases) - known
    return {"without_reference": missing} if missing else {}


def _write_rows(
    rows: _Rows,
    name: str,
    study_type: str,
    coordinators: list[User],
    simulated: bool,
    by: User | None,
) -> Cohort:
    try:
        with transaction.atomic():
            cohort = Cohort.objects.create(
                name=name,
                study_type=study_type,
                simulated=simulated,
                resampled=any(one.resampled_from for one in rows.series),
            )
            cohort.coordinators.set(coordinators)
            for case in rows.cases:
                case.cohort = cohort
            Case.objects.bulk_create(rows.cases)
            Series.objects.bulk_create(rows.series)
            Rendition.objects.bulk_create(rows.renditions)
            event_record(
                action="cohort.import",
                actor=by,
                subject=("cohort", name),
                after={
                    "cases": len(rows.cases),
                    "study_type": study_type,
                    "simulated": simulated,
                    **_told_unreferenced(rows),
                    "coordinators": [user.get_username() for user in coordinators],
                },
            )
    except IntegrityError as error:  # another import took the name meanwhile
        raise _name_taken(name) from error
    return cohort
