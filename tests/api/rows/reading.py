"""Rows of the doors of `reading`."""

from . import LOGGED_IN, UNBLINDED, Row, Rows

ROWS: Rows = {
    # a list is empty for whoever has no study to see
    ("reading-api:study-list", "GET"): Row(LOGGED_IN),
    ("reading-api:progress", "GET"): Row(UNBLINDED),
    ("reading-api:deviations", "GET"): Row(UNBLINDED),
}
