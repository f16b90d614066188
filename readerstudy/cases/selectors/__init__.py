"""What the rest of the house may read of cohorts."""

from .cohorts import (
    CaseRow,
    case_has_made_images,
    case_row,
    cohort_methods,
    cohorts_of,
    finished_images,
    reasons_and_files,
    shapes_needed,
    stored_slices,
)
from .grids import cases_unreferenced, grid_of, grid_series
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
    "cases_unreferenced",
    "cohort_methods",
    "cohorts_of",
    "digests_of",
    "finished_images",
    "grid_of",
    "grid_series",
    "inbox",
    "patients_of",
    "reasons_and_files",
    "rendition_get",
    "rendition_is_whole",
    "rendition_values",
    "series_volume",
    "shapes_needed",
    "stored_slices",
    "unfinished_of",
    "upload_counted",
    "upload_expires",
    "upload_has_expired",
    "uploads_of",
]
