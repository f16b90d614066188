"""The acts on cohorts. Every change of a cohort or its cases happens here."""

from . import receiving, sending, uploads
from .exporting import cohort_export_record
from .images import ImagesRefusedError, ImagesReport, images_import
from .importing import cohort_import, files_sweep
from .measuring import case_measure, cohort_measure
from .parity import case_accept_parity, cohort_accept_parity
from .receiving import (
    file_add,
    file_append,
    file_expect,
    file_receive,
    receiving_finish,
    receiving_open,
)
from .renditions import (
    NewImage,
    case_set_central_slice,
    cohort_freeze,
    rendition_save,
    renditions_save,
)
from .scanning import cohort_scan
from .sending import parcel_drop, parcel_take, upload_begin, upload_take
from .splits import cohort_divide
from .upkeep import uploads_recover, uploads_sweep
from .uploads import (
    upload_confirm,
    upload_discard,
    upload_import,
    upload_retry,
    upload_scan,
)

__all__ = [
    "ImagesRefusedError",
    "ImagesReport",
    "NewImage",
    "case_accept_parity",
    "case_measure",
    "case_set_central_slice",
    "cohort_accept_parity",
    "cohort_divide",
    "cohort_export_record",
    "cohort_freeze",
    "cohort_import",
    "cohort_measure",
    "cohort_scan",
    "file_add",
    "file_append",
    "file_expect",
    "file_receive",
    "files_sweep",
    "images_import",
    "parcel_drop",
    "parcel_take",
    "receiving",
    "receiving_finish",
    "receiving_open",
    "rendition_save",
    "renditions_save",
    "sending",
    "upload_begin",
    "upload_confirm",
    "upload_discard",
    "upload_import",
    "upload_retry",
    "upload_scan",
    "upload_take",
    "uploads",
    "uploads_recover",
    "uploads_sweep",
]
