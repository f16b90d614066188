"""Rows of the doors of `inference`."""

from . import Rows

ROWS: Rows = {}
