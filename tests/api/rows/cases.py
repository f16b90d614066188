"""Rows of the doors of `cases`."""

from . import Rows

ROWS: Rows = {}
