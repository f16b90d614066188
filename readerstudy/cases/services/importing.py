"""A confirmed plan becomes a cohort: files first, then all rows at once."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.files.storage import Storage
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.preprocessing import prepare_stack

from ..models import Case, Cohort, Rendition, Series
from ..plan import CohortPlan, PlannedPair, ScannedSeries
from ..sources import Source, open_source
from ..stored_files import (
    acquired_provenance,
    files_in,
    folder_of,
    npy_bytes,
    save_file,
)
from .scanning import Progress, no_progress, read_series

# Longer than any import takes from its first file to its rows.
UNCLAIMED_FOR = timedelta(days=1)
# Kept as it stands; the page translates it.
NO_PAIR = gettext_noop("No pair of a reference and a short scan was found.")


@dataclass
class _Written:
    """Files that exist and rows that do not yet."""

    files: list[tuple[Storage, str]] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    renditions: list[Rendition] = field(default_factory=list)

    def file(self, model: type[Model], field_name: str, content: bytes) -> str:
        storage, name = save_file(model, field_name, content)
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

    Scans are decoded and written as files one by one, which takes time but holds
    no lock; the rows follow in one short transaction. Whatever goes wrong, the
    files are removed again.
    """
    progress = progress or no_progress
    name = check_name(name)
    if not plan.pairs:
        raise Refused(NO_PAIR)
    written = _Written()
    try:
        with open_source(plan.path) as source:
            for number, pair in enumerate(plan.pairs):
                progress(number, len(plan.pairs))
                _write_pair(source, pair, written)
        progress(len(plan.pairs), len(plan.pairs))
        with transaction.atomic():
            cohort = _write_rows(written, name, list(coordinators), simulated, by)
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
    deleted = 0
    for model, field_name in ((Series, "counts"), (Rendition, "values")):
        storage, folder = folder_of(model, field_name)
        known = set(model._default_manager.values_list(field_name, flat=True))
        for name in files_in(storage, folder):
            if name in known:
                continue
            if timezone.now() - storage.get_modified_time(name) > UNCLAIMED_FOR:
                storage.delete(name)
                deleted += 1
    return deleted


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


def _write_pair(source: Source, pair: PlannedPair, written: _Written) -> None:
    case = Case(
        code=pair.code,
        patient_digest=pair.reference.patient,
        central_slice=pair.central_slice,
        note="\n".join(pair.notes),
    )
    written.cases.append(case)
    _write_scan(source, case, Series.Role.REFERENCE, pair.reference, written)
    _write_scan(source, case, Series.Role.SHORT, pair.short, written)


def _write_scan(
    source: Source, case: Case, role: str, scanned: ScannedSeries, written: _Written
) -> None:
    volume = read_series(source, scanned)
    stack = prepare_stack(volume, central_slice=case.central_slice)
    slices, rows, columns = volume.counts.shape
    slice_mm, row_mm, column_mm = volume.spacing_mm
    written.series.append(
        Series(
            case=case,
            role=role,
            counts=written.file(Series, "counts", npy_bytes(volume.counts)),
            slices=slices,
            rows=rows,
            columns=columns,
            slice_spacing_mm=slice_mm,
            row_spacing_mm=row_mm,
            column_spacing_mm=column_mm,
            duration_s=scanned.duration_s,
            total_counts=scanned.total_counts,
            instance_digest=scanned.instances,
        )
    )
    content = npy_bytes(stack.values)
    written.renditions.append(
        Rendition(
            case=case,
            method=role,
            values=written.file(Rendition, "values", content),
            sha256=hashlib.sha256(content).hexdigest(),
            provenance=acquired_provenance(case.central_slice, stack.slice_maxima),
        )
    )


def _write_rows(
    written: _Written,
    name: str,
    coordinators: list[User],
    simulated: bool,
    by: User | None,
) -> Cohort:
    try:
        with transaction.atomic():
            cohort = Cohort.objects.create(name=name, simulated=simulated)
            cohort.coordinators.set(coordinators)
            for case in written.cases:
                case.cohort = cohort
            Case.objects.bulk_create(written.cases)
            Series.objects.bulk_create(written.series)
            Rendition.objects.bulk_create(written.renditions)
            event_record(
                action="cohort.import",
                actor=by,
                subject=("cohort", name),
                after={
                    "cases": len(written.cases),
                    "simulated": simulated,
                    "coordinators": [user.get_username() for user in coordinators],
                },
            )
    except IntegrityError as error:  # another import took the name meanwhile
        raise _name_taken(name) from error
    return cohort
