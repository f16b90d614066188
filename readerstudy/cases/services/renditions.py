"""Images of cases: stored, corrected, frozen once a study reads them."""

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from numpy.typing import NDArray

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop
from readerstudy.imaging.preprocessing import CROP, STORED_SLICES, prepare_stack
from readerstudy.imaging.study_types import STUDY_TYPES

from .. import selectors
from ..models import Case, Cohort, Rendition, Series
from ..storage.stored_files import acquired_provenance, npy_bytes, save_file
from .measuring import case_measure
from .parity import check_reason

READ_ALREADY = gettext_noop(
    "The image of case %(code)s made by %(method)s is being read in a study; another "
    "one cannot take its place."
)


AT_ONCE = 8  # images


@dataclass(frozen=True)
class NewImage:
    """values: finite. (5, 64, 64), 1.0 the maximum of the whole slice that it was
    normalised by; of a stack, the shape of its case's scans, in their unit."""

    case: Case
    values: NDArray[np.float32]
    provenance: dict[str, Any]


@dataclass(frozen=True)
class _File:
    """An image that is on disk, and that no row points at yet."""

    case: Case
    provenance: dict[str, Any]
    sha256: str
    storage: Storage
    name: str


def rendition_save(
    *,
    case: Case,
    method: str,
    values: NDArray[np.float32],
    provenance: dict[str, Any],
) -> Rendition:
    """Store the image of `case` made by `method`; the same again changes nothing."""
    image = NewImage(case, values, provenance)
    stored = renditions_save(method=method, images=[image])[case.pk]
    if isinstance(stored, Refused):
        raise stored
    return stored


def renditions_save(
    *,
    method: str,
    images: Iterable[NewImage],
    still_wanted: Callable[[], Container[int]] | None = None,
    all_or_none: bool = False,
) -> dict[int, Rendition | Refused]:
    """Store images of cases of one cohort, made by `method`, in one go: what became
    of each, by its case. The same image again changes nothing.

    images: a few are held at a time, however many there are.

    all_or_none: one that is refused is raised, and no row of the others changes.

    still_wanted: asked once the cohort is locked, before anything is written to its
        rows: the cases whose image is to be stored. The others are left out.

    Refused where one would replace another image of a cohort that a study reads; the
    same image is put back there where its file was lost or damaged.

    Files are written under new names before rows point at them, and a file that is
    replaced goes only once that is committed: a kill in between leaves the old image
    or the new one, never half of either.
    """
    found: dict[int, Rendition | Refused] = {}
    files: list[_File] = []
    cohort_id = None
    images = iter(images)
    try:
        while several := list(islice(images, AT_ONCE)):
            cohort_id = several[0].case.cohort_id
            for pk, stored in _written(several, method):
                if isinstance(stored, _File):
                    files.append(stored)
                elif all_or_none and isinstance(stored, Refused):
                    raise stored
                else:
                    found[pk] = stored
        pointed: dict[int, Rendition | Refused] = {}
        if cohort_id and (files or still_wanted):
            pointed = _point_at(files, cohort_id, method, still_wanted, all_or_none)
    except BaseException:
        _discard(files)
        raise
    stays = {pk for pk, row in pointed.items() if isinstance(row, Rendition)}
    _discard(file for file in files if file.case.pk not in stays)
    return found | pointed


def _written(
    images: Sequence[NewImage], method: str
) -> Iterator[tuple[int, _File | Rendition | Refused]]:
    """What each became, by its case: a new file, the same image as before, or none."""
    known = _renditions([image.case.pk for image in images], method)
    for image in images:
        case = image.case
        try:
            content = npy_bytes(_checked(image.values, case, method))
        except Refused as refusal:
            yield case.pk, refusal
            continue
        sha256 = hashlib.sha256(content).hexdigest()
        same = known.get(case.pk)
        if same and _is_unchanged(same, sha256, image.provenance):
            yield case.pk, same
        else:
            stored = save_file(Rendition, "values", content)
            yield case.pk, _File(case, image.provenance, sha256, *stored)


def _renditions(cases: Sequence[int], method: str) -> dict[int, Rendition]:
    rows = Rendition.objects.filter(case__in=cases, method=method)
    return {row.case_id: row for row in rows.select_related("case")}


def _is_unchanged(same: Rendition, sha256: str, provenance: dict[str, Any]) -> bool:
    unchanged = (same.sha256, same.provenance) == (sha256, provenance)
    return unchanged and selectors.rendition_is_whole(same)


def _discard(files: Iterable[_File]) -> None:
    for file in files:
        file.storage.delete(file.name)


