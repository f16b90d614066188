"""Values of DICOM elements, leniently: what breaks the standard counts as absent."""

from datetime import datetime
from math import isfinite

import pydicom
from pydicom.dataset import Dataset


def text(dataset: Dataset, keyword: str) -> str:
    """The element as text without padding; "" where absent or unreadable."""
    try:
        value = dataset.get(keyword)
    except Exception:  # a value that cannot be converted is as good as absent
        return ""
    return "" if value is None else str(value).strip(" \0")


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Its values as texts without padding; () where absent or unreadable."""
    try:
        value = dataset.get(keyword)
        if value is None:
            return ()
        values = [value] if isinstance(value, str) else list(value)
    except Exception:  # as above
        return ()
    return tuple(str(one).strip(" \0") for one in values)


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Its values as finite floats; () where absent or any of them is no number."""
    try:
        value = dataset.get(keyword)
        if value is None or isinstance(value, (str, bytes)):
            return ()
        values = value if hasattr(value, "__iter__") else [value]
        found = tuple(float(one) for one in values)
    except Exception:  # as above
        return ()
    return found if all(isfinite(one) for one in found) else ()


def number(dataset: Dataset, keyword: str) -> float | None:
    found = numbers(dataset, keyword)
    return found[0] if len(found) == 1 else None


def integer(dataset: Dataset, keyword: str) -> int | None:
    found = number(dataset, keyword)
    return int(found) if found is not None and found == int(found) else None


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none where it is absent or unreadable."""
    try:
        value = dataset.get(keyword)
    except Exception:  # as above
        return []
    return list(value) if isinstance(value, pydicom.Sequence) else []


def moment(dataset: Dataset, date: str, time: str = "") -> datetime | None:
    """Date and time elements (DA, TM) together; None unless both can be read.

    time: "" for the day alone.
    """
    digits = text(dataset, date).replace(".", "").replace("-", "")
    clock = text(dataset, time).replace(":", "").split(".")[0] if time else "00"
    if not clock:  # that is no midnight
        return None
    return _moment(digits + clock[:6].ljust(6, "0"))


def date_and_time(dataset: Dataset, keyword: str) -> datetime | None:
    """One element of both (DT), its time zone left aside; None if unreadable."""
    stated = text(dataset, keyword)
    return _moment(stated[:14]) if len(stated) >= 14 else None


def _moment(digits: str) -> datetime | None:
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S")
    except ValueError:
        return None
