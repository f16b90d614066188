"""What the rest of the house may read of cohorts."""

from .cohorts import (
    CaseRow,
    case_has_made_images,
    case_row,
    cohort_methods,
    cohorts_of,
    reasons_and_files,
    stored_slices,
)
from .images import (
    rendition_get,
    rendition_is_whole,
    rendition_values,
    series_volume,
)
from .patients import digests_of, patients_of
from .uploads import (
    inbox,
    unfinished_of,
    upload_counted,
    upload_expires,
    upload_has_expired,
    uploads_of,
)

__all__ = [
    "CaseRow",
    "case_has_made_images",
    "case_row",
    "cohort_methods",
    "cohorts_of",
    "digests_of",
    "inbox",
    "patients_of",
    "reasons_and_files",
    "rendition_get",
    "rendition_is_whole",
    "rendition_values",
    "series_volume",
    "stored_slices",
    "unfinished_of",
    "upload_counted",
    "upload_expires",
    "upload_has_expired",
    "uploads_of",
]