@transaction.atomic
def _point_at(
    files: Sequence[_File],
    cohort_id: int,
    method: str,
    still_wanted: Callable[[], Container[int]] | None,
    all_or_none: bool,
) -> dict[int, Rendition | Refused]:
    """The rows of those images, with the files as their values from now on; or why
    one may not be stored."""
    cohort = Cohort.objects.select_for_update().get(pk=cohort_id)
    wanted = still_wanted() if still_wanted else {file.case.pk for file in files}
    replaced = _renditions([file.case.pk for file in files], method)
    found: dict[int, Rendition | Refused] = {}
    rows = []
    for file in files:
        pk = file.case.pk
        before = replaced.get(pk)
        if before and before.sha256 != file.sha256 and cohort.frozen_at:
            refusal = Refused(READ_ALREADY % {"code": file.case.code, "method": method})
            if all_or_none:
                raise refusal
            found[pk] = refusal
        elif pk in wanted:
            rows.append(_row(file, method))
            if before:
                _delete_on_commit(before)
    Rendition.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["case", "method"],
        update_fields=["values", "sha256", "provenance", "made_at"],
    )
    return found | {row.case_id: row for row in rows}


def _row(file: _File, method: str) -> Rendition:
    return Rendition(
        case=file.case,
        method=method,
        values=file.name,
        sha256=file.sha256,
        provenance=file.provenance,
    )


def _checked(
    values: NDArray[np.float32], case: Case, method: str
) -> NDArray[np.float32]:
    if values.shape != (needed := image_shape(case)):
        raise ValueError(f"values must be {needed}, not {values.shape}")
    if not np.all(np.isfinite(values)):
        raise Refused(
            gettext_noop(
                "The image of case %(code)s made by %(method)s has pixels that "
                "are not numbers; it was not stored."
            )
            % {"code": case.code, "method": method}
        )
    if values.dtype == np.int16:  # of a stack, in half the bytes
        return np.ascontiguousarray(values)
    return np.ascontiguousarray(values, dtype=np.float32)


def image_shape(case: Case) -> tuple[int, int, int]:
    """Of every image of this case."""
    if not STUDY_TYPES[case.cohort.study_type].is_stack:
        return STORED_SLICES, CROP, CROP
    grid = selectors.grid_of(case)
    return grid.slices, grid.rows, grid.columns


def _delete_on_commit(rendition: Rendition) -> None:
    """Its file goes once nothing that is committed points at it."""
    file = rendition.values

    def delete() -> None:  # a robust hook needs a name for its log line
        file.storage.delete(str(file.name))

    transaction.on_commit(delete, robust=True)


@transaction.atomic
def case_set_central_slice(
    *, case: Case, central_slice: int, reason: str, by: User | None = None
) -> Case:
    """Correct the slice a case is read at, and make its images again.

    reason: why another one than the rule takes; it stays with the case.

    Images of other methods are dropped, for they show other slices; a job makes
    them again. Refused once a study reads the cohort.
    """
    reason = check_reason(reason)
    cohort = Cohort.objects.select_for_update().get(pk=case.cohort_id)
    if cohort.frozen_at:
        raise Refused(
            gettext(
                "The cohort “%(cohort)s” is being read in a study; "
                "the slices of its cases can no longer be changed."
            )
            % {"cohort": cohort.name}
        )
    if STUDY_TYPES[cohort.study_type].is_stack:
        raise Refused(
            gettext("Whole stacks are read in this cohort; no slice is chosen.")
        )
    _cut_images_again(case, central_slice)
    before = {"central_slice": case.central_slice, "rule": case.central_rule}
    case.central_slice = central_slice
    case.central_rule = Case.SliceRule.PERSON
    case.central_reason = reason
    case.save(update_fields=["central_slice", "central_rule", "central_reason"])
    case_measure(case=case)
    event_record(
        action="case.central_slice",
        actor=by,
        subject=("case", f"{cohort.name}/{case.code}"),
        before=before,
        after={
            "central_slice": central_slice,
            "rule": case.central_rule,
            "reason": reason,
        },
    )
    return case


def _cut_images_again(case: Case, central_slice: int) -> None:
    """Images of its scans at that slice; those made from the old ones go."""
    for series in case.series.all():
        stack = prepare_stack(
            selectors.series_volume(series), central_slice=central_slice
        )
        rendition_save(
            case=case,
            method=series.role,
            values=stack.values,
            provenance=acquired_provenance(central_slice, stack.slice_maxima),
        )
    roles = Series.Role.values
    for rendition in case.renditions.exclude(method__in=roles):
        _delete_on_commit(rendition)
        rendition.delete()


def cohort_freeze(*, cohort: Cohort) -> None:
    """A study reads this cohort from now on: its slices stay as they are."""
    Cohort.objects.filter(pk=cohort.pk, frozen_at=None).update(frozen_at=timezone.now())
    cohort.refresh_from_db(fields=["frozen_at"])
