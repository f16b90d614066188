"""Rows of what belongs to no app."""

from . import LOGGED_IN, Row, Rows

ROWS: Rows = {
    ("api:me", "GET"): Row(LOGGED_IN),
    ("api:schema", "GET"): Row(LOGGED_IN),
}
