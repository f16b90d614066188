"""Images of cases: stored, corrected, frozen once a study reads them."""

import hashlib
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from numpy.typing import NDArray

from readerstudy.audit.services import event_record
from readerstudy.imaging.errors import Refused
from readerstudy.imaging.marking import gettext_noop
from readerstudy.imaging.preprocessing import CROP, STORED_SLICES, prepare_stack

from .. import selectors
from ..models import Case, Cohort, Rendition, Series
from ..storage.stored_files import acquired_provenance, npy_bytes, save_file
from .measuring import case_measure
from .parity import check_reason


def rendition_save(
    *,
    case: Case,
    method: str,
    values: NDArray[np.float32],
    provenance: dict[str, Any],
) -> Rendition:
    """Store the image of `case` made by `method`; the same again changes nothing.

    values: (5, 64, 64), finite; 1.0 is the maximum of the whole slice that it was
        normalised by.

    Refused where it would replace another image of a cohort that a study reads; the
    same image is put back there where its file was lost or damaged.

    The file is written under a new name before the row points at it, and the file
    it replaces goes only once that is committed: a kill in between leaves the old
    image or the new one, never half of either.
    """
    content = npy_bytes(_checked(values, case, method))
    sha256 = hashlib.sha256(content).hexdigest()
    same = Rendition.objects.filter(
        case=case, method=method, sha256=sha256, provenance=provenance
    ).first()
    if same and selectors.rendition_is_whole(same):
        return same
    storage, name = save_file(Rendition, "values", content)
    try:
        return _point_at(
            name, case=case, method=method, sha256=sha256, provenance=provenance
        )
    except BaseException:
        storage.delete(name)
        raise


@transaction.atomic
def _point_at(
    name: str, *, case: Case, method: str, sha256: str, provenance: dict[str, Any]
) -> Rendition:
    """The row of that image, and the file `name` as its values from now on."""
    cohort = Cohort.objects.select_for_update().get(pk=case.cohort_id)
    replaced = Rendition.objects.filter(case=case, method=method).first()
    if replaced and replaced.sha256 != sha256 and cohort.frozen_at:
        raise Refused(
            gettext_noop(
                "The image of case %(code)s made by %(method)s is being read "
                "in a study; another one cannot take its place."
            )
            % {"code": case.code, "method": method}
        )
    rendition, _ = Rendition.objects.update_or_create(
        case=case,
        method=method,
        defaults={
            "values": name,
            "sha256": sha256,
            "provenance": provenance,
            "made_at": timezone.now(),
        },
    )
    if replaced:
        _delete_on_commit(replaced)
    return rendition


def _checked(
    values: NDArray[np.float32], case: Case, method: str
) -> NDArray[np.float32]:
    if values.shape != (STORED_SLICES, CROP, CROP):
        raise ValueError(f"values must be (5, 64, 64), not {values.shape}")
    if not np.all(np.isfinite(values)):
        raise Refused(
            gettext_noop(
                "The image of case %(code)s made by %(method)s has pixels that "
                "are not numbers; it was not stored."
            )
            % {"code": case.code, "method": method}
        )
    return np.ascontiguousarray(values, dtype=np.float32)


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
