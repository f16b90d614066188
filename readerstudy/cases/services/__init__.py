"""The acts on cohorts. Every change of a cohort or its cases happens here."""

from . import receiving, uploads
from .importing import cohort_import, files_sweep
from .receiving import (
    file_add,
    file_append,
    file_expect,
    receiving_finish,
    receiving_open,
)
from .renditions import case_set_central_slice, cohort_freeze, rendition_save
from .scanning import cohort_scan
from .upkeep import uploads_recover, uploads_sweep
from .uploads import (
    upload_confirm,
    upload_create,
    upload_discard,
    upload_import,
    upload_retry,
    upload_scan,
)

__all__ = [
    "case_set_central_slice",
    "cohort_freeze",
    "cohort_import",
    "cohort_scan",
    "file_add",
    "file_append",
    "file_expect",
    "files_sweep",
    "receiving",
    "receiving_finish",
    "receiving_open",
    "rendition_save",
    "upload_confirm",
    "upload_create",
    "upload_discard",
    "upload_import",
    "upload_retry",
    "upload_scan",
    "uploads",
    "uploads_recover",
    "uploads_sweep",
]
