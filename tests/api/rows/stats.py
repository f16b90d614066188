"""Rows of the doors of `stats`."""

from tests.cast import Cast
from tests.people import STUDY_LIST, UNBLINDED

from . import Row, Rows

AFTER = Row(UNBLINDED, unblinded=True)
ROWS: Rows = {
    ("stats-api:planning", "GET"): Row(STUDY_LIST),
    ("stats-api:reports", "GET"): AFTER,
    ("stats-api:reports", "POST"): Row(UNBLINDED, {"reason": "Again."}, True),
    ("stats-api:measuring", "GET"): AFTER,
    ("stats-api:report", "GET"): AFTER,
    ("stats-api:report-pdf", "GET"): AFTER,
    ("stats-api:report-changes", "GET"): AFTER,
    ("stats-api:figures", "GET"): AFTER,
    ("stats-api:figure", "GET"): AFTER,
    ("stats-api:export", "GET"): AFTER,
}


def values(cast: Cast) -> dict:
    return {"stats-api:figure": {"slug": cast.study.slug, "name": "kappa"}}
