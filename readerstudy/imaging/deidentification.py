"""What of a patient may be known: age in years, at most 90, and sex."""

import re
from datetime import datetime

from pydicom.dataset import Dataset

from . import dicom_file
from .dicom_file import text

OLDEST = 90  # ages above are few enough to name somebody (HIPAA 164.514(b)(2)(i)(C))
_AGE = re.compile(r"(\d{1,3})([DWMY])")
_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}


def age_years(dataset: Dataset) -> int | None:
    """Completed years at the examination, at most 90; None where not told."""
    if stated := _AGE.fullmatch(text(dataset, "PatientAge").upper()):
        return min(int(int(stated[1]) / _PER_YEAR[stated[2]]), OLDEST)
    born = dicom_file.moment(dataset, "PatientBirthDate", "")
    seen = _examined(dataset)
    if not born or not seen or born.year < 1850 or seen < born:
        return None
    years = seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))
    return min(years, OLDEST)


def _examined(dataset: Dataset) -> datetime | None:
    for date in ("AcquisitionDate", "SeriesDate", "StudyDate"):
        if found := dicom_file.moment(dataset, date, ""):
            return found
    return None


def sex(dataset: Dataset) -> str:
    """F, M, O or, for anything else, ""."""
    found = text(dataset, "PatientSex").upper()
    return found if found in ("F", "M", "O") else ""
