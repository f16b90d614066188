"""What coordinators bring in, and what is made of it."""

from .cohorts import (
    Case,
    Cohort,
    Division,
    Rendition,
    Series,
    rendition_path,
    series_path,
)
from .uploads import Upload, UploadFile, file_token

__all__ = [
    "Case",
    "Cohort",
    "Division",
    "Rendition",
    "Series",
    "Upload",
    "UploadFile",
    "file_token",
    "rendition_path",
    "series_path",
]
