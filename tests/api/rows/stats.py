"""Rows of the doors of `stats`."""

from . import Rows

ROWS: Rows = {}
