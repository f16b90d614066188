"""Stored images and scans, only if they are still what was stored."""

import hashlib
from io import BytesIO

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from readerstudy.imaging.errors import Refused
from readerstudy.imaging.volume import Volume

from ..models import Case, Rendition, Series


def rendition_get(*, case: Case, method: str) -> Rendition:
    """The image of `case` made by `method`; Rendition.DoesNotExist if not made."""
    return Rendition.objects.get(case=case, method=method)


def rendition_values(rendition: Rendition) -> NDArray[np.float32]:
    """float32 (5, 64, 64), or a whole stack (slices, rows, columns) in its unit.

    Only if the file is still the one that was stored.
    """
    try:
        with rendition.values.open("rb") as file:
            content = file.read()
    except OSError as error:
        raise Refused(_damaged(rendition, "its file cannot be read")) from error
    if hashlib.sha256(content).hexdigest() != rendition.sha256:
        raise Refused(_damaged(rendition, "its file has been changed"))
    stored = np.load(BytesIO(content), allow_pickle=False)
    values: NDArray[np.float32] = stored.astype(np.float32, copy=False)
    return values


def rendition_is_whole(rendition: Rendition) -> bool:
    """Whether its file is still there and still the one that was stored."""
    # a copy on this machine may outlive what it is a copy of
    if not rendition.values.storage.exists(str(rendition.values.name)):
        return False
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
