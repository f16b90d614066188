"""Rows of the doors of `api`."""

from . import Rows

ROWS: Rows = {}
