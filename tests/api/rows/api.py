"""Rows of what belongs to no app."""

from tests.people import LOGGED_IN

from . import Row, Rows

ROWS: Rows = {
    ("api:me", "GET"): Row(LOGGED_IN),
    ("api:schema", "GET"): Row(LOGGED_IN),
}
