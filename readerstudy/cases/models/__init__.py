"""What coordinators bring in, and what is made of it."""

from .cohorts import (
    Case,
    Cohort,
    Division,
    Rendition,
    Series,
    Stability,
    StabilityCase,
    maps_path,
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
    "Stability",
    "StabilityCase",
    "Upload",
    "UploadFile",
    "file_token",
    "maps_path",
    "rendition_path",
    "series_path",
]
